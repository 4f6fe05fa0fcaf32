"""``--max-gap``: where a close call begins, stated or learned from the images; and what was lacking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from clipcoder.cli.inputs import tell
from clipcoder.cli.sources import Source
from clipcoder.errors import InvalidInputError

if TYPE_CHECKING:
    from clipcoder.pipeline import Prediction, ZeroShotClassifier

MaxGap = float | Literal["auto"]
Pairs = Path | Literal["pack"]

PACK: Final = "pack"
"""In place of a file of one-to-one texts: those that ship."""

STATED: Final = 0.05
"""The gap where none is named."""

SAMPLE: Final = 200
"""From how many images at most the gap is learned; a tenth of them, 20, lie below it."""


class PairsType(click.ParamType[Pairs]):
    """A file, or the pack; a file of that name is ``./pack``."""

    name = f"PATH|{PACK}"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Pairs:
        """Return the path or ``"pack"``."""
        return "pack" if value == PACK else Path(value)


class MaxGapType(click.ParamType[MaxGap]):
    """A difference of probabilities, or auto."""

    name = "FLOAT|auto"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> MaxGap:
        """Return the number or ``"auto"``."""
        if value == "auto":
            return "auto"
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not number >= 0:
            self.fail(f"{value!r} is neither a number, 0 or more, nor auto", param, ctx)
        return number


def check_used(max_gap: MaxGap | None, pairs: object) -> None:
    """Refuse a gap that would be ignored."""
    if max_gap is not None and pairs is None:
        raise InvalidInputError(
            "--max-gap says which calls are close, but only one-to-one texts decide these; "
            "name some with --pairs"
        )


def learn_gap(classifier: ZeroShotClassifier, found: Sequence[Source]) -> None:
    """Learn the gap of ``auto`` from images at even distances, for folders are often sorted by class."""
    step = max(1, -(-len(found) // SAMPLE))
    try:
        classifier.fit_gap(found[::step])
    except InvalidInputError as error:
        raise InvalidInputError(f"--max-gap auto: {error}") from error
    tell(f"reranking where the two best classes are less than {classifier.max_gap_:.3f} apart")


class CloseCallCount:
    """How many images were close calls, and how many of these lacked texts; no prediction is kept."""

    def __init__(self) -> None:
        self.close = self.lacking = self.undecided = 0

    def add(self, prediction: Prediction) -> None:
        """Count one prediction."""
        if call := prediction.close_call:
            self.close += 1
            self.lacking += bool(call.missing)
            self.undecided += call.undecided

    def report(self) -> None:
        """Tell what was missing, if anything was."""
        if self.lacking:
            calls = "close call" if self.close == 1 else "close calls"
            tell(
                f"of {self.close:,} {calls}, {self.lacking:,} lacked one-to-one texts for some pairs of the "
                f"best classes, which had no say; {self.undecided:,} had none for any pair and stayed as "
                "decided"
            )
