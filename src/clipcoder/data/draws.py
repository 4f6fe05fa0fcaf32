"""A few labelled images of each class, drawn with a seed: the support set of a few-shot classifier.

The draw is the one of CoOp (Zhou, Yang, Loy, Liu: Learning to Prompt for Vision-Language Models, IJCV 2022)
and of those who compare with it: seeds 1, 2 and 3, and a validation set of at most 4 images a class.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

import numpy as np

from clipcoder.arrays import IntArray
from clipcoder.data.dataset import Dataset, Split
from clipcoder.errors import InvalidInputError

VALIDATION_SHOTS: Final = 4
"""The largest number of validation images a class, however many shots there are."""


@dataclass(frozen=True)
class Draw:
    """What a few-shot classifier may look at.

    Attributes:
        train: the support set, class by class.
        val: at most ``VALIDATION_SHOTS`` more images a class, to choose settings with.
    """

    train: Split
    val: Split


def few_shot(dataset: Dataset, shots: int, seed: int) -> Draw:
    """Draw images from a data set, the same ones on any machine; never from its test split.

    The order of the images in a split and the seed decide, with Python's Mersenne Twister. For the split of
    Caltech-101 that CoOp published, the draws of Lin et al. (Multimodality Helps Unimodality, CVPR 2023) come
    out, image by image.

    Args:
        dataset: has a ``train`` split. Without a ``val`` split, the validation images are drawn from what is
            left of ``train``.
        shots: images a class in the support set. A class that has no more gives all that it has.
        seed: 0 or a positive number.

    Returns:
        ``shots`` images a class, and min(shots, 4) a class for validation.

    Raises:
        InvalidInputError: there is no ``train`` split, or shots or seed are no such numbers.

    Example:
        >>> names = tuple(f"{i}.jpg" for i in range(8))
        >>> train = Split(names, [0, 0, 0, 0, 1, 1, 1, 1], names)
        >>> draw = few_shot(Dataset("toys", "Toys", ("car", "doll"), {"train": train}), shots=2, seed=1)
        >>> draw.train.keys, draw.val.keys
        (('1.jpg', '2.jpg', '4.jpg', '5.jpg'), ('0.jpg', '3.jpg', '7.jpg', '6.jpg'))
    """
    _check_number("shots", shots, 1)
    _check_number("seed", seed, 0)
    if "train" not in dataset.splits:
        raise InvalidInputError(
            f"a few-shot draw needs a train split, but {dataset.title} has only "
            f"{' and '.join(dataset.splits)}; have one cut off, as in "
            "load_dataset(..., shares={'train': 0.5, 'test': 0.5})"
        )
    train, generator = dataset.splits["train"], random.Random(seed)
    drawn = _drawn(train, shots, generator)
    rest = np.setdiff1d(np.arange(len(train)), drawn)
    pool = dataset.splits["val"] if "val" in dataset.splits else train.take(rest)
    return Draw(train.take(drawn), pool.take(_drawn(pool, min(shots, VALIDATION_SHOTS), generator)))


def _drawn(split: Split, shots: int, generator: random.Random) -> IntArray:
    """Return the positions of ``shots`` images of each class, classes in the order in which they come."""
    chosen: list[int] = []
    for members in _members(split.labels):
        if len(members) < shots:
            chosen.extend(members.tolist())
        else:  # exactly as many are sampled too: the published draws have them in a new order
            chosen.extend(members[generator.sample(range(len(members)), shots)].tolist())
    return np.array(chosen, dtype=np.intp)


def _members(labels: IntArray) -> list[IntArray]:
    """Return the positions of each class, ascending; first the class that comes first."""
    if not labels.size:
        return []
    order = np.argsort(labels, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return sorted(groups, key=lambda members: int(members[0]))


def _check_number(what: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidInputError(f"{what} must be a whole number of at least {least}, got {value!r}")
