"""The rerank itself: who is compared, how they vote, and what happens where a pair has no texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, IntArray, batches, feature_rows, unit_rows
from clipcoder.errors import InvalidInputError
from clipcoder.rerank.close_calls import best_classes, checked_gap, checked_temperature, gaps_between
from clipcoder.rerank.differences import PairDifferences

_IMAGES_AT_ONCE: Final = 1024  # bounds what is put aside, and keeps it in the cache
_NUMBERS_AT_ONCE: Final = 1 << 17  # differences in blocks of 0.5 MB, which the cache of a core holds
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Reranking:
    """What a rerank made of n images, and what it lacked.

    Attributes:
        chosen: the class of each image, integers of shape (n,).
        top: its k best classes by the scores, best first, of shape (n, k).
        close: whether it was a close call, booleans of shape (n,).
        missing: of a close call, which pairs of the top classes have no texts and cast no vote; booleans of
            shape (n, k (k - 1) / 2), pairs of places in the order of ``places(k)``. False of a clear call.
    """

    chosen: IntArray
    top: IntArray
    close: BoolArray
    missing: BoolArray


def rerank(
    images: npt.ArrayLike,
    scores: npt.ArrayLike,
    pairs: PairDifferences,
    *,
    top_k: int = 5,
    max_gap: float,
    temperature: float = 1.0,
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
            ``gap_of_share`` learns one from unlabelled images.
        temperature: what scores are divided by before that softmax; positive. It changes who is reranked, and
            nothing about how.

    Returns:
        Class indices of shape (n,).

    Raises:
        InvalidInputError: arrays that do not fit together, ``top_k`` below 2, a negative ``max_gap``, or a
            temperature that is none.

    >>> pairs = PairDifferences.from_texts([[1, 0], [0, 1]], [0, 1], [1, 0], n_classes=2)
    >>> rerank([[1, 0]], [[20.0, 20.1]], pairs, max_gap=0.1)
    array([0])
    """
    return reranking(images, scores, pairs, top_k=top_k, max_gap=max_gap, temperature=temperature).chosen


def rerank_as_published(
    images: npt.ArrayLike,
    scores: npt.ArrayLike,
    pairs: PairDifferences,
    *,
    top_k: int = 5,
    max_gap: float,
) -> IntArray:
    """Return what the published implementation chooses, for a comparison: a missing pair votes 0.

    So a class without any pair wins against those whose votes are negative, and one that lacks some is drawn
    towards 0. The published program also reranks only where the label is among the top k. That changes no
    top-1 accuracy, for the others are wrong either way, and it needs the labels: who wants such a table masks
    the result by them, outside of prediction.

    Arguments, result and errors are those of ``rerank``, at the published temperature of 1.

    >>> pairs = PairDifferences.from_texts([[1, 0], [0, 1]], [0, 1], [1, 0], n_classes=3)
    >>> for rule in (rerank, rerank_as_published):  # class 2 has no pair: it stays first, or its vote is 0
    ...     print(rule([[1, 0]], [[20.0, 20.1, 20.2]], pairs, max_gap=0.1))
    [2]
    [0]
    """
    return reranking(images, scores, pairs, top_k=top_k, max_gap=max_gap, missing_votes_0=True).chosen


def reranking(
    images: npt.ArrayLike,
    scores: npt.ArrayLike,
    pairs: PairDifferences,
    *,
    top_k: int = 5,
    max_gap: float,
    temperature: float = 1.0,
    missing_votes_0: bool = False,
) -> Reranking:
    """Rerank as ``rerank`` does, and tell which images were close calls and which pairs were missing.

    Args:
        images: as for ``rerank``, whose errors are raised.
        scores: as for ``rerank``.
        pairs: as for ``rerank``.
        top_k: as for ``rerank``.
        max_gap: as for ``rerank``.
        temperature: as for ``rerank``.
        missing_votes_0: what ``rerank_as_published`` does instead of leaving missing pairs out.

    >>> pairs = PairDifferences.from_texts([[1, 0], [0, 1]], [0, 1], [1, 0], n_classes=3)
    >>> result = reranking([[1, 0]], [[20.0, 20.1, 20.2]], pairs, max_gap=0.1)
    >>> result.top, result.missing  # 2 and 1, 2 and 0, 1 and 0
    (array([[2, 1, 0]]), array([[ True,  True, False]]))
    """
    rows = unit_rows(images, "images", dim=pairs.dim)
    stage1 = _checked_scores(scores, len(rows), pairs.n_classes)
    if not (isinstance(top_k, int | np.integer) and top_k >= 2):
        raise InvalidInputError(f"top_k must be a whole number of classes to compare, 2 or more, not {top_k}")
    below, k = checked_gap(max_gap), min(int(top_k), pairs.n_classes)
    unit = checked_temperature(temperature)
    top = np.empty((len(rows), k), dtype=np.intp)
    close = np.zeros(len(rows), dtype=bool)
    if k > 1:
        for batch in batches(len(rows), _IMAGES_AT_ONCE):
            top[batch] = best_classes(stage1[batch], k)
            close[batch] = gaps_between(stage1[batch], top[batch], unit) < below
    else:
        top[:] = 0
    missing = np.zeros((len(rows), k * (k - 1) // 2), dtype=bool)
    place = np.zeros(len(rows), dtype=np.intp)
    spots = np.flatnonzero(close)
    for batch in batches(len(spots), _IMAGES_AT_ONCE):
        some = batch if len(spots) == len(rows) else spots[batch]  # a slice copies nothing
        place[some], missing[some] = _best_by_vote(rows[some], top[some], pairs, missing_votes_0)
    return Reranking(np.take_along_axis(top, place[:, None], axis=1)[:, 0], top, close, missing)


def places(k: int) -> tuple[IntArray, IntArray]:
    """Return the pairs of places among the k best, better place first, each of shape (k (k - 1) / 2,).

    >>> places(3)
    (array([0, 0, 1]), array([1, 2, 2]))
    """
    left, right = np.triu_indices(k, k=1)
    return left, right


def _best_by_vote(
    images: FloatArray, top: IntArray, pairs: PairDifferences, missing_votes_0: bool
) -> tuple[IntArray, BoolArray]:
    """Choose a place among the top classes (n, k), best first, of images (n, d); and say what is missing."""
    k = top.shape[1]
    left, right = places(k)
    row, sign = pairs.find(top[:, left], top[:, right])
    missing = sign == 0
    if not len(pairs.differences):
        return np.zeros(len(top), dtype=np.intp), missing
    dots = _dots(images, pairs.differences, row) * sign
    # +1 and -1 for the two classes of each pair.
    plays = np.zeros((len(left), k), dtype=np.float32)
    plays[np.arange(len(left)), left] = 1
    plays[np.arange(len(left)), right] = -1
    sums = dots @ plays
    if missing_votes_0:
        return sums.argmax(axis=1), missing
    counts = np.abs(sign) @ np.abs(plays)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), -np.inf)
    return np.where(counts[:, 0] > 0, means.argmax(axis=1), 0), missing


def _dots(images: FloatArray, differences: FloatArray, row: IntArray) -> FloatArray:
    """Return images[i] . differences[row[i, j]] as float32 of the shape of row, (n, q)."""
    dots = np.empty(row.shape, dtype=np.float32)
    at_once = max(1, _NUMBERS_AT_ONCE // (row.shape[1] * differences.shape[1]))
    block = np.empty((min(at_once, len(row)), *row.shape[1:], *differences.shape[1:]), dtype=np.float32)
    for batch in batches(len(row), at_once):
        gathered = block[: batch.stop - batch.start]
        differences.take(row[batch], axis=0, out=gathered, mode="clip")
        np.matmul(gathered, images[batch, :, None], out=dots[batch, :, None])
    return dots


def _checked_scores(scores: npt.ArrayLike, n_images: int, n_classes: int) -> FloatArray:
    rows = feature_rows(scores, "scores")
    if rows.shape != (n_images, n_classes):
        raise InvalidInputError(
            f"scores must have one row an image and one column a class of the pairs, "
            f"({n_images}, {n_classes}), but their shape is {rows.shape}"
        )
    return rows
