"""What calibration learns from: a row of numbers for each labelled image, and the class it shows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, IntArray, class_indices, feature_rows
from clipcoder.errors import InvalidInputError

_ROUNDING = 1e-3  # how far from 1 a row of float32 probabilities may sum


def labelled(
    rows: npt.ArrayLike, labels: npt.ArrayLike, what: str, *, at_least: int = 0
) -> tuple[FloatArray, IntArray]:
    """Check rows of shape (n, C) and one class index for each, of shape (n,).

    Raises:
        InvalidInputError: not a finite matrix, labels that do not fit it, or too few rows.

    >>> labelled([[2, 1]], [0], "logits")[1]
    array([0])
    """
    matrix = feature_rows(rows, what)
    index, _ = class_indices(labels, "labels", length=len(matrix), n_classes=matrix.shape[1])
    if len(matrix) < at_least:
        raise InvalidInputError(
            f"{what} must be those of at least {at_least} labelled image, but there are {len(matrix)}"
        )
    return matrix, index


def image_weights(sample_weight: npt.ArrayLike | None, length: int) -> npt.NDArray[np.float64]:
    """Return how much each image counts, float64 of shape (length,); 1 where nothing is said.

    Raises:
        InvalidInputError: weights of another number, or below 0.

    >>> image_weights(None, 2)
    array([1., 1.])
    """
    weight = np.ones(length) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (length,) or not (np.isfinite(weight) & (weight >= 0)).all():
        raise InvalidInputError(
            f"sample_weight must hold one number, 0 or more, for each of the {length} images"
        )
    return weight


def probability_rows(probabilities: npt.ArrayLike) -> FloatArray:
    """Check probabilities of shape (n, C) whose rows sum to 1, and return them as float32.

    Raises:
        InvalidInputError: not a finite matrix, a number outside of [0, 1], or a row with another sum.

    >>> probability_rows([[0.25, 0.75]])
    array([[0.25, 0.75]], dtype=float32)
    """
    rows = feature_rows(probabilities, "probabilities")
    sums = rows.sum(axis=1)
    if rows.size and not (rows.min() >= 0 and (np.abs(sums - 1) < _ROUNDING).all()):
        raise InvalidInputError(
            "probabilities must be rows of numbers in [0, 1] that sum to 1, as arrays.softmax makes them of "
            f"logits, but there is a {rows.min():g} and a sum of {sums[np.abs(sums - 1).argmax()]:g}"
        )
    return rows


def share(value: float, what: str) -> float:
    """Check a number strictly between 0 and 1.

    >>> share(0.9, "coverage")
    0.9
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1:
        raise InvalidInputError(
            f"{what} must be a number between 0 and 1, such as 0.9 or 0.05, not {value!r}"
        )
    return float(value)
