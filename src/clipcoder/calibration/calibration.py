"""All that a classifier learned about its own probabilities, as numbers that a JSON file holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy.typing as npt

from clipcoder.arrays import FloatArray, softmax
from clipcoder.calibration.conformal import Conformal
from clipcoder.calibration.independent import Platt
from clipcoder.calibration.spread import Spread
from clipcoder.errors import InvalidInputError


@dataclass(frozen=True)
class Calibration:
    """What turns scores into probabilities, and probabilities into sets and silence.

    Attributes:
        temperature: what scores are divided by before the softmax; positive. With a ``spread``, those of an
            image of typical spread.
        unknown_below: an image is unknown where its best probability is below this, 0 or more, infinity for
            every image; None answers always.
        conformal: the thresholds of conformal sets; None where no coverage was asked for.
        platt: what independent probabilities are made by; None where it was not fitted.
        images: how many labelled images the temperature was learned from; 0 for defaults.
        spread: how the temperature of an image goes with the spread of its scores; None for one temperature.

    Raises:
        InvalidInputError: a temperature that is not positive, or a threshold that is none.

    >>> Calibration.from_json(Calibration(4.0, unknown_below=0.5).to_json())
    Calibration(temperature=4.0, unknown_below=0.5, conformal=None, platt=None, images=0, spread=None)
    """

    temperature: float
    unknown_below: float | None = None
    conformal: Conformal | None = None
    platt: Platt | None = None
    images: int = 0
    spread: Spread | None = None

    def __post_init__(self) -> None:
        if not (_is_number(self.temperature) and math.isfinite(self.temperature) and self.temperature > 0):
            raise InvalidInputError(f"temperature must be a positive number, not {self.temperature!r}")
        if self.unknown_below is not None:
            checked_threshold(self.unknown_below)
        if isinstance(self.images, bool) or not isinstance(self.images, int) or self.images < 0:
            raise InvalidInputError(f"images must be a whole number, 0 or more, not {self.images!r}")

    def probabilities(self, scores: npt.ArrayLike) -> FloatArray:
        """Return the softmax of scores of shape (n, C) at the temperature, float32 rows that sum to 1.

        >>> Calibration(2.0).probabilities([[5.0, 5.0]])
        array([[0.5, 0.5]], dtype=float32)
        """
        evened = scores if self.spread is None else self.spread.evened(scores)
        return softmax(evened, temperature=self.temperature)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values that JSON has: a threshold that is infinite becomes ``"never"``."""
        below = self.unknown_below
        return {
            "temperature": self.temperature,
            "unknown_below": "never" if below is not None and math.isinf(below) else below,
            "conformal": None if self.conformal is None else self.conformal.to_json(),
            "platt": None if self.platt is None else self.platt.to_json(),
            "images": self.images,
            "spread": None if self.spread is None else self.spread.to_json(),
        }

    @classmethod
    def from_json(cls, content: object) -> Self:
        """Return what ``to_json`` made values of.

        Raises:
            InvalidInputError: other content.
        """
        if not isinstance(content, Mapping):
            raise InvalidInputError(f"a calibration must be a JSON object, not {type(content).__name__}")
        try:
            below, conformal, platt = content["unknown_below"], content["conformal"], content["platt"]
            spread = content.get("spread")  # which none had at first
            return cls(
                content["temperature"],
                math.inf if below == "never" else below,
                None if conformal is None else Conformal.from_json(conformal),
                None if platt is None else Platt.from_json(platt),
                content["images"],
                None if spread is None else Spread.from_json(spread),
            )
        except (KeyError, TypeError) as error:
            raise InvalidInputError(
                f"a calibration holds the fields of Calibration.to_json, but this one does not ({error})"
            ) from error


def checked_threshold(value: float) -> float:
    """Check a probability below which an image is unknown: 0 or more; infinity, and above 1, is every image.

    >>> checked_threshold(0.5)
    0.5
    """
    if not _is_number(value) or math.isnan(value) or value < 0:
        raise InvalidInputError(f"unknown_below must be a probability, 0 or more, not {value!r}")
    return float(value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
