"""Clocks and scales: interleaved wall time, and the peak of what NumPy allocates."""

from __future__ import annotations

import math
import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_SHORTEST_TURN = 0.1  # seconds


@dataclass(frozen=True)
class Spread:
    """A median with its range; seconds, or a ratio."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """Return the spread of some values, at least one."""
        return cls(statistics.median(values), min(values), max(values))


def interleaved(*contestants: Callable[[], Any], rounds: int) -> list[list[float]]:
    """Time contestants in turns, so that what slows the machine slows all; seconds a call, for each round.

    A call too short for the clock is repeated within its turn, as ``timeit`` does.
    """
    repeats = []
    for contestant in contestants:
        contestant()  # the first call pays for memory and caches
        repeats.append(math.ceil(_SHORTEST_TURN / _seconds(contestant, 1)))
    times: list[list[float]] = [[] for _ in contestants]
    for _ in range(rounds):
        for contestant, repeat, own in zip(contestants, repeats, times, strict=True):
            own.append(_seconds(contestant, repeat) / repeat)
    return times


def _seconds(work: Callable[[], Any], repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    return time.perf_counter() - start


def peak_bytes(work: Callable[[], Any]) -> int:
    """Return the most that Python and NumPy held at once during the work, beyond what they had before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
