"""Our few-shot probes beside two published ones: the same features, draws and texts, no validation images.

    python bench/probes.py [--photos val] [--data ../shared/data] [--folder TRAIN EVALUATED]...

CLAP and LP++ are those of ``published_probes.py``, at CLIP's temperature, as published, and at that of the
encoder's texts (``default_calibration``). Both see each image as it is, as our methods do, without crops and
flips. A lead is over the better of them on the evaluated photos, which is a choice to their advantage; over
the better of all four, it is one of the temperature as well.

Sets, seeds and intervals are those of ``few_shot.py``: Caltech-101 (CoOp split, its fixed draws, seeds 1
to 3) with the starter encoder and the texts of ``classify``, and any folders. In brackets are 95 % intervals.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from caltech import FloatArray, IntArray, gain, interval
from clipcoder import TextBank
from clipcoder.calibration import default_calibration
from clipcoder.encoded import EncodedTexts
from clipcoder.encoders import Encoder
from few_shot import SHOTS, Draw, Found, Measured, mean_lead, measure, on_sets
from published_probes import Linear, fit_clap, fit_lp

OURS = ("linear-probe", "auto")
AS_PUBLISHED = ("CLAP", "LP++")
Probe = Callable[[FloatArray, IntArray, FloatArray], Linear]
"""What is fitted to images of shape (n, d), their labels of shape (n,) and prototypes of shape (C, d)."""


def published_probes(temperature: float) -> dict[str, Probe]:
    """Return the published probes by name, at CLIP's temperature and at that of the encoder's texts."""
    fits = dict(zip(AS_PUBLISHED, (fit_clap, fit_lp), strict=True))
    return fits | {
        f"{name}, temperature {temperature:g}": partial(fit, temperature=temperature)
        for name, fit in fits.items()
    }


def measure_probe(probe: Probe, prototypes: FloatArray, draws: Sequence[Draw], evaluated: Draw) -> Measured:
    """Fit a published probe to each draw and evaluate it."""
    measured = Measured()
    images, labels = evaluated
    for support, classes in draws:
        begun = time.perf_counter()
        weights, bias = probe(support, classes, prototypes)
        measured.seconds.append(time.perf_counter() - begun)
        found = (images @ weights.T + bias).argmax(axis=1)
        measured.right.append((found == labels).astype(float))
    return measured


def print_set(
    title: str, encoder: Encoder, bank: TextBank, draws: dict[int, list[Draw]], evaluated: Draw
) -> Found:
    """Print the table of a data set, and return what is in it."""
    texts = EncodedTexts.encode(encoder, bank, "equidistant")
    known = default_calibration(encoder.name, "equidistant", logit_scale=encoder.logit_scale)
    probes, prototypes = published_probes(known.temperature), texts.head.class_prototypes()
    right = (texts.head.scores(evaluated[0]).argmax(axis=1) == evaluated[1]).astype(float)
    print(f"\n{title}: {len(bank.class_names)} classes, {len(right)} photos evaluated; ", end="")
    print(f"zero-shot {100 * right.mean():.1f} % ({interval(right)})\n")
    found: Found = {}
    for shots in SHOTS:
        for method in OURS:
            found[method, shots] = measure(encoder, bank, method, draws[shots], evaluated)
        for name, probe in probes.items():
            found[name, shots] = measure_probe(probe, prototypes, draws[shots], evaluated)
    print("| top-1 % | " + " | ".join(f"{shots} shots" for shots in SHOTS) + " | seconds to fit at 16 |")
    print("|---" * (len(SHOTS) + 2) + "|")
    for name in (*OURS, *probes):
        means = [found[name, shots].mean for shots in SHOTS]
        cells = [f"{100 * right.mean():.1f} ({interval(right)})" for right in means]
        print(f"| {name} | " + " | ".join(cells) + f" | {np.mean(found[name, 16].seconds):.1f} |")
    for method in OURS:
        for rivals, what in (AS_PUBLISHED, "as published"), (tuple(probes), "at either temperature"):
            cells = [lead(found, method, rivals, shots) for shots in SHOTS]
            print(f"| lead of {method} over the better {what} | " + " | ".join(cells) + " | |", flush=True)
    return found


def lead(found: Found, method: str, rivals: Sequence[str], shots: int) -> str:
    """Return by how many points a method is ahead of its best rival, with the interval, and of which."""
    best = max(rivals, key=lambda name: float(found[name, shots].mean.mean()))
    return f"{gain(found[method, shots].mean, found[best, shots].mean)} {best}"


def print_means(sets: Sequence[Found]) -> None:
    """Print the means over data sets, and by how much auto is ahead of every other probe."""
    print(f"\nMean of {len(sets)} data sets\n")
    print("| top-1 % | " + " | ".join(f"{shots} shots" for shots in SHOTS) + " |")
    print("|---" * (len(SHOTS) + 1) + "|")
    names = list(dict.fromkeys(name for name, _ in sets[0]))
    for name in names:
        means = [np.mean([found[name, shots].mean.mean() for found in sets]) for shots in SHOTS]
        print(f"| {name} | " + " | ".join(f"{100 * mean:.1f}" for mean in means) + " |")
    for name in (name for name in names if name != "auto"):
        leads = [mean_lead(sets, name, shots) for shots in SHOTS]
        print(f"| lead of auto over {name} | " + " | ".join(leads) + " |")


if __name__ == "__main__":
    on_sets(__doc__, print_set, print_means)
