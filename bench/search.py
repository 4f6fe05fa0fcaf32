"""Alpha and beta by the published grid of 75,000 points and by the exact sweep, on the same arrays.

    python bench/search.py [--data ../shared/data]

Keys are the CODERs of Caltech-101's fixed draws (starter encoder, WordNet's texts), and the photos searched
are the val photos of the same draws. Both searches start from the same CODERs. The published script (three
rounds of 500 betas and 50 alphas, each round about the best of the one before) compares them all again at
each point: it is timed at points drawn at random, and its choice is found with each beta's votes computed
once. The sweep compares them once, and finds the best of all alphas for each of 40 betas.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from caltech import DATA, Caltech, FloatArray, IntArray
from clipcoder import CachedEncoder, TextBank, coder, load_encoder
from clipcoder.adapters.sweep import best_alpha_beta
from clipcoder.arrays import unit_rows
from clipcoder.encoded import EncodedTexts

SHOTS = (1, 2, 4, 8, 16)
BETAS = np.geomspace(0.1, 200, 40).tolist()
ROUNDS, BETA_STEPS, ALPHA_STEPS = 3, 500, 50
TIMED = 20  # points
Doubles = npt.NDArray[np.float64]


def grid(low: float, high: float, steps: int) -> list[float]:
    return [low + step * (high - low) / steps for step in range(steps)]


def at_a_point(
    alpha: float, beta: float, images: Doubles, keys: Doubles, values: Doubles, clip: FloatArray
) -> Doubles:
    """Return logits as the script computes them at each point, from CODERs of shapes (n, m) and (s, m)."""
    affinity = images @ keys.T
    lowest, highest = affinity.min(axis=1, keepdims=True), affinity.max(axis=1, keepdims=True)
    votes = np.exp(-beta * (1 - (affinity - lowest) / (highest - lowest))) @ values
    logits: Doubles = clip + alpha * votes
    return logits


def published_choice(affinity: FloatArray, values: Doubles, clip: FloatArray, labels: IntArray) -> float:
    """Return the accuracy that the script's three rounds end with."""
    betas, alphas = (0.1, 200.0), (0.1, 20.0)
    accuracy = 0.0
    for _ in range(ROUNDS):
        accuracy, best = 0.0, (0.0, 0.0)
        for beta in grid(*betas, BETA_STEPS):
            votes = np.exp(-beta * (1 - affinity.astype(np.float64))) @ values
            for alpha in grid(*alphas, ALPHA_STEPS):
                found = float(((clip + alpha * votes).argmax(axis=1) == labels).mean())
                if found > accuracy:
                    accuracy, best = found, (beta, alpha)
        betas, alphas = ((0.5 * value, 1.5 * value) for value in best)
    return accuracy


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    encoder = CachedEncoder(load_encoder("starter"))
    caltech = Caltech(options.data, encoder)
    texts = EncodedTexts.encode(encoder, TextBank.from_wordnet(caltech.names, encoder), "coder")
    print("| shots | seed | photos | accuracy, grid | accuracy, sweep | seconds, grid | sweep | times |")
    print("|---|---|---|---|---|---|---|---|")
    for shots in SHOTS:
        for seed, (support, classes) in enumerate(caltech.draws(shots), 1):
            images, labels = val_of(caltech, options.data, shots, seed)
            clip = texts.head.scores(images)
            values = np.eye(len(caltech.names))[classes]
            keys, rows = (
                unit_rows(coder.represent(x, texts.features)).astype(np.float64) for x in (support, images)
            )
            dice = np.random.default_rng(seed)
            begun = time.perf_counter()
            for alpha, beta in zip(dice.uniform(0.1, 20, TIMED), dice.uniform(0.1, 200, TIMED), strict=True):
                (at_a_point(alpha, beta, rows, keys, values, clip).argmax(axis=1) == labels).mean()
            theirs = (time.perf_counter() - begun) / TIMED * ROUNDS * BETA_STEPS * ALPHA_STEPS
            begun = time.perf_counter()
            affinity = coder.minmax(rows @ keys.T)
            _, choice = best_alpha_beta(clip, affinity, classes, labels, BETAS)
            ours = time.perf_counter() - begun
            by_grid = published_choice(affinity, values, clip, labels)
            print(
                f"| {shots} | {seed} | {len(labels)} | {100 * by_grid:.2f} | {100 * choice.accuracy:.2f} "
                f"| {theirs:.0f} | {ours:.3f} | {theirs / ours:,.0f} |",
                flush=True,
            )


def val_of(caltech: Caltech, data: Path, shots: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Return the val photos of a draw, min(shots, 4) a class."""
    draw = json.loads((data / "caltech-101" / "few_shot" / f"shot_{shots}-seed_{seed}.json").read_text())
    return caltech._photos(draw["val"], f"val of {shots} shots, draw {seed}")


if __name__ == "__main__":
    main()
