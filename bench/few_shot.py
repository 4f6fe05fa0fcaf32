"""Few-shot methods side by side: the same draws, the same texts, each tuned by the labelled images alone.

    python bench/few_shot.py [--photos val] [--data ../shared/data] [--folder TRAIN EVALUATED]...

Caltech-101 (CoOp split, its fixed draws of 1 to 16 shots, seeds 1 to 3) with the starter encoder and the
texts that ``classify`` takes; and any other set that is given as two folders with a subfolder for each
class, of which shots are drawn from the first, with the same seeds, and the second is evaluated. Accuracies
are means over the seeds; intervals are 95 %, by 1,000 resamples of the photos, and leads are paired over
them. ECE is the expected calibration error (15 bins) of ``predict_proba``, as the classifier comes, in
percent. At the end are the means over the data sets, each counting the same, with intervals by resamples of
the photos of each.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from caltech import DATA, SEEDS, Caltech, FloatArray, IntArray, Right, gain, interval
from clipcoder import CachedEncoder, FewShotClassifier, TextBank, load_encoder
from clipcoder.adapters.names import FEW_SHOT_METHODS
from clipcoder.calibration import expected_calibration_error
from clipcoder.encoded import EncodedTexts
from clipcoder.encoders import Encoder

SHOTS = (1, 2, 4, 8, 16)
RESAMPLES = 1000
Draw = tuple[FloatArray, IntArray]
Found = dict[tuple[str, int], "Measured"]
"""What was measured on a data set, by method and shots."""
PrintSet = Callable[[str, Encoder, TextBank, dict[int, list[Draw]], Draw], Found]
"""Measures on a data set: its title, encoder, texts, draws by shots, and the photos that are evaluated."""


@dataclass
class Measured:
    """What a method did, draw by draw: which photos it had right, its ECE and its seconds to fit."""

    right: list[Right] = field(default_factory=list)
    ece: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def mean(self) -> Right:
        return np.mean(self.right, axis=0)


class FolderSet:
    """Photos in a folder for each class, to draw shots from, and as many folders to evaluate."""

    def __init__(self, train: Path, evaluated: Path, encoder: Encoder) -> None:
        self.title = evaluated.parent.name
        self.names = sorted(folder.name for folder in train.iterdir() if folder.is_dir())
        self._encoder = encoder
        self._pool, self._pool_labels = self._photos(train)
        self.evaluated = self._photos(evaluated)

    def draws(self, shots: int) -> Iterator[Draw]:
        """Yield a draw a seed; a class with fewer photos gives all of them."""
        for seed in SEEDS:
            dice = np.random.default_rng(seed)
            chosen = np.concatenate(
                [
                    dice.permutation(np.flatnonzero(self._pool_labels == c))[:shots]
                    for c in range(len(self.names))
                ]
            )
            yield self._pool[chosen], self._pool_labels[chosen]

    def _photos(self, folder: Path) -> Draw:
        listed = [
            (c, path) for c, name in enumerate(self.names) for path in sorted((folder / name).iterdir())
        ]
        labels, paths = zip(*listed, strict=True)
        return self._encoder.encode_images(paths), np.array(labels)


def measure(
    encoder: Encoder, bank: TextBank, method: str, draws: Iterable[Draw], evaluated: Draw
) -> Measured:
    """Fit a method to each draw and evaluate it."""
    measured = Measured()
    images, labels = evaluated
    names = np.array(bank.class_names)
    for support, classes in draws:
        clf = FewShotClassifier(encoder, bank, method=method)
        begun = time.perf_counter()
        clf.fit(support, names[classes])
        measured.seconds.append(time.perf_counter() - begun)
        probabilities = clf.predict_proba(images)
        truth = np.searchsorted(clf.classes_, names[labels])
        measured.right.append((probabilities.argmax(axis=1) == truth).astype(float))
        measured.ece.append(100 * expected_calibration_error(probabilities, truth))
    return measured


def print_set(
    title: str, encoder: Encoder, bank: TextBank, draws: dict[int, list[Draw]], evaluated: Draw
) -> Found:
    """Print the tables of a data set, and return what is in them."""
    names = np.array(bank.class_names)
    texts = EncodedTexts.encode(encoder, bank, "equidistant")
    right = (texts.head.scores(evaluated[0]).argmax(axis=1) == evaluated[1]).astype(float)
    print(f"\n{title}: {len(names)} classes, {len(evaluated[1])} photos evaluated; ", end="")
    print(f"zero-shot {100 * right.mean():.1f} % ({interval(right)})\n")
    found = {
        (method, shots): measure(encoder, bank, method, draws[shots], evaluated)
        for method in FEW_SHOT_METHODS
        for shots in SHOTS
    }
    print("| top-1 % | " + " | ".join(f"{shots} shots" for shots in SHOTS) + " | seconds to fit at 16 |")
    print("|---" * (len(SHOTS) + 2) + "|")
    for method in FEW_SHOT_METHODS:
        cells = [f"{100 * found[method, shots].mean.mean():.1f}" for shots in SHOTS]
        print(f"| {method} | " + " | ".join([*cells, f"{np.mean(found[method, 16].seconds):.1f}"]) + " |")
    leads = []
    for shots in SHOTS:
        best = max(FEW_SHOT_METHODS[1:], key=lambda m, k=shots: float(found[m, k].mean.mean()))
        leads.append(f"{gain(found['auto', shots].mean, found[best, shots].mean)} {best}")
    print("| lead of auto over the best other | " + " | ".join(leads) + " | |")
    above = [gain(found["auto", shots].mean, right) for shots in SHOTS]
    print("| gain of auto over zero-shot | " + " | ".join(above) + " | |")
    for method in FEW_SHOT_METHODS:
        cells = [f"{np.mean(found[method, shots].ece):.1f}" for shots in SHOTS]
        print(f"| ECE of {method}, % | " + " | ".join(cells) + " | |", flush=True)
    return found


def print_means(sets: Sequence[Found]) -> None:
    """Print the means over data sets, and by how much auto is ahead of each other method."""
    print(f"\nMean of {len(sets)} data sets\n")
    print("| top-1 % | " + " | ".join(f"{shots} shots" for shots in SHOTS) + " |")
    print("|---" * (len(SHOTS) + 1) + "|")
    for method in FEW_SHOT_METHODS:
        means = [np.mean([found[method, shots].mean.mean() for found in sets]) for shots in SHOTS]
        print(f"| {method} | " + " | ".join(f"{100 * mean:.1f}" for mean in means) + " |")
    for method in FEW_SHOT_METHODS[1:]:
        leads = [mean_lead(sets, method, shots) for shots in SHOTS]
        print(f"| lead of auto over {method} | " + " | ".join(leads) + " |")


def mean_lead(sets: Sequence[Found], method: str, shots: int) -> str:
    """Return by how many points auto is ahead on average over the sets, with its interval."""
    dice = np.random.default_rng(0)
    leads = [found["auto", shots].mean - found[method, shots].mean for found in sets]
    drawn = [lead[dice.integers(len(lead), size=(RESAMPLES, len(lead)))].mean(axis=1) for lead in leads]
    low, high = np.percentile(100 * np.mean(drawn, axis=0), [2.5, 97.5])
    return f"{100 * np.mean([lead.mean() for lead in leads]):+.1f} ({low:+.1f} to {high:+.1f})"


def on_sets(doc: str | None, print_set: PrintSet, print_means: Callable[[Sequence[Found]], None]) -> None:
    """Measure on the data sets that the command line names, and, of several, print the means."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", default="val", help="the part of Caltech's split to evaluate")
    parser.add_argument("--data", type=Path, default=DATA)
    pair = ("TRAIN", "EVALUATED")
    parser.add_argument("--folder", type=Path, nargs=2, action="append", default=[], metavar=pair)
    parser.add_argument("--only-folders", action="store_true", help="leave out Caltech-101")
    options = parser.parse_args()
    encoder = CachedEncoder(load_encoder("starter"))
    sets = []
    if not options.only_folders:
        caltech = Caltech(options.data, encoder)
        bank = TextBank.for_classes(caltech.names, encoder)
        draws = {shots: list(caltech.draws(shots)) for shots in SHOTS}
        evaluated = caltech.part(options.photos)
        sets.append(print_set(f"Caltech-101, {options.photos}", encoder, bank, draws, evaluated))
    for train, evaluated_folder in options.folder:
        photos = FolderSet(train, evaluated_folder, encoder)
        bank = TextBank.for_classes(photos.names, encoder)
        draws = {shots: list(photos.draws(shots)) for shots in SHOTS}
        sets.append(print_set(photos.title, encoder, bank, draws, photos.evaluated))
    if len(sets) > 1:
        print_means(sets)


if __name__ == "__main__":
    on_sets(__doc__, print_set, print_means)
