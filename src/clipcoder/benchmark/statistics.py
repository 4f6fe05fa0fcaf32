"""How sure an accuracy is, and whether two differ: a paired bootstrap over images and seeds.

Each replicate draws images with replacement and, apart from that, seeds; all methods get the same draws, so
that what two of them share cancels in their difference (Owen, "The pigeonhole bootstrap", Annals of Applied
Statistics, 2007). Of s seeds, s - 1 are drawn: with so few of them, drawing all s would understate their
spread by (s - 1) / s (McCarthy and Snowden, "The bootstrap and finite population sampling", 1985). One seed
says nothing about the spread of seeds, so that an interval then covers the images alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self
from zlib import crc32

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, batches
from clipcoder.errors import InvalidInputError

RESAMPLES: Final = 10_000
"""Replicates of an interval or a p-value; the smallest p-value is 2 / (RESAMPLES + 1)."""

LEVEL: Final = 0.95
"""What an interval covers."""

_BATCH: Final = 8_000_000  # counts in memory at once, at 4 bytes


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Which images a method got right, run by run.

    Attributes:
        right: bool of shape (s, n), for s runs on the same n images in the same order.
        seeds: the seed of each run; a method without chance has one run, of seed None. Methods with the same
            seeds in the same order are paired seed by seed.
    """

    right: npt.NDArray[np.bool_]
    seeds: tuple[int | None, ...] = (None,)

    def __post_init__(self) -> None:
        if self.right.ndim != 2 or not self.right.size or len(self.seeds) != len(self.right):
            raise InvalidInputError(
                f"outcomes must have one row for each of {len(self.seeds)} seeds and at least one image, "
                f"but their shape is {self.right.shape}"
            )
        if len(set(self.seeds)) != len(self.seeds):
            raise InvalidInputError(f"each run needs a seed of its own, but the seeds are {self.seeds}")

    @property
    def accuracy(self) -> float:
        """The share that is right, in [0, 1]."""
        return float(self.right.mean())


@dataclass(frozen=True, eq=False)
class Estimate:
    """A number with its bootstrap replicates.

    Attributes:
        value: what the data say.
        replicates: what resampled data say, float64 of shape (b,); replicate i of all estimates of one call
            of ``bootstrap`` comes from the same images and seeds.
    """

    value: float
    replicates: npt.NDArray[np.float64]

    def __sub__(self, other: Self) -> Self:
        """Return the difference to an estimate of the same resamples, pair by pair."""
        return type(self)(self.value - other.value, self.replicates - other.replicates)

    @classmethod
    def mean(cls, estimates: Sequence[Self]) -> Self:
        """Return the unweighted mean of estimates, such as those of several data sets."""
        values = [estimate.value for estimate in estimates]
        return cls(float(np.mean(values)), np.mean([one.replicates for one in estimates], axis=0))

    @property
    def interval(self) -> tuple[float, float]:
        """The percentile interval that covers ``LEVEL``."""
        low, high = np.quantile(self.replicates, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return float(low), float(high)

    @property
    def p_value(self) -> float:
        """The two-sided p-value of the hypothesis that the number is 0.

        It is below 0.05 where the percentile interval leaves 0 out: twice the smaller share of replicates on
        either side of 0, one more counted on each side, so that it is never 0.
        """
        tails = [(self.replicates <= 0).sum(), (self.replicates >= 0).sum()]
        return min(1.0, float(2 * (min(tails) + 1) / (len(self.replicates) + 1)))


def bootstrap(
    outcomes: Sequence[Outcomes], *, resamples: int = RESAMPLES, stream: str = ""
) -> tuple[Estimate, ...]:
    """Return the accuracy of each method with its replicates, paired between all of them.

    Args:
        outcomes: of each method, on the same images in the same order.
        resamples: how many replicates, at least one.
        stream: names the random numbers. Methods whose estimates shall be paired need one call; data sets
            need a stream each, such as their names, for their images are independent of each other.

    Raises:
        InvalidInputError: outcomes on different numbers of images.

    >>> always, never = np.ones((1, 4), bool), np.zeros((1, 4), bool)
    >>> better, worse = bootstrap([Outcomes(always), Outcomes(never)], resamples=9)
    >>> (better - worse).value, (better - worse).interval, (better - worse).p_value
    (1.0, (1.0, 1.0), 0.2)
    """
    counts = {one.right.shape[1] for one in outcomes}
    if len(counts) > 1:
        raise InvalidInputError(
            f"methods are paired image by image, but their outcomes are on {sorted(counts)} images"
        )
    if not outcomes:
        return ()
    right = np.concatenate([one.right for one in outcomes]).astype(np.float32)
    by_run = np.split(
        _resampled_accuracies(right, resamples, stream), np.cumsum([len(o.seeds) for o in outcomes])[:-1]
    )
    return tuple(
        Estimate(one.accuracy, np.einsum("sb,sb->b", runs, _seed_weights(one.seeds, resamples, stream)))
        for one, runs in zip(outcomes, by_run, strict=True)
    )


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p-values that may be compared with a level each, however many there are (Holm, 1979).

    >>> holm([0.01, 0.04, 0.03])
    (0.03, 0.06, 0.06)
    """
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return tuple(adjusted.tolist())


def _resampled_accuracies(right: FloatArray, resamples: int, stream: str) -> npt.NDArray[np.float64]:
    """Return the accuracy of each run on resampled images, of shape (r, b) for ``right`` of shape (r, n)."""
    n = right.shape[1]
    random = _generator(stream, "images")
    sums = []
    for batch in batches(resamples, max(1, _BATCH // n)):
        size = batch.stop - batch.start
        drawn = random.integers(n, size=(size, n)) + n * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
        sums.append(right @ times.T.astype(np.float32))  # sums of whole numbers: exact below 2 ** 24
    accuracies: npt.NDArray[np.float64] = np.concatenate(sums, axis=1).astype(np.float64) / n
    return accuracies


def _seed_weights(seeds: tuple[int | None, ...], resamples: int, stream: str) -> npt.NDArray[np.float64]:
    """Return how much each run counts in each replicate, of shape (s, b); equal seeds have equal weights."""
    s = len(seeds)
    if s == 1:
        return np.ones((1, resamples))
    drawn = _generator(stream, f"seeds {seeds}").integers(s, size=(s - 1, resamples))
    return np.stack([(drawn == i).mean(axis=0) for i in range(s)])


def _generator(stream: str, purpose: str) -> np.random.Generator:
    return np.random.default_rng([crc32(stream.encode()), crc32(purpose.encode())])
