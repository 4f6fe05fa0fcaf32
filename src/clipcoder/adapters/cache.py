"""Cache adapters: the labelled images vote for their classes (Tip-Adapter; paper, section 3.5).

With support images S, their one-hot labels Y and the affinity a(x) of an image to each of them,

    cache(x) = exp( -beta (1 - a(x)) ) @ Y,    logits(x) = 100 x.W + alpha cache(x).

Tip-Adapter takes cosines of features for a(x); the CODER-Adapter takes cosines of CODERs, stretched over S
to [0, 1]. The votes are added up class by class, without a product with Y, most of which is zeros. ``sweep``
finds the best alpha and beta.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from clipcoder import coder
from clipcoder.arrays import FloatArray, batches, class_indices, feature_rows, unit_rows
from clipcoder.errors import InvalidInputError

_VOTES_AT_ONCE: Final = 1 << 18  # blocks of 1 MB, which the cache of a core holds
_NO_VOTE: Final = np.finfo(np.float32).min  # finite, yet so far away that no beta leaves anything of a vote
_SMALLEST_BETA: Final = 1e-30  # with it _NO_VOTE is no vote still, and an affinity of -1 a whole one
_ROUNDING: Final = 1e-3  # by which a cosine of half precision may exceed 1


def tip_affinity(images: npt.ArrayLike, support: npt.ArrayLike) -> FloatArray:
    """Return the cosines between images and a support set, as Tip-Adapter compares them.

    Args:
        images: image features of shape (n, d), of any scale.
        support: image features of shape (s, d), of any scale.

    Returns:
        float32 cosines of shape (n, s), in [-1, 1].

    Raises:
        InvalidInputError: not finite matrices of one width, or a zero row.

    >>> tip_affinity([[2, 0]], [[3, 0], [0, 1]])
    array([[1., 0.]], dtype=float32)
    """
    right = unit_rows(support, "support")
    cosines: FloatArray = unit_rows(images, "images", dim=right.shape[1]) @ right.T
    return cosines.clip(-1, 1, out=cosines)


def coder_affinity(images: npt.ArrayLike, support: npt.ArrayLike, gram: npt.ArrayLike) -> FloatArray:
    """Return how alike the CODERs of images and a support set are, as the CODER-Adapter compares them.

    Args:
        images: image features of shape (n, d), of any scale.
        support: image features of shape (s, d), of any scale, s at least 1.
        gram: the Gram matrix of the texts, of shape (d, d), from ``coder.gram``.

    Returns:
        float32 of shape (n, s): cosines of CODERs, each row stretched to [0, 1]. An image that is equally
        near to all of the support prefers none of it, and its row is all 0.

    Raises:
        InvalidInputError: not finite matrices of one width, a zero row, or no support.

    >>> coder_affinity([[1, 0]], [[1, 0], [0, 1], [1, 1]], [[1, 0], [0, 1]]).round(3)
    array([[1.   , 0.   , 0.707]], dtype=float32)
    """
    cosines = coder.affinity(images, support, gram)
    if not cosines.shape[1]:
        raise InvalidInputError("support must hold at least one image to compare with, but it is empty")
    return coder.minmax(cosines)


def leave_one_out(
    affinity: npt.ArrayLike, own: npt.ArrayLike | None = None, *, stretch: bool = False
) -> FloatArray:
    """Return the affinities of images of a support set to all of it such that none votes for itself.

    Args:
        affinity: affinities of shape (n, s).
        own: the column that is the image of each row itself, integers of shape (n,); None means that row and
            column i are of the same image, and n is s.
        stretch: stretch each row to [0, 1] over the other images, as the CODER-Adapter would without this
            one; whether the rows have been stretched before, with the image itself, makes no difference.

    Returns:
        float32 of shape (n, s), where an image meets itself the lowest number there is: to ``cache_logits``,
        no vote.

    Raises:
        InvalidInputError: not a finite matrix, or columns that do not fit it.

    >>> others = leave_one_out([[1, 0.5], [0.5, 1]])
    >>> cache_logits(others, [0, 1], n_classes=2, beta=1).round(3)
    array([[0.   , 0.607],
           [0.607, 0.   ]], dtype=float32)
    """
    rows = feature_rows(affinity, "affinity").copy()
    if own is None and rows.shape[0] != rows.shape[1]:
        raise InvalidInputError(
            f"affinity must compare a support set with itself, a square matrix, but its shape is {rows.shape}"
        )
    columns = np.arange(len(rows)) if own is None else own
    index, _ = class_indices(columns, "own", length=len(rows), n_classes=rows.shape[1])
    itself = np.arange(len(rows)), index
    if stretch and rows.shape[1] > 1:
        rows[itself] = np.inf
        rows[itself] = rows.min(axis=1)  # an end of the others' range leaves it as it is
        rows = coder.minmax(rows)
    rows[itself] = _NO_VOTE
    return rows


def cache_logits(
    affinity: npt.ArrayLike,
    labels: npt.ArrayLike,
    n_classes: int,
    beta: float,
    *,
    sample_weight: npt.ArrayLike | None = None,
) -> FloatArray:
    """Let the support set vote: exp(-beta (1 - affinity)) @ one-hot labels (paper, section 3.5).

    Args:
        affinity: affinities of n images to s support images, of shape (n, s), at most 1. Beside it and the
            result memory is bounded; where it is too large itself, images may come in parts.
        labels: the class of each support image, integers of shape (s,).
        n_classes: the number of classes C; a class without support images has no votes.
        beta: how fast a vote fades with distance, positive.
        sample_weight: how much each support image counts, of shape (s,), 0 or more; None means 1.

    Returns:
        float32 votes of shape (n, C), 0 or more.

    Raises:
        InvalidInputError: arrays that do not fit together, an affinity above 1, a beta that is not positive,
            or a negative weight.

    >>> cache_logits([[1, 1, 0]], [0, 0, 1], n_classes=3, beta=1).round(3)
    array([[2.   , 0.368, 0.   ]], dtype=float32)
    """
    rows = feature_rows(affinity, "affinity")
    if rows.max(initial=0) > 1 + _ROUNDING:
        raise InvalidInputError(f"affinity must be at most 1, as cosines are, but it reaches {rows.max():g}")
    if not (np.isfinite(beta) and beta >= _SMALLEST_BETA):
        raise InvalidInputError(f"beta must be a positive number, not {beta}")
    index, count = class_indices(labels, "labels", length=rows.shape[1], n_classes=n_classes)
    weights = None if sample_weight is None else _checked_weights(sample_weight, rows.shape[1])
    is_sorted = bool((index[1:] >= index[:-1]).all())
    order = slice(None) if is_sorted else np.argsort(index, kind="stable")  # a slice copies nothing
    present, first = np.unique(index[order], return_index=True)
    logits = np.zeros((len(rows), count), dtype=np.float32)
    for batch in batches(len(rows), max(1, _VOTES_AT_ONCE // rows.shape[1])):
        votes = _votes(rows[batch, order], beta)
        if weights is not None:
            votes *= weights[order]
        alone = len(first) == votes.shape[1]  # one image a class: nothing to add up
        logits[batch, present] = votes if alone else np.add.reduceat(votes, first, axis=1)
    return logits


def _votes(affinity: FloatArray, beta: float) -> FloatArray:
    exponents = affinity - np.float32(1)
    with np.errstate(over="ignore"):  # further away than float32 reaches: no vote
        exponents *= np.float32(beta)
    votes: FloatArray = np.exp(exponents, out=exponents)
    return votes


def _checked_weights(sample_weight: npt.ArrayLike, length: int) -> FloatArray:
    values = np.asarray(sample_weight)
    if values.shape != (length,):
        raise InvalidInputError(
            f"sample_weight must hold one weight for each of the {length} support images "
            f"(shape ({length},)), but its shape is {values.shape}"
        )
    weights: FloatArray = feature_rows(values[None], "sample_weight")[0]
    if weights.min() < 0:
        raise InvalidInputError(f"sample_weight must be 0 or more, but it goes down to {weights.min():g}")
    return weights
