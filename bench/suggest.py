"""What labels are worth where ``clipcoder suggest`` chooses the images, against images drawn at random.

    python bench/suggest.py [--photos val] [--data ../shared/data]

The pool is the train photos of Caltech-101 (CoOp split) without their labels. Those that are chosen get
them, ``auto`` is fitted to these and to WordNet's texts, and the photos of ``--photos`` are evaluated. Random
choice is the mean over three draws. Intervals are 95 %, by 1,000 resamples of the photos; gains are paired
over them. The rule was chosen on the train and val photos and on nine other sets, never on the test photos.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from caltech import DATA, SEEDS, Caltech, FloatArray, IntArray, Right, gain, interval
from clipcoder import CachedEncoder, FeatureStore, TextBank, load_encoder
from clipcoder.adapters import methods
from clipcoder.adapters.support import Support
from clipcoder.encoded import EncodedTexts
from clipcoder.selection import suggest

BUDGETS = (20, 50, 100, 200, 400)


def right_after(
    chosen: IntArray,
    pool: tuple[FloatArray, IntArray],
    evaluated: tuple[FloatArray, IntArray],
    prototypes: FloatArray,
) -> Right:
    """Fit to the chosen images of a pool; return of each evaluated photo whether it is right."""
    images, labels = pool
    fitted = methods.fit(Support.of(images[chosen], labels[chosen], prototypes), "auto")
    return (fitted.head.scores(evaluated[0]).argmax(axis=1) == evaluated[1]).astype(float)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", default="val", help="the part of Caltech's split to evaluate")
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    encoder = CachedEncoder(load_encoder("starter"), FeatureStore())
    caltech = Caltech(options.data, encoder)
    head = EncodedTexts.encode(encoder, TextBank.from_wordnet(caltech.names, encoder), "equidistant").head
    pool, evaluated = caltech.part("train"), caltech.part(options.photos)
    suggested = suggest(pool[0], head.scores(pool[0]), max(BUDGETS))
    draws = [np.random.default_rng(seed).permutation(len(pool[0])) for seed in SEEDS]
    before = (head.scores(evaluated[0]).argmax(axis=1) == evaluated[1]).astype(float)
    table = Table(
        "labels",
        "at random, top-1 %",
        "suggested, top-1 %",
        "gain, points",
        "classes with a label, random / suggested",
        title=f"Caltech-101, {len(evaluated[1]):,} {options.photos} photos, 100 classes; without labels "
        f"{100 * before.mean():.1f} % ({interval(before)})",
    )
    for budget in BUDGETS:
        each = [right_after(d[:budget], pool, evaluated, head.class_prototypes()) for d in draws]
        by_chance: Right = np.mean(each, axis=0)
        ours = right_after(suggested[:budget], pool, evaluated, head.class_prototypes())
        seen = np.mean([len(np.unique(pool[1][d[:budget]])) for d in draws])
        table.add_row(
            f"{budget}",
            f"{100 * by_chance.mean():.1f} ({interval(by_chance)})",
            f"{100 * ours.mean():.1f} ({interval(ours)})",
            gain(ours, by_chance),
            f"{seen:.0f} / {len(np.unique(pool[1][suggested[:budget]]))}",
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
