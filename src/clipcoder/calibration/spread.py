"""A temperature for each image: the further its scores lie apart, the higher.

One temperature takes a point of a score for the same evidence in every image. That need not hold: votes of
labelled images fade exponentially with distance, so that an image in a crowded place has scores many times as
far apart as others, and is right hardly more often. So the scores of image i are divided by

    T_i = T (s_i / s)^g,    g in [0, 1],

with s_i their standard deviation over the classes and s a typical one, the geometric mean over the labelled
images. With g = 0 that is temperature scaling, with g = 1 the scores of each image are standardised first.
The order of an image's classes stays, and with it what is predicted. Of the family of adaptive temperature
scaling (Balanya, Maroñas, Ramos: Adaptive Temperature Scaling for Robust Calibration of Deep Neural Networks,
2022, arXiv 2208.00461), whose own choice, the entropy, depends on the scale of scores, as a spread does not.

T and g minimise the negative log-likelihood together with the prior of ``temperature`` and h g^2 / 2, which
leaves g near 0 until some tens of images say otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, feature_rows
from clipcoder.calibration.inputs import image_weights, labelled
from clipcoder.calibration.temperature import FARTHEST, PRIOR_IMAGES, fit_temperature
from clipcoder.errors import InvalidInputError

STIFFNESS: Final = 10.0
"""The weight h of an exponent of 0; 1 / sqrt(h), about 0.3, is how far g strays for no reason."""

_NONE: Final = 1e-3  # an exponent that is not worth keeping
_WIDEST: Final = 1e6  # a spread this many times the typical one, or less than its inverse, counts as that
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """How the temperature of an image goes with the spread of its scores.

    Attributes:
        typical: s, the standard deviation over the classes at which the temperature is T; positive.
        exponent: g, in [0, 1].

    Raises:
        InvalidInputError: numbers that are none, or out of range.
    """

    typical: float
    exponent: float

    def __post_init__(self) -> None:
        for value, what in ((self.typical, "typical spread"), (self.exponent, "exponent of the spread")):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
                raise InvalidInputError(f"the {what} of scores must be a number, not {value!r}")
        if self.typical <= 0 or not 0 <= self.exponent <= 1:
            raise InvalidInputError(
                "the typical spread of scores must be positive and its exponent in [0, 1], "
                f"but they are {self.typical:g} and {self.exponent:g}"
            )

    def evened(self, scores: npt.ArrayLike) -> FloatArray:
        """Return scores of shape (n, C) that one temperature is right for, less the best of each image.

        >>> Spread(typical=2.0, exponent=1.0).evened([[1, 0], [8, 0]])
        array([[ 0., -4.],
               [ 0., -4.]], dtype=float32)
        """
        rows = feature_rows(scores, "scores")
        share = np.exp(self.exponent * _log_ratios(rows, self.typical)).astype(np.float32)
        evened: FloatArray = (rows - rows.max(axis=1, keepdims=True)) / share[:, None]
        return evened

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"typical": self.typical, "exponent": self.exponent}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Return what ``to_json`` made values of."""
        return cls(content["typical"], content["exponent"])


def fit_spread(
    logits: npt.ArrayLike,
    labels: npt.ArrayLike,
    sample_weight: npt.ArrayLike | None = None,
    *,
    default: float = 1.0,
    prior: float = PRIOR_IMAGES,
) -> tuple[float, Spread | None]:
    """Find the temperature, and how it goes with the spread of logits, on labelled images.

    Arguments and errors are those of ``fit_temperature``.

    Returns:
        The temperature at the typical spread, and the spread; None where one temperature does for all images,
        which it then is.

    >>> temperature, spread = fit_spread([[9, 0, 0], [90, 0, 0]] * 40, [0, 0, 0, 1] * 20)
    >>> spread.exponent > 0.5  # logits ten times as far apart are not more often right
    True
    """
    from scipy.optimize import minimize

    rows, index = labelled(logits, labels, "logits")
    weight = image_weights(sample_weight, len(rows))
    temperature = fit_temperature(rows, index, weight, default=default, prior=prior)
    typical = _typical(rows, weight)
    if typical is None:
        return temperature, None
    ratios = _log_ratios(rows, typical)
    margins = rows.astype(np.float64) - rows[np.arange(len(rows)), index, None]
    total = weight.sum() + prior

    def loss(parts: _Floats) -> tuple[float, _Floats]:  # of log(T0 / T) and g
        surprise, slope = _surprise(margins, np.exp(parts[0] - parts[1] * ratios) / default)
        step = float(np.exp(parts[0]))
        value = weight @ surprise + prior * (step - parts[0]) + STIFFNESS / 2 * parts[1] ** 2
        slopes = [weight @ slope + prior * (step - 1), STIFFNESS * parts[1] - weight @ (slope * ratios)]
        return float(value) / total, np.array(slopes) / total

    farthest = float(np.log(FARTHEST))
    start = np.array([np.log(default / temperature), 0.0])
    bounds = [(-farthest, farthest), (0.0, 1.0)]
    step, exponent = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x.tolist()
    if exponent < _NONE:
        return temperature, None
    return default * float(np.exp(-step)), Spread(typical, exponent)


def _typical(rows: FloatArray, weight: _Floats) -> float | None:
    """Return the weighted geometric mean of the spreads; None where no image has one and counts."""
    spreads = rows.std(axis=1, dtype=np.float64)
    counted = (spreads > 0) & (weight > 0)
    if not counted.any():
        return None
    return float(np.exp(np.average(np.log(spreads[counted]), weights=weight[counted])))


def _log_ratios(rows: FloatArray, typical: float) -> _Floats:
    """Return log(s_i / s), of shape (n,)."""
    ratios = rows.std(axis=1, dtype=np.float64) / typical
    bounded: _Floats = np.log(ratios.clip(1 / _WIDEST, _WIDEST))
    return bounded


def _surprise(margins: _Floats, inverse: _Floats) -> tuple[_Floats, _Floats]:
    """Return -log p of the labels and its slope by log(inverse), both of shape (n,).

    Args:
        margins: logits less that of the label, of shape (n, C).
        inverse: the inverse temperature of each image, of shape (n,).
    """
    logits = inverse[:, None] * margins
    top = logits.max(axis=1)
    weights = np.exp(logits - top[:, None])
    total = weights.sum(axis=1)
    slope: _Floats = np.einsum("nc,nc->n", weights, logits) / total
    return top + np.log(total), slope
