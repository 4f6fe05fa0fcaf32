"""The one-to-one rerank, stage 2 of CODER* (paper, section 3.4): one gather and one product for a batch.

With T(c, o) the texts that say how class c differs from class o, a class is voted for by

    vote(x, c) = mean over the other top classes o of x.D(c, o),    D(c, o) = mean T(c, o) - mean T(o, c).

D is antisymmetric, so k classes need k (k - 1) / 2 products of length d, however many texts a pair has.
A pair exists where both directions have texts; one that does not casts no vote, rather than a vote of 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import (
    FloatArray,
    IntArray,
    batches,
    class_indices,
    feature_rows,
    grouped,
    unit_rows,
)
from clipcoder.errors import InvalidInputError

_IMAGES_AT_ONCE = 1024  # bounds what is put aside, and keeps it in the cache
_NUMBERS_AT_ONCE = 1 << 17  # differences are gathered in blocks of 0.5 MB, which the cache of a core holds


def rerank(
    images: npt.ArrayLike,
    scores: npt.ArrayLike,
    pairs: PairDifferences,
    *,
    top_k: int = 5,
    max_gap: float,
) -> IntArray:
    """Return the class of each image: the best score or, in a close call, the choice among the top k.

    A close call is an image whose best and second score differ by less than ``max_gap`` in softmax.
    Then those of the top k classes that have a vote are put into the order of their votes, on the places they
    hold; a class without one (no pair with another of the k exists) keeps its place, even the first.

    Args:
        images: image features of shape (n, d), of any scale.
        scores: stage-1 scores of shape (n, C), cosines times 100, as from ``zero_shot.heuristic_scores``.
        pairs: the one-to-one differences of the C classes.
        top_k: how many of the best classes are compared, at least 2; with fewer classes, all are.
        max_gap: a difference of probabilities; 0 reranks nothing, anything above 1 reranks everything.

    Returns:
        Class indices of shape (n,).

    Raises:
        InvalidInputError: arrays that do not fit together, ``top_k`` below 2, a negative ``max_gap``.

    >>> pairs = PairDifferences.from_texts([[1, 0], [0, 1]], [0, 1], [1, 0], n_classes=2)
    >>> rerank([[1, 0]], [[20.0, 20.1]], pairs, max_gap=0.1)
    array([0])
    """
    rows = unit_rows(images, "images", dim=pairs.dim)
    stage1 = _checked_scores(scores, len(rows), pairs.n_classes)
    if not (isinstance(top_k, int | np.integer) and top_k >= 2):
        raise InvalidInputError(f"top_k must be a whole number of classes to compare, 2 or more, not {top_k}")
    if not max_gap >= 0:
        raise InvalidInputError(f"max_gap must be a difference of probabilities, 0 or more, not {max_gap}")
    choice = np.zeros(len(rows), dtype=np.intp)
    if pairs.n_classes > 1:
        for batch in batches(len(rows), _IMAGES_AT_ONCE):
            choice[batch] = _reranked(rows[batch], stage1[batch], pairs, top_k, max_gap)
    return choice


def _reranked(
    images: FloatArray, scores: FloatArray, pairs: PairDifferences, top_k: int, max_gap: float
) -> IntArray:
    top = _top_classes(scores, min(top_k, pairs.n_classes))
    choice = top[:, 0].copy()
    close = _gap(scores, top) < max_gap
    if len(pairs.differences):
        spots = slice(None) if close.all() else np.flatnonzero(close)  # a slice copies nothing
        choice[spots] = _best_by_vote(images[spots], top[spots], pairs)
    return choice


@dataclass(frozen=True, eq=False)
class PairDifferences:
    """D(c, o) for the pairs of classes that exist, the rest is not stored.

    Attributes:
        differences: D(c, o) with c < o, float32 of shape (p, d).
        index: where to find them, antisymmetric int32 of shape (C, C): r + 1 where row r is D(c, o), -(r + 1)
            where it is D(o, c), and 0 where the pair does not exist.
    """

    differences: FloatArray
    index: npt.NDArray[np.int32]

    @classmethod
    def from_texts(
        cls, pair_texts: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike, n_classes: int
    ) -> PairDifferences:
        """Fold one-to-one texts, each of which says how class ``first`` differs from class ``second``.

        Args:
            pair_texts: text features of shape (t, d), of any scale and in any order; t may be 0.
            first: the class that each text is about, integers of shape (t,).
            second: the class it is told apart from, integers of shape (t,).
            n_classes: the number of classes C.

        Raises:
            InvalidInputError: arrays that do not fit together, a zero row, or a class paired with itself.

        >>> PairDifferences.from_texts([[1, 0], [0, 1]], [0, 1], [1, 0], 2).differences
        array([[ 1., -1.]], dtype=float32)
        """
        rows = unit_rows(pair_texts, "pair_texts")
        own, count = class_indices(first, "first", length=len(rows), n_classes=n_classes)
        other, _ = class_indices(second, "second", length=len(rows), n_classes=n_classes)
        if (own == other).any():
            raise InvalidInputError(
                f"a pair must be of two classes, but text {int(np.argmax(own == other))} has one twice"
            )
        means = {key: rows[of_pair].mean(axis=0) for key, of_pair in grouped(own * count + other)}
        pairs = [(k // count, k % count) for k in means]
        existing = [(c, o) for c, o in pairs if c < o and o * count + c in means]
        differences = [means[c * count + o] - means[o * count + c] for c, o in existing]
        index = np.zeros((count, count), dtype=np.int32)
        for row, (c, o) in enumerate(existing, start=1):
            index[c, o], index[o, c] = row, -row
        return cls(np.array(differences, dtype=np.float32).reshape(-1, rows.shape[1]), index)

    @property
    def n_classes(self) -> int:
        """The number of classes C."""
        return len(self.index)

    @property
    def dim(self) -> int:
        """The length d of a feature."""
        return int(self.differences.shape[1])


def _best_by_vote(images: FloatArray, top: IntArray, pairs: PairDifferences) -> IntArray:
    """Choose among the top classes (n, k), best first, of images (n, d); returns (n,)."""
    left, right = np.triu_indices(top.shape[1], k=1)
    spots = pairs.index[top[:, left], top[:, right]]
    # 0: the pair does not exist, and row -1 that is read for it is dropped.
    sign = np.sign(spots).astype(np.float32)
    dots = _dots(images, pairs.differences, np.abs(spots) - 1) * sign
    # +1 and -1 for the two classes of each pair.
    plays = np.zeros((len(left), top.shape[1]), dtype=np.float32)
    plays[np.arange(len(left)), left] = 1
    plays[np.arange(len(left)), right] = -1
    counts = np.abs(sign) @ np.abs(plays)
    means = np.where(counts > 0, dots @ plays / np.maximum(counts, 1), -np.inf)
    place = np.where(counts[:, 0] > 0, means.argmax(axis=1), 0)
    chosen: IntArray = np.take_along_axis(top, place[:, None], axis=1)[:, 0]
    return chosen


def _dots(images: FloatArray, differences: FloatArray, row: IntArray) -> FloatArray:
    """Return images[i] . differences[row[i, j]] as float32 of the shape of row, (n, q)."""
    dots = np.empty(row.shape, dtype=np.float32)
    at_once = max(1, _NUMBERS_AT_ONCE // (row.shape[1] * differences.shape[1]))
    block = np.empty((min(at_once, len(row)), *row.shape[1:], *differences.shape[1:]), dtype=np.float32)
    for batch in batches(len(row), at_once):
        gathered = block[: batch.stop - batch.start]
        differences.take(row[batch], axis=0, out=gathered, mode="clip")  # row -1, no pair, reads some other
        np.matmul(gathered, images[batch, :, None], out=dots[batch, :, None])
    return dots


def _top_classes(scores: FloatArray, k: int) -> IntArray:
    """Return the k best classes of each row, best first, equal ones in class order; shape (n, k)."""
    left = scores.copy()
    top = np.empty((len(scores), k), dtype=np.intp)
    every = np.arange(len(scores))
    for place in range(k):  # for a few of many classes, k passes beat a partial sort
        top[:, place] = left.argmax(axis=1)
        left[every, top[:, place]] = -np.inf
    return top


def _gap(scores: FloatArray, top: IntArray) -> FloatArray:
    """Return by how much the best softmax exceeds the second, of shape (n,)."""
    best, second = np.take_along_axis(scores, top[:, :2], axis=1).T
    with np.errstate(over="ignore"):  # further below the best than float32 reaches: its weight is 0
        gap: FloatArray = (1 - np.exp(second - best)) / np.exp(scores - best[:, None]).sum(axis=1)
    return gap


def _checked_scores(scores: npt.ArrayLike, n_images: int, n_classes: int) -> FloatArray:
    rows = feature_rows(scores, "scores")
    if rows.shape != (n_images, n_classes):
        raise InvalidInputError(
            f"scores must have one row an image and one column a class of the pairs, "
            f"({n_images}, {n_classes}), but their shape is {rows.shape}"
        )
    return rows
