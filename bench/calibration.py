"""How true probabilities are: calibration error with and without labels, and the coverage of conformal sets.

    python bench/calibration.py [--photos val] [--data ../shared/data]

Caltech-101 (CoOp split, its fixed draws, seeds 1 to 3), the starter encoder, WordNet's texts. ECE is the
expected calibration error in percent (15 bins), beside what perfect probabilities would have on as many
photos. Zero-shot learns its temperature from the draws of 1 to 16 shots, few-shot from its held-out images.
Coverage is a mean over 100 random halves of the photos: temperature and thresholds from one half, sets of the
other.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from caltech import DATA, Caltech, FloatArray, IntArray
from clipcoder import CachedEncoder, FewShotClassifier, TextBank, ZeroShotClassifier, load_encoder
from clipcoder.arrays import softmax
from clipcoder.calibration import expected_calibration_error, fit_conformal, fit_temperature

SHOTS = (1, 2, 4, 8, 16)
COVERAGES = (0.8, 0.9, 0.95)
HALVES = 100


def ece(scores: FloatArray, labels: IntArray, temperature: float) -> float:
    return 100 * expected_calibration_error(softmax(scores, temperature=temperature), labels)


def perfect(scores: FloatArray, temperature: float) -> float:
    """Return the mean ECE of labels that are drawn from the probabilities themselves."""
    probabilities = softmax(scores, temperature=temperature)
    reached, dice = probabilities.cumsum(axis=1), np.random.default_rng(0)
    drawn = ((dice.random((len(scores), 1)) * reached[:, -1:] > reached).sum(axis=1) for _ in range(20))
    return 100 * float(np.mean([expected_calibration_error(probabilities, labels) for labels in drawn]))


def print_errors(title: str, rows: Sequence[tuple[FloatArray, float]], labels: IntArray) -> None:
    """Print a line of scores and temperatures, one of each for a seed."""
    temperature = np.mean([t for _, t in rows])
    error = np.mean([ece(scores, labels, t) for scores, t in rows])
    floor = np.mean([perfect(scores, t) for scores, t in rows])
    print(f"| {title} | {temperature:.2f} | {error:.1f} | {floor:.1f} |", flush=True)


def covered(
    scores: FloatArray, labels: IntArray, asked: float, default: float, *, class_conditional: bool
) -> tuple[float, ...]:
    """Return the means over the halves, in percent but for the second.

    They are the coverage, the size of a set, and, of the classes that have enough labelled images not to be
    in every set, the coverage and what is exact for their n images: ceil((n + 1) asked) / (n + 1).
    """
    rows = []
    for seed in range(HALVES):
        learned, others = np.array_split(np.random.default_rng(seed).permutation(len(labels)), 2)
        temperature = fit_temperature(scores[learned], labels[learned], default=default)
        sets = fit_conformal(
            softmax(scores[learned], temperature=temperature),
            labels[learned],
            asked,
            class_conditional=class_conditional,
        ).sets(softmax(scores[others], temperature=temperature))
        held = sets[np.arange(len(others)), labels[others]]
        n = np.bincount(labels[learned], minlength=scores.shape[1])[labels[others]]
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


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", default="val", help="the part of the split to measure on")
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    encoder = CachedEncoder(load_encoder("starter"))
    caltech = Caltech(options.data, encoder)
    bank = TextBank.from_wordnet(caltech.names, encoder)
    names = np.array(bank.class_names)
    images, labels = caltech.part(options.photos)
    draws = {shots: list(caltech.draws(shots)) for shots in SHOTS}

    texts = ZeroShotClassifier(encoder, bank)
    score, default = texts._texts.head.scores, texts.temperature_
    by_texts = score(images)
    print(f"{len(labels)} {options.photos} photos\n")
    print("| | temperature | ECE, % | of perfect probabilities |\n|---|---|---|---|")
    print_errors("zero-shot, no label", [(by_texts, default)], labels)
    for shots in SHOTS:
        found = [(by_texts, fit_temperature(score(x), y, default=default)) for x, y in draws[shots]]
        print_errors(f"zero-shot, {shots} a class", found, labels)
    for shots in SHOTS:
        fitted = [FewShotClassifier(encoder, bank).fit(x, names[y]) for x, y in draws[shots]]
        truth = np.searchsorted(fitted[0].classes_, names[labels])
        learned = [(clf.fitted_.head.scores(images), clf.temperature_) for clf in fitted]
        print_errors(f"auto, {shots} shots", learned, truth)

    print("\n| | sets | asked, % | coverage, % | mean size | classes with enough images (exact), % |")
    print("|---|---|---|---|---|---|")
    print_coverage("zero-shot", by_texts, labels, default)
    print_coverage("auto, 16 shots, draw 3", learned[-1][0], truth, learned[-1][1])


if __name__ == "__main__":
    main()
