"""A progress bar for those who watch, and nothing for those who do not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TypeVar

Outcome = TypeVar("Outcome")

LONG = 64
"""Images from which on a progress bar is worth its line."""


def progress(outcomes: Iterator[Outcome], count: int, doing: str, *, long: int = LONG) -> Iterator[Outcome]:
    """Pass the outcomes on, under a progress bar where there are many and somebody is watching.

    Args:
        outcomes: what a long run yields.
        count: how many there will be.
        doing: what is being done, such as "classifying".
        long: how many are many; fewer where each takes seconds.
    """
    if count < long or not sys.stderr.isatty():
        yield from outcomes
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(outcomes, doing, total=count, console=Console(stderr=True), transient=True)
