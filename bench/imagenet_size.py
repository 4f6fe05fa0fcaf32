"""ImageNet's size, scored, reranked and evaluated: seconds and memory of the benchmark's own functions.

    python bench/imagenet_size.py

50,000 images, 1,000 classes and 30,000 texts of random features of length 512, and one-to-one texts that tell
each class from 10 others, 2 each way: with random features every call is close, so that all images are
reranked. What is done is what ``clipcoder bench run`` does with features: fold the texts, score, rerank,
choose, and compare with the labels. Exits with 1 above 60 seconds or 2 GB.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from clipcoder.arrays import FloatArray, unit_rows
from clipcoder.bank import TextBank
from clipcoder.benchmark.answers import Answers, Score
from clipcoder.benchmark.provenance import peak_memory_mb
from clipcoder.benchmark.zero_shot import by_rerank, by_scores
from clipcoder.encoded import EncodedTexts
from clipcoder.rerank import PairDifferences

IMAGES, CLASSES, TEXTS, DIM = 50_000, 1000, 30_000, 512
OTHERS, EACH_WAY = 10, 2
SECONDS, MEGABYTES = 60.0, 2000.0


def features(count: int, seed: int) -> FloatArray:
    return unit_rows(np.random.default_rng(seed).standard_normal((count, DIM), dtype=np.float32))


def bank() -> TextBank:
    kinds = ("name", "synonym", *["attribute"] * (TEXTS // CLASSES - 2))
    return TextBank.from_texts(
        {
            f"class {c}": {
                kind: [f"text {c} {i}" for i, own in enumerate(kinds) if own == kind]
                for kind in dict.fromkeys(kinds)
            }
            for c in range(CLASSES)
        }
    )


def differences() -> PairDifferences:
    own = np.repeat(np.arange(CLASSES), OTHERS)
    other = (own + np.tile(np.arange(1, OTHERS + 1), CLASSES)) % CLASSES
    first, second = (np.repeat(np.concatenate(pair), EACH_WAY) for pair in ((own, other), (other, own)))
    return PairDifferences.from_texts(features(len(first), 3), first, second, CLASSES)


@contextmanager
def timed(what: str, seconds: dict[str, float]) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    seconds[what] = time.perf_counter() - begun


def main() -> None:
    images, texts = features(IMAGES, 1), features(TEXTS, 2)
    labels = np.random.default_rng(0).integers(CLASSES, size=IMAGES)
    written = bank()
    seconds: dict[str, float] = {}
    with timed("folding 30,000 texts", seconds):
        encoded = EncodedTexts.of(written, "coder", texts)
    with timed("folding 40,000 one-to-one texts", seconds):
        pairs = differences()
    for what, judge in {
        "scored": by_scores(encoded, 1.0),
        "scored and reranked": by_rerank(encoded, pairs, 1.0, top_k=5, max_gap=1.1),
    }.items():
        with timed(f"50,000 images {what}", seconds):
            answers = Answers.of(judge, images)
        with timed(f"50,000 answers evaluated, {what}", seconds):
            score = Score.of(answers, labels)
        print(f"{what}: accuracy {score.accuracy:.4f}, which is chance")
    print()
    for what, took in seconds.items():
        print(f"{what:<48}{took:8.2f} s")
    total, peak = sum(seconds.values()), peak_memory_mb()
    print(f"{'all':<48}{total:8.2f} s\n{'the most memory of the process':<48}{peak or float('nan'):8,.0f} MB")
    if total > SECONDS or (peak is not None and peak > MEGABYTES):
        raise SystemExit(f"must take at most {SECONDS:.0f} s and {MEGABYTES:,.0f} MB")


if __name__ == "__main__":
    main()
