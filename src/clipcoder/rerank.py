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
    softmax,
    unit_rows,
)
from clipcoder.errors import InvalidInputError

_NUMBERS_AT_ONCE = (
    1 << 20
)  # gathered differences are held for so many float32 numbers (4 MB, about a CPU's cache)


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
    if top_k < 2:
        raise InvalidInputError(f"top_k must be at least 2, for one class has no other, not {top_k}")
    if not max_gap >= 0:
        raise InvalidInputError(f"max_gap must be a difference of probabilities, 0 or more, not {max_gap}")
    choice: IntArray = stage1.argmax(axis=1)
    if pairs.n_classes < 2 or not len(pairs.differences):
        return choice
    close = np.flatnonzero(_gap(stage1) < max_gap)
    width = min(top_k, pairs.n_classes)
    for batch in batches(len(close), max(1, _NUMBERS_AT_ONCE // (width * (width - 1) // 2 * pairs.dim))):
        spots = close[batch]
        choice[spots] = _best_by_vote(rows[spots], _top_classes(stage1[spots], width), pairs)
    return choice


@dataclass(frozen=True, eq=False)
class PairDifferences:
    """D(c, o) for the pairs of classes that exist, the rest is not stored.

    Attributes:
        differences: D(c, o) with c < o, float32 of shape (p, d).
        keys: the number c * C + o of each of these pairs, ascending, of shape (p,).
        n_classes: the number of classes C.
    """

    differences: FloatArray
    keys: IntArray
    n_classes: int

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
        c, count = class_indices(first, "first", length=len(rows), n_classes=n_classes)
        o, _ = class_indices(second, "second", length=len(rows), n_classes=n_classes)
        if (c == o).any():
            raise InvalidInputError(
                f"a pair must be of two classes, but text {int(np.argmax(c == o))} has one class as both"
            )
        means = {key: rows[of_pair].mean(axis=0) for key, of_pair in grouped(c * count + o)}
        existing = [k for k in means if k // count < k % count and k % count * count + k // count in means]
        differences = [means[k] - means[k % count * count + k // count] for k in existing]
        return cls(
            np.array(differences, dtype=np.float32).reshape(-1, rows.shape[1]),
            np.array(existing, dtype=np.intp),
            count,
        )

    @property
    def dim(self) -> int:
        """The length d of a feature."""
        return int(self.differences.shape[1])

    def find(self, first: IntArray, second: IntArray) -> tuple[IntArray, FloatArray]:
        """Look up pairs (c, o), of any shape.

        Returns:
            The row of each in ``differences``, and the sign that makes it D(c, o): 1, -1, or 0 where the pair
            does not exist (its row is then any).
        """
        keys = np.minimum(first, second) * self.n_classes + np.maximum(first, second)
        found = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        sign = np.where(first < second, np.float32(1), np.float32(-1))
        return found, np.where(self.keys[found] == keys, sign, np.float32(0))


def _best_by_vote(images: FloatArray, top: IntArray, pairs: PairDifferences) -> IntArray:
    """Choose among the top classes (n, k), best first, of images (n, d); returns (n,)."""
    left, right = np.triu_indices(top.shape[1], k=1)
    row, sign = pairs.find(top[:, left], top[:, right])
    dots = np.matmul(pairs.differences[row], images[:, :, None])[:, :, 0] * sign
    plays = np.zeros(
        (len(left), top.shape[1]), dtype=np.float32
    )  # +1 and -1 for the two classes of each pair
    plays[np.arange(len(left)), left] = 1
    plays[np.arange(len(left)), right] = -1
    counts = np.abs(sign) @ np.abs(plays)
    means = np.where(counts > 0, dots @ plays / np.maximum(counts, 1), -np.inf)
    place = np.where(counts[:, 0] > 0, means.argmax(axis=1), 0)
    chosen: IntArray = np.take_along_axis(top, place[:, None], axis=1)[:, 0]
    return chosen


def _top_classes(scores: FloatArray, k: int) -> IntArray:
    """Return the k best classes of each row, best first, equal ones in class order; shape (n, k)."""
    top = np.sort(np.argpartition(scores, -k, axis=1)[:, -k:], axis=1)
    order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
    return np.take_along_axis(top, order, axis=1)


def _gap(scores: FloatArray) -> FloatArray:
    """Return by how much the best softmax exceeds the second, of shape (n,)."""
    two = np.partition(softmax(scores), -2, axis=1)[:, -2:]
    gap: FloatArray = two[:, 1] - two[:, 0]
    return gap


def _checked_scores(scores: npt.ArrayLike, n_images: int, n_classes: int) -> FloatArray:
    rows = feature_rows(scores, "scores")
    if rows.shape != (n_images, n_classes):
        raise InvalidInputError(
            f"scores must have one row an image and one column a class of the pairs, "
            f"({n_images}, {n_classes}), but their shape is {rows.shape}"
        )
    return rows
