"""What more classes cost: scoring 10 to 10,000 classes of 20 texts each, beside encoding by ViT-B/32.

    python bench/class_cost.py [--plot FILE.svg] [--rate 49]

Prints milliseconds an image: of ViT-B/32's image tower (``vit``: random weights, ONNX, float32, without
reading and decoding photos), and of the benchmark's own way from features to answers, under two rules, with a
name, a synonym and 18 descriptions a class. Contestants take turns, and of each its fastest round counts, in
which nothing else slowed the machine. Folding the texts is paid once, and is printed beside it. Exits with 1
where 1,000 classes take more than 5 % of the encoding. ``--rate`` states how many images a second the encoder
takes, in place of the measurement.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from clipcoder.arrays import FloatArray, softmax, unit_rows
from clipcoder.benchmark.answers import Answers, Judge
from clipcoder.zero_shot import ZeroShotHead
from vit import DIM, SIDE, image_tower

CLASSES = (10, 30, 100, 300, 1000, 3000, 10_000)
KINDS = ("name", "synonym", *["attribute"] * 12, *["analogue"] * 6)
RULES = {"coder": ZeroShotHead.coder, "equidistant": ZeroShotHead.equidistant}
ENCODED, SCORED = 16, 4096  # images at a time
MOST = 0.05
AT = 1000


def features(count: int, seed: int) -> FloatArray:
    return unit_rows(np.random.default_rng(seed).standard_normal((count, DIM), dtype=np.float32))


def encoder() -> Callable[[], object]:
    """Return what encodes a batch of images by ViT-B/32."""
    photos = np.random.default_rng(1).standard_normal((ENCODED, 3, SIDE, SIDE), dtype=np.float32)
    tower = image_tower()
    return lambda: tower.run(None, {"images": photos})


def per_image(work: Callable[[], object], count: int) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) / count


@dataclass
class Cost:
    """What a rule costs with some classes: the seconds of folding, once, and the least seconds an image."""

    rule: str
    classes: int
    folding: float
    judge: Judge
    scoring: float = math.inf


def folded(rule: str, n_classes: int) -> Cost:
    """Fold the texts of some classes for a rule."""
    texts = features(n_classes * len(KINDS), n_classes)
    owner = np.repeat(np.arange(n_classes), len(KINDS))
    begun = time.perf_counter()
    head = RULES[rule](texts, owner, np.array(KINDS * n_classes), n_classes=n_classes)
    folding = time.perf_counter() - begun
    return Cost(rule, n_classes, folding, lambda rows: softmax(head.scores(rows)))


def measure(rounds: int, rate: float | None) -> tuple[float, list[Cost]]:
    """Return the least seconds an image of encoding, and what each rule costs with each number of classes."""
    images = features(SCORED, 0)
    encode = None if rate else encoder()
    costs = [folded(rule, n) for rule in RULES for n in CLASSES]
    encoding = 1 / rate if rate else math.inf
    for i in range(rounds + 1):  # the first one pays for memory and caches
        if encode:
            encoding = min(encoding, per_image(encode, ENCODED))
        for cost in costs:
            took = per_image(lambda cost=cost: Answers.of(cost.judge, images), SCORED)
            cost.scoring = min(cost.scoring, took)
        print(f"round {i} of {rounds}", file=sys.stderr)
    return encoding, costs


def draw(path: Path, encoding: float, costs: list[Cost]) -> None:
    """Draw milliseconds an image by the number of classes, both on logarithmic scales."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5, 3.6), layout="constrained")
    axes = figure.subplots()
    levels = {"encoding, ViT-B/32": 1000 * encoding, f"{MOST:.0%} of it": 1000 * MOST * encoding}
    for (told, level), style in zip(levels.items(), ("-", ":"), strict=True):
        axes.axhline(level, color="black", linewidth=0.8, linestyle=style)
        axes.annotate(told, (CLASSES[0], level), textcoords="offset points", xytext=(0, 4))
    for rule, marker, colour in zip(RULES, "os", ("#0072b2", "#d55e00"), strict=True):
        times = [1000 * cost.scoring for cost in costs if cost.rule == rule]
        axes.plot(CLASSES, times, marker=marker, color=colour, label=f"scoring, {rule}")
    axes.set(xscale="log", yscale="log", xlabel="classes, 20 texts each", ylabel="milliseconds an image")
    axes.legend(frameon=False, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--plot", type=Path, help="also draw it, as SVG or PNG")
    parser.add_argument("--rate", type=float, help="images a second of an encoder, instead of measuring it")
    options = parser.parse_args()
    encoding, costs = measure(options.rounds, options.rate)
    told = "encoding by ViT-B/32" + (", as stated" if options.rate else "")
    print(f"{told}: {1000 * encoding:.2f} ms an image ({1 / encoding:.0f} images/s)\n")
    print("| rule | classes | texts | folded once, s | scoring, ms an image | share of encoding |")
    print("|---|---:|---:|---:|---:|---:|")
    for cost in costs:
        print(
            f"| {cost.rule} | {cost.classes:,} | {cost.classes * len(KINDS):,} | {cost.folding:.3f} "
            f"| {1000 * cost.scoring:.4f} | {cost.scoring / encoding:.2%} |"
        )
    if options.plot:
        draw(options.plot, encoding, costs)
    if any(cost.classes == AT and cost.scoring > MOST * encoding for cost in costs):
        raise SystemExit(f"{AT:,} classes must take at most {MOST:.0%} of the encoding")


if __name__ == "__main__":
    main()
