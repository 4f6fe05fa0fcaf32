"""Splits cut from images that came without any, class by class, and the same on any machine."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping

import numpy as np

from clipcoder.arrays import IntArray
from clipcoder.data.dataset import SPLITS, Dataset, Split
from clipcoder.errors import InvalidInputError, UnknownNameError

Shares = Mapping[str, float]
"""The share of the images that each split gets; together they are 1."""


def cut(dataset: Dataset, shares: Shares) -> Dataset:
    """Cut the only split of a data set into several.

    Which image goes where is decided by a digest of its key, so neither the order of files nor a generator of
    random numbers has a say. Every class has its share in every split, and an image in each at least.

    Args:
        dataset: has one split.
        shares: of ``"train"``, ``"val"`` and ``"test"``, those that there shall be.

    Raises:
        InvalidInputError: shares that are not positive or do not sum to 1, a data set that has splits
            already, or a class with fewer images than there are splits.
        UnknownNameError: a share of another split.

    Example:
        >>> keys = tuple(f"{i}.jpg" for i in range(10))
        >>> whole = Dataset("toys", "Toys", ("car", "doll"), {"test": Split(keys, [0, 1] * 5, keys)})
        >>> {name: len(split) for name, split in cut(whole, {"train": 0.6, "test": 0.4}).splits.items()}
        {'train': 6, 'test': 4}
    """
    _check(shares)
    if len(dataset.splits) > 1:
        raise InvalidInputError(
            "shares cut images that came without splits, but "
            f"{dataset.title} has {', '.join(dataset.splits)} already; leave the shares out"
        )
    (whole,) = dataset.splits.values()
    names = [name for name in SPLITS if name in shares]
    home = np.empty(len(whole), dtype=np.intp)
    for label, name in enumerate(dataset.class_names):
        members = _shuffled(whole, np.flatnonzero(whole.labels == label))
        if len(members) < len(names):
            raise InvalidInputError(
                f"{len(names)} splits need {len(names)} images of each class, but {dataset.title} has "
                f"{len(members)} of {name!r}; add some, or leave the class out"
            )
        counts = _counts(len(members), [shares[name] for name in names])
        home[members] = np.repeat(np.arange(len(names)), counts)
    splits = {name: whole.take(np.flatnonzero(home == i)) for i, name in enumerate(names)}
    return Dataset(dataset.name, dataset.title, dataset.class_names, splits, dataset.prompts)


def _shuffled(split: Split, positions: IntArray) -> IntArray:
    """Return positions in the order of digests of their keys."""

    def digest(position: int) -> bytes:
        return hashlib.sha256(split.keys[position].encode("utf-8", "surrogatepass")).digest()

    return np.array(sorted(positions.tolist(), key=digest), dtype=np.intp)


def _counts(total: int, shares: list[float]) -> list[int]:
    """Return whole numbers with this sum that are nearest to the shares, and at least 1.

    >>> _counts(10, [0.5, 0.25, 0.25]), _counts(3, [0.9, 0.05, 0.05])
    ([5, 3, 2], [1, 1, 1])
    """
    counts = [max(1, math.floor(share * total + 1e-9)) for share in shares]
    while sum(counts) > total:
        counts[counts.index(max(counts))] -= 1
    while sum(counts) < total:
        owed = [share * total - count for share, count in zip(shares, counts, strict=True)]
        counts[owed.index(max(owed))] += 1
    return counts


def _check(shares: Shares) -> None:
    for name, share in shares.items():
        if name not in SPLITS:
            raise UnknownNameError("split", name, SPLITS)
        if not 0 < share <= 1:
            raise InvalidInputError(f"a share must lie between 0 and 1, but that of {name} is {share!r}")
    if not math.isclose(sum(shares.values()), 1, abs_tol=1e-6):
        raise InvalidInputError(
            f"shares of splits must sum to 1, as in {{'train': 0.5, 'test': 0.5}}, but they sum to "
            f"{sum(shares.values()):g}"
        )
