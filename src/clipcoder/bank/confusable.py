"""The pairs of classes that are worth one-to-one texts: those that lie near each other or compete for images.

All pairs of C classes are C (C - 1) / 2, far too many to ask a language model about; the rerank (paper,
section 3.4) only ever looks at the best classes of one image. Which ones these may be is told by the texts of
the classes, or better by photos, which need no labels for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, IntArray, batches, feature_rows, unit_rows
from clipcoder.bank.names import checked_names
from clipcoder.bank.text_bank import TextBank
from clipcoder.errors import InvalidInputError
from clipcoder.generators.base import TextEncoder

_TEXTS_AT_ONCE: Final = 8192  # that are held as features
_NUMBERS_AT_ONCE: Final = 1 << 22  # cosines or scores that are looked at together: 16 MB, and 32 of ranks
_STEPS: Final = 1_000_000  # of a cosine; finer differences are noise of the matrix product


def nearest_pairs(bank: TextBank, encoder: TextEncoder, *, neighbours: int = 3) -> list[tuple[str, str]]:
    """Return each class with its nearest others by text features, nearest pairs first.

    A class is the direction of the mean of its texts, all of them unit rows t:

        m_c = sum_{t of c} t / | sum_{t of c} t |,    near(c, o) = m_c . m_o

    The heuristic score of an image is, up to the one name that counts, a multiple of its product with this
    mean, so classes with near means get near scores. The prototypes that ``zero_shot`` folds are one for each
    name; the mean is one for each class, whether it has many names or none, and so nearness is symmetric.

    Args:
        bank: the classes and their texts.
        encoder: what encodes the texts.
        neighbours: how many others are taken for each class; with C - 1 or more come all pairs.

    Returns:
        Pairs of class names, the earlier class of the bank first, no pair twice. Cosines that agree to six
        digits go by the order of classes.

    Raises:
        InvalidInputError: a class without texts, or fewer than 1 neighbour.

    Example:
        >>> from clipcoder import load_encoder
        >>> bank = TextBank.from_names(["tabby cat", "coffee mug", "Persian cat", "tea cup"])
        >>> nearest_pairs(bank, load_encoder("starter"), neighbours=1)
        [('tabby cat', 'Persian cat'), ('coffee mug', 'tea cup')]
    """
    _check_count("neighbours", neighbours)
    names = bank.class_names
    without = sorted(set(range(len(names))) - set(bank.text_class.tolist()))
    if without:
        raise InvalidInputError(
            f"every class needs a text to find its neighbours by, but {names[without[0]]!r} has none "
            f"({len(without)} of {len(names)} classes); add one or drop the class"
        )
    first, second, _ = nearest(unit_rows(_sums(bank, encoder), "the means of texts"), neighbours)
    return _named(first, second, names)


def confused_pairs(
    scores: npt.ArrayLike, class_names: Iterable[str], *, per_class: int = 3, top_k: int = 5
) -> list[tuple[str, str]]:
    """Return the classes that compete for images, the fiercest competitors first; no labels are needed.

    With c(x, 1), c(x, 2), ... the classes of image x from the best score down, and k = ``top_k``,

        strength(a, b) = sum over x, j = 2 ... k of 1 / (j - 1) where { c(x, 1), c(x, j) } = { a, b }

    These are the classes that the rerank compares (paper, section 3.4). Only the order of scores counts, not
    how sure the softmax is of itself, which differs from encoder to encoder. On Caltech-101, the pairs of 200
    unlabelled train photos cover 72 % of the errors that validation photos have within their best 5, those of
    1,000 cover 73 %; by the gaps between scores it would be 56 and 70 %.

    Args:
        scores: of shape (n, C), such as ``zero_shot.heuristic_scores``, of any scale.
        class_names: the C classes.
        per_class: a pair is returned if it is among so many of the strongest of either of its classes.
        top_k: how many of the best classes of an image compete.

    Returns:
        Pairs of class names, the earlier class first, no pair twice, only such as compete for an image. Equal
        scores and equal strengths go by the order of classes.

    Raises:
        InvalidInputError: scores that are not finite or not of C columns, fewer than 1 pair a class, or fewer
            than 2 classes to compete.

    Example:
        >>> confused_pairs([[20, 21, 1], [3, 20, 21], [9, 20, 22]], ["cat", "dog", "fox"], top_k=2)
        [('dog', 'fox'), ('cat', 'dog')]
    """
    names = checked_names(class_names)
    rows = feature_rows(scores, "scores")
    if rows.shape[1] != len(names):
        raise InvalidInputError(
            f"scores must have a column for each of the {len(names)} classes, but their shape is {rows.shape}"
        )
    _check_count("per_class", per_class)
    _check_count("top_k", top_k, least=2)
    if len(names) < 2:
        return []
    first, second, strength = _strengths(rows, min(top_k, len(names)))
    kept = _strongest_of_each(first, second, strength, per_class)
    order = kept[np.argsort(-strength[kept], kind="stable")]
    return _named(first[order], second[order], names)


def class_sums(features: FloatArray, text_class: IntArray, n_classes: int) -> FloatArray:
    """Return the sum of the features of each class, in the direction of their mean.

    Args:
        features: float32 unit rows of shape (m, d).
        text_class: the class of each row, ascending, of shape (m,).
        n_classes: the number of classes C.

    Returns:
        float32 of shape (C, d); zeros where a class has no text.

    >>> class_sums(np.float32([[1, 0], [0, 1]]), np.array([1, 1]), 2)
    array([[0., 0.],
           [1., 1.]], dtype=float32)
    """
    sums = np.zeros((n_classes, features.shape[1]), dtype=np.float32)
    if len(features):
        present, starts = np.unique(text_class, return_index=True)
        sums[present] = np.add.reduceat(features, starts, axis=0)
    return sums


def nearest(rows: FloatArray, neighbours: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the pairs of rows of which one is among the nearest of the other, nearest pairs first.

    Args:
        rows: float32 unit rows of shape (C, d).
        neighbours: how many others are taken for each row.

    Returns:
        The smaller index, the larger index and the cosine, rounded to six digits, of each pair; all of shape
        (p,). Equal cosines go by index.

    >>> nearest(np.float32([[1, 0], [0, 1], [0.6, 0.8]]), 1)
    (array([1, 0]), array([2, 2]), array([0.8, 0.6], dtype=float32))
    """
    count, taken = len(rows), min(neighbours, len(rows) - 1)
    pairs, steps = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for batch in batches(count, max(1, _NUMBERS_AT_ONCE // max(1, count))):
        row = np.arange(count)[batch][:, None]
        ranks = _ranks(rows[batch] @ rows.T, row)
        best = np.partition(ranks, taken - 1)[:, :taken]
        column = best % count
        pairs.append((np.minimum(row, column) * count + np.maximum(row, column)).ravel())
        steps.append((best // count).ravel())
    pair, where = np.unique(np.concatenate(pairs), return_index=True)
    step = np.concatenate(steps)[where]
    order = np.argsort(step, kind="stable")
    cosines = (1 - step[order] / _STEPS).astype(np.float32)
    return pair[order] // count, pair[order] % count, cosines


def _ranks(cosines: FloatArray, row: IntArray) -> npt.NDArray[np.int64]:
    """Return integers in the order of preference, no two of a row alike: by cosine, then by column."""
    count = cosines.shape[1]
    steps = np.rint((1 - cosines) * np.float32(_STEPS)).astype(np.int64)
    ranks: npt.NDArray[np.int64] = np.maximum(steps, 0) * count + np.arange(count)
    np.put_along_axis(ranks, row, np.iinfo(np.int64).max, axis=1)  # nobody is a neighbour of itself
    return ranks


def _sums(bank: TextBank, encoder: TextEncoder) -> FloatArray:
    """Return the sum of the encoded texts of each class, (C, d), without holding all features at once."""
    sums: FloatArray = np.zeros((), dtype=np.float32)
    for batch in batches(len(bank), _TEXTS_AT_ONCE):
        features = unit_rows(encoder.encode_texts([t.text for t in bank.texts[batch]]), "text features")
        sums = sums + class_sums(features, bank.text_class[batch], len(bank.class_names))
    return sums


def _strengths(scores: FloatArray, top_k: int) -> tuple[IntArray, IntArray, npt.NDArray[np.float64]]:
    """Return the pairs that compete for an image, in the order of classes, and how strongly they do."""
    count = scores.shape[1]
    keys = [np.empty((0, top_k - 1), dtype=np.int64)]
    for batch in batches(len(scores), max(1, _NUMBERS_AT_ONCE // count)):
        classes = _best_classes(scores[batch], top_k)
        best, others = classes[:, :1], classes[:, 1:]
        keys.append(np.minimum(best, others) * count + np.maximum(best, others))
    pair, which = np.unique(np.concatenate(keys), return_inverse=True)
    which = which.reshape(-1, top_k - 1)
    strength = np.zeros(len(pair))
    for place in range(top_k - 1):  # whole numbers first, which add up alike in any order of images
        strength += np.bincount(which[:, place], minlength=len(pair)) / (place + 1)
    return pair // count, pair % count, strength


def _best_classes(scores: FloatArray, top_k: int) -> IntArray:
    """Return the classes of each row from the best score down, (n, top_k); of equal ones, the first."""
    left, row = scores.copy(), np.arange(len(scores))
    classes = np.empty((len(scores), top_k), dtype=np.intp)
    for place in range(top_k):
        classes[:, place] = left.argmax(axis=1)
        left[row, classes[:, place]] = -np.inf
    return classes


def _strongest_of_each(
    first: IntArray, second: IntArray, strength: npt.NDArray[np.float64], per_class: int
) -> IntArray:
    """Return which pairs are among the strongest of one of their classes, ascending."""
    pair = np.tile(np.arange(len(first)), 2)
    owner = np.concatenate([first, second])
    order = np.lexsort((pair, -strength[pair], owner))
    place = np.arange(len(order)) - np.searchsorted(owner[order], owner[order])
    return np.unique(pair[order][place < per_class])


def _named(first: IntArray, second: IntArray, names: Sequence[str]) -> list[tuple[str, str]]:
    return [(names[a], names[b]) for a, b in zip(first.tolist(), second.tolist(), strict=True)]


def _check_count(what: str, count: int, *, least: int = 1) -> None:
    if not (isinstance(count, int | np.integer) and count >= least):
        raise InvalidInputError(f"{what} must be a whole number of classes, {least} or more, not {count!r}")
