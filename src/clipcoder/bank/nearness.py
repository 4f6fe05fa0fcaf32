"""Which texts, and which classes by their texts, lie near each other in the space of an encoder."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from clipcoder.arrays import FloatArray, batches, grouped, unit_rows
from clipcoder.bank.confusable import class_sums, nearest
from clipcoder.bank.entries import BankText
from clipcoder.bank.likeness import Alike, earlier_like
from clipcoder.bank.text_bank import TextBank

VERY_NEAR: Final = 0.99
"""The cosine from which on two texts of a class are called alike."""

_ROWS_AT_ONCE: Final = 512  # of one class that are compared with all of it


@dataclass(frozen=True, slots=True)
class NearClasses:
    """Two classes whose texts lie near each other.

    Attributes:
        first: the earlier class of the bank.
        second: the later one.
        cosine: of the means of their texts, in [-1, 1].
        texts: a text of each, the two that lie nearest.
        text_cosine: of these two.
    """

    first: str
    second: str
    cosine: float
    texts: tuple[BankText, BankText]
    text_cosine: float


def nearest_classes(
    bank: TextBank, features: FloatArray, top: int = 10, *, of: Collection[str] = ()
) -> list[NearClasses]:
    """Return the classes that lie nearest to each other, nearest first; those without texts are left out.

    Args:
        bank: the classes and their texts.
        features: the features of its texts, float32 unit rows of shape (len(bank), d).
        top: how many pairs of classes.
        of: only pairs with one of these classes; without any, all count.

    >>> bank = TextBank.from_texts({"cat": ["soft"], "dog": ["loud"], "fox": ["sly"]})
    >>> [near] = nearest_classes(bank, np.float32([[1, 0], [0, 1], [0.6, 0.8]]), top=1)
    >>> near.first, near.second, near.cosine
    ('dog', 'fox', 0.8)
    """
    present = np.unique(bank.text_class)
    if len(present) < 2:
        return []
    sums = class_sums(features, bank.text_class, len(bank.class_names))[present]
    first, second, cosines = nearest(unit_rows(sums, "the means of texts"), top)
    wanted = np.array([not of or name in of for name in bank.class_names])[present]
    taken = np.flatnonzero(wanted[first] | wanted[second])[:top]
    return [
        _near(bank, features, int(present[first[i]]), int(present[second[i]]), float(cosines[i]))
        for i in taken.tolist()
    ]


def near_texts(bank: TextBank, features: FloatArray, threshold: float = VERY_NEAR) -> list[Alike]:
    """Return the texts that lie very near an earlier one of the same class, nearest first.

    Args:
        bank: the classes and their texts.
        features: the features of its texts, float32 unit rows of shape (len(bank), d).
        threshold: the least cosine.

    >>> bank = TextBank.from_texts({"cat": ["soft", "softly"]})
    >>> [alike.likeness for alike in near_texts(bank, np.float32([[1, 0], [1, 0]]))]
    [1.0]
    """
    found = [
        Alike(bank.texts[later], bank.texts[earlier], cosine)
        for later, earlier, cosine in _repeated(bank, features, threshold)
    ]
    return sorted(found, key=lambda alike: -alike.likeness)


def _repeated(bank: TextBank, features: FloatArray, threshold: float) -> Iterator[tuple[int, int, float]]:
    for _, members in grouped(bank.text_class):
        rows = features[members]
        start = int(np.arange(len(bank))[members][0])
        for batch in batches(len(rows), _ROWS_AT_ONCE):
            for later, earlier, cosine in earlier_like(rows[batch] @ rows.T, threshold, batch.start):
                yield start + later, start + earlier, min(cosine, 1.0)


def _near(bank: TextBank, features: FloatArray, first: int, second: int, cosine: float) -> NearClasses:
    of_first, of_second = (np.flatnonzero(bank.text_class == c) for c in (first, second))
    between = features[of_first] @ features[of_second].T
    a, b = np.unravel_index(int(between.argmax()), between.shape)
    names = bank.class_names
    return NearClasses(
        names[first],
        names[second],
        round(cosine, 4),
        (bank.texts[of_first[a]], bank.texts[of_second[b]]),
        round(min(float(between[a, b]), 1.0), 4),
    )
