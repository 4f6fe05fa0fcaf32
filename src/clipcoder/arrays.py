"""What the array functions agree on: features are float32 rows, and a product of unit rows is a cosine."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from clipcoder.errors import InvalidInputError

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

_SAFE_NORM = (1e-15, 1e18)  # within these the squares of a float32 row neither vanish nor overflow
_UNIT = 3e-7  # how far from 1 the length of a row is that was divided by its length in float32


def feature_rows(features: npt.ArrayLike, what: str = "features", *, dim: int | None = None) -> FloatArray:
    """Check a feature matrix and return it as float32, without a copy where it is float32 already.

    Args:
        features: numbers of shape (n, d); n may be 0, d may not.
        what: the name that an error message gives to the matrix.
        dim: the d that is needed, where it is known.

    Raises:
        InvalidInputError: not a matrix of finite real numbers, or of another width than ``dim``.

    >>> feature_rows([[1, 2]]).dtype
    dtype('float32')
    """
    rows = _as_matrix(features, what, dim)
    _refuse_not_finite(rows, what)
    return rows


def unit_rows(features: npt.ArrayLike, what: str = "features", *, dim: int | None = None) -> FloatArray:
    """Scale every row to length 1, so that the product of two rows is their cosine.

    Args:
        features: numbers of shape (n, d), of any scale.
        what: the name that an error message gives to the matrix.
        dim: the d that is needed, where it is known.

    Returns:
        float32 of shape (n, d): the features themselves, not a copy, where they are unit rows already.

    Raises:
        InvalidInputError: as in ``feature_rows``, or a row is all zeros and so has no direction.

    >>> unit_rows([[3, 4]])
    array([[0.6, 0.8]], dtype=float32)
    """
    rows = _as_matrix(features, what, dim)
    norms = row_norms(rows)
    if (np.abs(norms - 1) < _UNIT).all():
        return rows
    if not ((norms > _SAFE_NORM[0]) & (norms < _SAFE_NORM[1])).all():  # False for NaN as well
        rows = _scaled_to_peak(rows, what)
        norms = row_norms(rows)
    return rows / norms[:, None]


def row_norms(rows: FloatArray) -> FloatArray:
    """Return the Euclidean length of each row, of shape (n,).

    >>> row_norms(np.float32([[3, 4]]))
    array([5.], dtype=float32)
    """
    with np.errstate(over="ignore", invalid="ignore"):
        norms: FloatArray = np.sqrt(np.einsum("nd,nd->n", rows, rows))
    return norms


def class_indices(
    values: npt.ArrayLike, what: str, *, length: int, n_classes: int | None = None
) -> tuple[IntArray, int]:
    """Check one class index a row and return them with the number of classes.

    Args:
        values: integers of shape (length,), each in [0, n_classes).
        what: the name that an error message gives to them.
        length: how many rows there are to index.
        n_classes: how many classes there are; None means the largest index plus one.

    Raises:
        InvalidInputError: not integers, not ``length`` of them, or out of range.

    >>> class_indices([0, 2, 1], "text_class", length=3)
    (array([0, 2, 1]), 3)
    """
    index = np.asarray(values)
    if index.shape != (length,):
        raise InvalidInputError(
            f"{what} must hold one class index for each of the {length} rows (shape ({length},)), "
            f"but its shape is {index.shape}"
        )
    if index.size and index.dtype.kind not in "iu":
        raise InvalidInputError(
            f"{what} must hold integers (positions in the list of classes), not {index.dtype}"
        )
    index = index.astype(np.intp)
    count = n_classes if n_classes is not None else int(index.max(initial=-1)) + 1
    if index.size and not (index.min() >= 0 and index.max() < count):
        raise InvalidInputError(
            f"{what} must lie between 0 and {count - 1}, the positions of {count} classes, "
            f"but it runs from {index.min()} to {index.max()}"
        )
    return index, count


def grouped(index: IntArray) -> Iterator[tuple[int, slice | IntArray]]:
    """Yield each group that occurs and the rows that belong to it, groups ascending, rows in their order.

    Rows that are sorted by group come as slices, so that taking them copies nothing.

    >>> [(group, rows.tolist()) for group, rows in grouped(np.array([1, 0, 1]))]
    [(0, [1]), (1, [0, 2])]
    """
    if not index.size:
        return
    is_sorted = bool((index[1:] >= index[:-1]).all())
    order = np.arange(len(index)) if is_sorted else np.argsort(index, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(index[order])) + 1, len(index))
    start = 0
    for end in ends.tolist():
        yield int(index[order[start]]), slice(start, end) if is_sorted else order[start:end]
        start = end


def softmax(logits: npt.ArrayLike, *, temperature: float = 1.0) -> FloatArray:
    """Turn rows of logits into probabilities.

    Args:
        logits: finite numbers of shape (n, C), such as scores, which have CLIP's logit scale of 100 in them.
        temperature: what logits are divided by; above 1 the probabilities are softer.

    Returns:
        A float32 array of shape (n, C) whose rows sum to 1.

    Raises:
        InvalidInputError: not a finite matrix, or a temperature that is not positive.

    >>> softmax([[0.0, 0.0]])
    array([[0.5, 0.5]], dtype=float32)
    """
    if not (np.isfinite(temperature) and temperature > 0):
        raise InvalidInputError(f"temperature must be a positive number, not {temperature}")
    rows = feature_rows(logits, "logits")
    with np.errstate(over="ignore"):  # further below the best than float32 reaches: its weight is 0
        weights: FloatArray = np.exp((rows - rows.max(axis=1, keepdims=True)) / np.float32(temperature))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def batches(count: int, size: int) -> Iterator[slice]:
    """Yield the slices that cut ``count`` rows into consecutive batches of at most ``size``.

    >>> list(batches(5, 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def _as_matrix(features: npt.ArrayLike, what: str, dim: int | None) -> FloatArray:
    try:
        rows = np.asarray(features)
    except ValueError as error:
        raise InvalidInputError(f"{what} must be rows of one length, a matrix of shape (n, d)") from error
    if rows.dtype.kind not in "fiu":
        raise InvalidInputError(f"{what} must hold real numbers, not {rows.dtype}")
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise InvalidInputError(
            f"{what} must be a matrix of shape (n, d), but its shape is {rows.shape}; "
            "a single vector v goes in as v[None]"
        )
    if dim is not None and rows.shape[1] != dim:
        raise InvalidInputError(
            f"{what} must have {dim} columns as the features they are compared with, but they have "
            f"{rows.shape[1]}; encode both with the same model"
        )
    with np.errstate(over="ignore"):
        return rows.astype(np.float32, copy=False)


def _scaled_to_peak(rows: FloatArray, what: str) -> FloatArray:
    """Scale rows to a largest entry of 1, so that even the tiniest and the hugest have a norm in float32."""
    _refuse_not_finite(rows, what)
    peak = np.abs(rows).max(axis=1, keepdims=True)
    if not peak.all():
        raise InvalidInputError(
            f"each row of {what} needs a direction, but row {int(np.argmin(peak))} is all zeros; drop it"
        )
    scaled: FloatArray = rows / peak
    return scaled


def _refuse_not_finite(rows: FloatArray, what: str) -> None:
    finite = np.isfinite(rows)
    if not finite.all():
        spot = int(np.argmin(finite.all(axis=1)))
        raise InvalidInputError(
            f"{what} must be finite, but row {spot} holds NaN or an infinity; encode it again or leave it out"
        )
