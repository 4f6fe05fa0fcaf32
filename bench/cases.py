"""What is measured: each case returns rows, and refuses to time two things that do not agree."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

import naive
from clipcoder.coder import affinity, gram, minmax
from clipcoder.rerank import PairDifferences, rerank
from clipcoder.zero_shot import ZeroShotHead, heuristic_scores
from measure import Spread, interleaved, peak_bytes
from rows import Row, agree, compared, limited

DIM = 512


def cloud(rng: np.random.Generator, count: int) -> naive.Array:
    """Make features as CLIP's are: a narrow cone around a mean of its own."""
    centre = rng.standard_normal(DIM, dtype=np.float32)
    return naive.normalised(centre + rng.standard_normal((count, DIM), dtype=np.float32))


def heuristic(rounds: int) -> Iterator[Row]:
    """1,000 images, 1,000 classes, 20,000 texts of which each class has a name and one in two a synonym."""
    rng = np.random.default_rng(1)
    n_classes, n_texts = 1000, 20_000
    describing = np.sort(rng.integers(0, n_classes, n_texts - n_classes - n_classes // 2))
    counts = [(int(n), 1 + c % 2) for c, n in enumerate(np.bincount(describing, minlength=n_classes))]
    text_class = np.repeat(np.arange(n_classes), [sum(pair) for pair in counts])
    kinds = np.array([k for a, n in counts for k in ["attribute"] * a + ["name", "synonym"][:n]])
    images, texts = cloud(rng, 1000), cloud(rng, n_texts)
    head = ZeroShotHead.coder(texts, text_class, kinds)

    def reference() -> naive.Array:
        return naive.heuristic_scores(images, texts, counts)

    def folding() -> naive.Array:
        return heuristic_scores(images, texts, text_class, kinds)

    def folded() -> naive.Array:
        return head.scores(images)

    note = agree("heuristic scores", float(np.abs(reference() - folding()).max()), 1e-3)
    slow, whole, batch = interleaved(reference, folding, folded, rounds=rounds)
    yield compared("heuristic scores, texts folded in the same call", slow, whole, at_least=5, note=note)
    yield compared("heuristic scores, texts folded before", slow, batch)
    for n in (1000, 4000):
        more = cloud(rng, n)
        spent = peak_bytes(partial(naive.heuristic_scores, more, texts, counts))
        own = peak_bytes(partial(heuristic_scores, more, texts, text_class, kinds))
        similarities = n * n_texts * 4
        yield Row(
            f"peak memory of it, {n:,} images",
            spent,
            own,
            "B",
            Spread(spent / own, spent / own, spent / own),
            "< n x m floats",
            own < similarities,
            f"n x m floats are {similarities / 1e6:.0f} MB",
        )


def one_to_one(rounds: int) -> Iterator[Row]:
    """2,000 images, 100 classes, all pairs, 5 texts in each direction, every image reranked."""
    rng = np.random.default_rng(2)
    n_images, n_classes, per_pair, timed = 2000, 100, 5, 200
    first, second = np.argwhere(~np.eye(n_classes, dtype=bool)).T
    images, texts = cloud(rng, n_images), cloud(rng, len(first) * per_pair)
    scores = rng.standard_normal((n_images, n_classes)).astype(np.float32)
    names = [f"class {c}" for c in range(n_classes)]
    by_pair: naive.PairTexts = {name: {} for name in names}
    for c, o, own in zip(first, second, texts.reshape(-1, per_pair, DIM), strict=True):
        by_pair[names[c]][names[o]] = own
    index = np.repeat(first, per_pair), np.repeat(second, per_pair)
    pairs = PairDifferences.from_texts(texts, *index, n_classes)

    def reference() -> list[int]:
        return naive.rerank(images[:timed], scores[:timed], names, by_pair)

    def own_rerank() -> np.ndarray:
        return rerank(images, scores, pairs, max_gap=np.inf)

    different = int((np.array(reference()) != own_rerank()[:timed]).sum())
    agree("rerank", different, 0)
    slow, fast = interleaved(reference, own_rerank, rounds=rounds)
    scaled = [seconds * n_images / timed for seconds in slow]
    note = f"reference timed on {timed} images and scaled; the same choice for all of them"
    yield compared("rerank of 2,000 images", scaled, fast, at_least=200, note=note)
    (folding,) = interleaved(lambda: PairDifferences.from_texts(texts, *index, n_classes), rounds=3)
    yield Row(f"folding its {len(texts):,} pair texts, once", None, Spread.of(folding).median, "s")


def coder_affinity(rounds: int) -> Iterator[Row]:
    """2,000 images against a support set of 1,600 (100 classes, 16 shots), 30,000 texts."""
    rng = np.random.default_rng(3)
    images, support, texts = cloud(rng, 2000), cloud(rng, 1600), cloud(rng, 30_000)
    metric = gram(texts)

    def reference() -> naive.Array:
        return naive.minmax_affinity(images, support, texts)

    def folded() -> naive.Array:
        return minmax(affinity(images, support, metric))

    def folding() -> naive.Array:
        return minmax(affinity(images, support, gram(texts)))

    note = agree("CODER affinity", float(np.abs(reference() - folded()).max()), 1e-4)
    slow, batch, whole = interleaved(reference, folded, folding, rounds=rounds)
    yield compared("CODER affinity, 30,000 texts folded before", slow, batch, at_least=40, note=note)
    yield compared("CODER affinity, texts folded in the same call", slow, whole)


def processes(rounds: int) -> Iterator[Row]:
    """Fresh processes: what a user waits for."""
    clock = "import time; t = time.perf_counter(); import clipcoder; print(time.perf_counter() - t)"
    imports = [float(_output([sys.executable, "-c", clock])) for _ in range(rounds + 1)][1:]
    yield limited("import clipcoder", imports, 0.15)
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.jpg"
        noise = np.random.default_rng(4).integers(0, 256, (375, 500, 3), dtype=np.uint8)
        Image.fromarray(noise).save(photo)
        command = [
            sys.executable,
            "-m",
            "clipcoder",
            "classify",
            str(photo),
            "--classes",
            "cat,dog,coffee mug",
            "--no-cache",  # or only the first of them would encode anything
        ]
        try:
            times = [_seconds(lambda: _output(command)) for _ in range(rounds + 1)][1:]
        except subprocess.CalledProcessError as error:
            reason = (error.stderr.strip().splitlines() or ["no message"])[-1]
            yield Row(
                "first prediction of a fresh process",
                None,
                None,
                "s",
                target="< 1.5 s",
                met=False,
                note=reason,
            )
        else:
            yield limited(
                "first prediction of a fresh process", times, 1.5, note="clipcoder classify, 1 photo"
            )


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


CASES: dict[str, Callable[[int], Iterator[Row]]] = {
    "heuristic": heuristic,
    "rerank": one_to_one,
    "affinity": coder_affinity,
    "processes": processes,
}
