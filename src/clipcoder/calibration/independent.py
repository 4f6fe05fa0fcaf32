"""Independent labels: an image may show several classes, or none, and each gets a probability of its own.

An encoder that was trained with a sigmoid (SigLIP) knows its scale and bias. For others, scores s of shape
(n, C) are turned into p = sigmoid(a s + b) with one slope and one bias for all classes (Platt: Probabilistic
Outputs for Support Vector Machines, 1999), which minimise over the n C pairs of an image and a class

    - sum [ y log p + (1 - y) log(1 - p) ],

a never below 0, so that a better score is never a worse probability. Platt's targets stand for y: with n1
pairs that hold and n0 that do not, (n1 + 1) / (n1 + 2) and 1 / (n0 + 2), so that a and b stay finite where
scores separate the pairs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, class_indices, feature_rows
from clipcoder.errors import InvalidInputError


@dataclass(frozen=True)
class Platt:
    """The slope and the bias that make independent probabilities out of scores.

    Attributes:
        slope: a, 0 or more, per unit of the scores.
        bias: b.

    Raises:
        InvalidInputError: numbers that are none, or a slope below 0.
    """

    slope: float
    bias: float

    def __post_init__(self) -> None:
        for value in (self.slope, self.bias):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
                raise InvalidInputError(f"the slope and the bias of scores must be numbers, not {value!r}")
        if self.slope < 0:
            raise InvalidInputError(
                f"the slope of scores must be 0 or more, for a better score to be likelier, not {self.slope}"
            )

    def probabilities(self, scores: npt.ArrayLike) -> FloatArray:
        """Return sigmoid(a s + b) of scores of shape (n, C), float32; rows do not sum to 1.

        >>> Platt(1.0, -20.0).probabilities([[20, -500]])
        array([[0.5, 0. ]], dtype=float32)
        """
        logits = feature_rows(scores, "scores").astype(np.float64) * self.slope + self.bias
        chances: FloatArray = np.exp(-np.logaddexp(0, -logits)).astype(np.float32)
        return chances

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"slope": self.slope, "bias": self.bias}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Return what ``to_json`` made values of."""
        return cls(content["slope"], content["bias"])


def fit_platt(scores: npt.ArrayLike, labels: npt.ArrayLike) -> Platt:
    """Find slope and bias from labelled images.

    Args:
        scores: of shape (n, C), n at least 1, any scale.
        labels: the class of each image, integers of shape (n,): it counts as not showing the others; or
            which classes each shows, booleans or 0 and 1, of shape (n, C).

    Raises:
        InvalidInputError: arrays that do not fit together, or no image.

    >>> platt = fit_platt([[9, 1], [8, 2], [1, 9], [3, 7]], [0, 0, 1, 1])
    >>> platt.probabilities([[9, 1]]).round(1)
    array([[0.9, 0.1]], dtype=float32)
    """
    from scipy.optimize import minimize

    rows = feature_rows(scores, "scores")
    holds = _multi_hot(labels, rows.shape)
    if not len(rows):
        raise InvalidInputError("scores must be those of at least 1 labelled image, but there are none")
    values = rows.astype(np.float64).ravel()
    middle, spread = values.mean(), values.std() or 1.0
    steps = (values - middle) / spread
    held, not_held = holds.sum(), holds.size - holds.sum()
    target = np.where(holds.ravel(), (held + 1) / (held + 2), 1 / (not_held + 2))

    def loss(parts: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        logits = parts[0] * steps + parts[1]
        off = np.exp(-np.logaddexp(0, -logits)) - target
        return (
            float((np.logaddexp(0, logits) - target * logits).mean()),
            np.array([(off * steps).mean(), off.mean()]),
        )

    start = np.array([1.0, np.log((held + 1) / (not_held + 1))])
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)]).x
    slope = float(best[0] / spread)
    return Platt(slope, float(best[1] - slope * middle))


def _multi_hot(labels: npt.ArrayLike, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Return which classes each image shows, of shape (n, C)."""
    shown = np.asarray(labels)
    if shown.ndim == 2:
        if shown.shape != shape or not np.isin(shown, (0, 1)).all():
            raise InvalidInputError(
                f"labels of several classes must be 0 or 1 in the shape of the scores, {shape}, "
                f"but their shape is {shown.shape}"
            )
        return shown.astype(bool)
    index, _ = class_indices(shown, "labels", length=shape[0], n_classes=shape[1])
    own: npt.NDArray[np.bool_] = index[:, None] == np.arange(shape[1])
    return own
