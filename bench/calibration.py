"""How true probabilities are: calibration error with and without labels, and the coverage of conformal sets.

    python bench/calibration.py [--photos val] [--data ../shared/data] [--folder TRAIN EVALUATED]...

Caltech-101 (CoOp split, its fixed draws, seeds 1 to 3), the starter encoder, the texts that ``classify``
takes; and any other set that is given as two folders with a subfolder for each class
(``few_shot.FolderSet``). ECE is the expected calibration error in percent (15 bins), with one temperature
for all images and, after the arrow, as classifiers have it: with one that goes with the spread of an
image's scores. Beside them what perfect probabilities would have on as many photos. Zero-shot learns from
the draws of 1 to 16 shots, few-shot from its held-out images. Coverage is a mean over 100 random halves of
Caltech's photos: temperature and thresholds from one half, sets of the other.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from caltech import DATA, Caltech, FloatArray, IntArray
from clipcoder import CachedEncoder, FewShotClassifier, TextBank, ZeroShotClassifier, load_encoder
from clipcoder.adapters.names import FEW_SHOT_METHODS, FewShotMethod
from clipcoder.calibration import (
    Calibration,
    expected_calibration_error,
    fit_conformal,
    fit_spread,
    fit_temperature,
)
from clipcoder.calibration.defaults import few_shot_temperature
from clipcoder.encoders import Encoder
from few_shot import SHOTS, Draw, FolderSet

COVERAGES = (0.8, 0.9, 0.95)
HALVES = 100
Errors = tuple[float, float, float]
"""The ECE with one temperature and with the spread, and that of perfect probabilities, in percent."""


def learned(scores: FloatArray, labels: IntArray, default: float) -> tuple[Calibration, Calibration]:
    """Return what labelled images say of scores: one temperature, and one that goes with the spread."""
    temperature, spread = fit_spread(scores, labels, default=default)
    one = Calibration(fit_temperature(scores, labels, default=default))
    return one, Calibration(temperature, spread=spread)


def errors(calibrations: Sequence[Calibration], scores: FloatArray, labels: IntArray) -> Errors:
    one, spread = (calibration.probabilities(scores) for calibration in calibrations)
    return (
        100 * expected_calibration_error(one, labels),
        100 * expected_calibration_error(spread, labels),
        perfect(spread),
    )


def perfect(probabilities: FloatArray) -> float:
    """Return the mean ECE of labels that are drawn from the probabilities themselves, in percent."""
    reached, dice = probabilities.cumsum(axis=1), np.random.default_rng(0)
    chances = (dice.random((len(reached), 1)) * reached[:, -1:] for _ in range(20))
    drawn = ((chance > reached).sum(axis=1) for chance in chances)
    return 100 * float(np.mean([expected_calibration_error(probabilities, labels) for labels in drawn]))


def zero_shot_errors(texts: ZeroShotClassifier, draws: Iterable[Draw], evaluated: Draw) -> Iterator[Errors]:
    score, (images, labels) = texts._texts.head.scores, evaluated
    for support, classes in draws:
        yield errors(learned(score(support), classes, texts.temperature_), score(images), labels)


def few_shot_errors(
    texts: ZeroShotClassifier, method: FewShotMethod, draws: Iterable[Draw], evaluated: Draw
) -> Iterator[Errors]:
    names = texts.classes_
    default = few_shot_temperature(method, texts.temperature_)
    for support, classes in draws:
        clf = FewShotClassifier(texts.encoder, texts.bank, method=method).fit(support, names[classes])
        truth = np.searchsorted(clf.classes_, names[evaluated[1]])
        judged = np.searchsorted(clf.classes_, names[classes])[clf.fitted_.judged]
        both = (Calibration(default),) * 2
        if judged.size:
            both = learned(clf.fitted_.held_out, judged, default)
        yield errors(both, clf.fitted_.head.scores(evaluated[0]), truth)


def print_set(title: str, texts: ZeroShotClassifier, draws: dict[int, list[Draw]], evaluated: Draw) -> None:
    """Print the errors of a data set."""
    images, labels = evaluated
    unlearned = errors([texts.calibration_] * 2, texts._texts.head.scores(images), labels)
    print(f"\n{title}: {len(texts.classes_)} classes, {len(labels)} photos; ", end="")
    print(f"zero-shot without a label {unlearned[0]:.1f} ({unlearned[2]:.1f})\n")
    print("| ECE, % (of perfect probabilities) | " + " | ".join(f"{shots} a class" for shots in SHOTS) + " |")
    print("|---" * (len(SHOTS) + 1) + "|")
    for method in ("zero-shot", *FEW_SHOT_METHODS):
        cells = []
        for shots in SHOTS:
            if method == "zero-shot":
                found = zero_shot_errors(texts, draws[shots], evaluated)
            else:
                found = few_shot_errors(texts, method, draws[shots], evaluated)
            one, spread, best = np.mean(list(found), axis=0)
            cells.append(f"{one:.1f} → {spread:.1f} ({best:.1f})")
        print(f"| {method} | " + " | ".join(cells) + " |", flush=True)


def covered(
    scores: FloatArray, labels: IntArray, asked: float, default: float, *, class_conditional: bool
) -> tuple[float, ...]:
    """Return the means over the halves, in percent but for the second.

    They are the coverage, the size of a set, and, of the classes that have enough labelled images not to be
    in every set, the coverage and what is exact for their n images: ceil((n + 1) asked) / (n + 1).
    """
    rows = []
    for seed in range(HALVES):
        known, others = np.array_split(np.random.default_rng(seed).permutation(len(labels)), 2)
        _, calibration = learned(scores[known], labels[known], default)
        sets = fit_conformal(
            calibration.probabilities(scores[known]),
            labels[known],
            asked,
            class_conditional=class_conditional,
        ).sets(calibration.probabilities(scores[others]))
        held = sets[np.arange(len(others)), labels[others]]
        n = np.bincount(labels[known], minlength=scores.shape[1])[labels[others]]
        exact = np.ceil((n + 1) * asked - 1e-9) / (n + 1)
        enough = exact < 1
        rows.append((held.mean(), sets.sum(axis=1).mean() / 100, held[enough].mean(), exact[enough].mean()))
    return tuple(100 * np.mean(rows, axis=0))


def print_coverage(title: str, scores: FloatArray, labels: IntArray, default: float) -> None:
    for kind, conditional in (("marginal", False), ("class-conditional", True)):
        for asked in COVERAGES:
            found = covered(scores, labels, asked, default, class_conditional=conditional)
            enough = f"{found[2]:.1f} ({found[3]:.1f})" if conditional else ""
            print(
                f"| {title} | {kind} | {100 * asked:g} | {found[0]:.1f} | {found[1]:.2f} | {enough} |",
                flush=True,
            )


def classifier(encoder: Encoder, names: Sequence[str]) -> ZeroShotClassifier:
    return ZeroShotClassifier(encoder, TextBank.for_classes(names, encoder))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", default="val", help="the part of Caltech's split to measure on")
    parser.add_argument("--data", type=Path, default=DATA)
    pair = ("TRAIN", "EVALUATED")
    parser.add_argument("--folder", type=Path, nargs=2, action="append", default=[], metavar=pair)
    options = parser.parse_args()
    encoder = CachedEncoder(load_encoder("starter"))
    caltech = Caltech(options.data, encoder)
    texts = classifier(encoder, caltech.names)
    images, labels = caltech.part(options.photos)
    draws = {shots: list(caltech.draws(shots)) for shots in SHOTS}

    print("\n| | sets | asked, % | coverage, % | mean size | classes with enough images (exact), % |")
    print("|---|---|---|---|---|---|")
    print_coverage("zero-shot", texts._texts.head.scores(images), labels, texts.temperature_)
    support, classes = draws[16][-1]
    clf = FewShotClassifier(encoder, texts.bank).fit(support, texts.classes_[classes])
    truth = np.searchsorted(clf.classes_, texts.classes_[labels])
    print_coverage("auto, 16 shots, draw 3", clf.fitted_.head.scores(images), truth, clf.temperature_)

    print_set(f"Caltech-101, {options.photos}", texts, draws, (images, labels))
    for train, evaluated in options.folder:
        photos = FolderSet(train, evaluated, encoder)
        of_photos = {shots: list(photos.draws(shots)) for shots in SHOTS}
        print_set(photos.title, classifier(encoder, photos.names), of_photos, photos.evaluated)


if __name__ == "__main__":
    main()
