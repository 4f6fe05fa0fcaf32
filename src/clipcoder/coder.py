"""The CODER of an image, its similarities to all texts of a bank (paper, section 3.2), and its Gram form.

Two CODERs meet only in their cosine. With T the (m, d) unit text features, CODER(x) = T x, hence

    cos( CODER(x), CODER(y) ) = x G y / sqrt( x G x * y G y ),    G = T^t T of shape (d, d),

so the m-dimensional vectors (m is often 10,000 to 40,000) need not be built: memory is n*d, not n*m. It also
says what comparing images by their neighbour texts is: comparing their features under the metric G.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, batches, feature_rows, unit_rows
from clipcoder.errors import InvalidInputError

_TEXTS_AT_ONCE = 8192  # the partial sums of a Gram matrix are float32 products, added up in float64
_ROUNDING = 1e-7  # of trace G, the largest that x G x could be


def represent(images: npt.ArrayLike, texts: npt.ArrayLike) -> FloatArray:
    """Return the CODER of each image: its cosine to every text (paper, equation 2).

    Args:
        images: image features of shape (n, d), of any scale.
        texts: text features of shape (m, d), of any scale.

    Returns:
        float32 cosines of shape (n, m), in [-1, 1]. These are many numbers: ``affinity`` compares CODERs and
        ``zero_shot.heuristic_scores`` scores them without building any.

    Raises:
        InvalidInputError: not finite matrices of one width, or a zero row.

    >>> represent([[2, 0]], [[1, 0], [0, 1]])
    array([[1., 0.]], dtype=float32)
    """
    rows = unit_rows(texts, "texts")
    return unit_rows(images, "images", dim=rows.shape[1]) @ rows.T


def gram(texts: npt.ArrayLike) -> FloatArray:
    """Return G = T^t T of the unit text features: all that a comparison of CODERs needs to know of the texts.

    Args:
        texts: text features of shape (m, d), of any scale, m at least 1.

    Returns:
        A symmetric float32 array of shape (d, d).

    Raises:
        InvalidInputError: no text, not a finite matrix, or a zero row.

    >>> gram([[2, 0], [1, 0]])
    array([[2., 0.],
           [0., 0.]], dtype=float32)
    """
    rows = feature_rows(texts, "texts")
    if not len(rows):
        raise InvalidInputError("a Gram matrix needs at least one text, but there is none")
    total = np.zeros((rows.shape[1], rows.shape[1]))
    for batch in batches(len(rows), _TEXTS_AT_ONCE):
        unit = unit_rows(rows[batch], "texts")
        total += unit.T @ unit
    return total.astype(np.float32)


def affinity(images: npt.ArrayLike, support: npt.ArrayLike, gram: npt.ArrayLike) -> FloatArray:
    """Return the cosines between the CODERs of images and those of a support set, without building CODERs.

    Args:
        images: image features of shape (n, d), of any scale.
        support: image features of shape (s, d), of any scale.
        gram: the Gram matrix of the texts, of shape (d, d).

    Returns:
        float32 cosines of shape (n, s), in [-1, 1]; 0 for an image at right angles to every text, whose CODER
        has no direction.

    Raises:
        InvalidInputError: not finite matrices of one width, or a zero row.

    >>> affinity([[1, 0]], [[3, 0], [1, 1]], gram([[1, 0], [1, 0]])).round(6)
    array([[1., 1.]], dtype=float32)
    """
    metric = feature_rows(gram, "gram")
    dim = len(metric)
    if metric.shape != (dim, dim):
        raise InvalidInputError(f"gram must be square, as coder.gram(texts) returns it, not {metric.shape}")
    left = unit_rows(images, "images", dim=dim)
    right = unit_rows(support, "support", dim=dim)
    left_mapped = left @ metric
    left_mapped *= _inverse_lengths(left, left_mapped, metric)
    cosines: FloatArray = left_mapped @ (right * _inverse_lengths(right, right @ metric, metric)).T
    return cosines.clip(-1, 1)


def minmax(affinity: npt.ArrayLike) -> FloatArray:
    """Stretch each row of affinities to [0, 1], as the CODER-Adapter does (paper, section 3.5).

    Args:
        affinity: finite numbers of shape (n, s), s at least 1.

    Returns:
        A float32 array of shape (n, s). A row without spread, which prefers nothing, is all 0.

    Raises:
        InvalidInputError: not a finite matrix.

    >>> minmax([[0.2, 0.4, 0.3]]).round(6)
    array([[0. , 1. , 0.5]], dtype=float32)
    """
    rows = feature_rows(affinity, "affinity")
    lowest: FloatArray = rows.min(axis=1, keepdims=True)
    spread: FloatArray = rows.max(axis=1, keepdims=True) - lowest
    spread[spread == 0] = 1
    return (rows - lowest) / spread


def _inverse_lengths(rows: FloatArray, mapped: FloatArray, metric: FloatArray) -> FloatArray:
    """Return 1 / sqrt(x G x) of each row x, as a column; bounded where x G x is nothing but rounding."""
    squared: FloatArray = np.einsum("nd,nd->n", rows, mapped)[:, None]
    floor = np.float32(_ROUNDING * np.trace(metric) or 1)
    lengths: FloatArray = np.sqrt(np.maximum(squared, floor))
    return np.reciprocal(lengths)
