"""What a support set is handed in as: images or their features, with labels and weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.multiclass import type_of_target

from clipcoder.arrays import IntArray
from clipcoder.encoders.base import IMAGE_TYPES
from clipcoder.errors import InvalidInputError


@dataclass(frozen=True, eq=False)
class Counted:
    """The images, or features, to learn from: those whose weight is above 0.

    Attributes:
        positions: where they stand among all that were handed in, of shape (m,).
        labels: the class of each, of shape (m,).
        weight: how much each counts, float64 of shape (m,).
    """

    positions: IntArray
    labels: npt.NDArray[Any]
    weight: npt.NDArray[np.float64]

    @classmethod
    def of(cls, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None, length: int) -> Counted:
        """Take the labels and weights of ``length`` images.

        Raises:
            InvalidInputError: those of ``checked_labels`` and ``checked_weights``.

        >>> Counted.of(["cat", "dog", "cat"], [1, 0, 2], 3).positions
        array([0, 2])
        """
        labels = checked_labels(y, length)
        weight = checked_weights(sample_weight, length)
        positions = np.flatnonzero(weight)
        return cls(positions, labels[positions], weight[positions])

    def among(self, images: Any) -> Any:
        """Return those that count of all images, a list, or of all features, an array of shape (n, d)."""
        if isinstance(images, np.ndarray):
            return images[self.positions]
        return [images[i] for i in self.positions.tolist()]


def are_rows(images: Any) -> bool:
    """Whether these are rows of numbers: a list of rows, a data frame, or an array, of whatever shape.

    >>> are_rows(np.eye(2)), are_rows([[1.0, 0.0]]), are_rows(["cat.jpg"])
    (True, True, False)
    """
    if isinstance(images, Sequence):
        return bool(images) and (isinstance(images[0], list | tuple) or getattr(images[0], "ndim", 0) == 1)
    if isinstance(images, np.ndarray) and images.dtype.kind in "biuf":
        return True
    return len(getattr(images, "shape", ())) == 2


def are_images(images: Any) -> bool:
    """Whether this is an image, or a list of images.

    >>> are_images("cat.jpg"), are_images([b"..."]), are_images([[1.0, 0.0]])
    (True, True, False)
    """
    first = images[0] if isinstance(images, list | tuple) and images else images
    return isinstance(first, IMAGE_TYPES)


def checked_labels(y: npt.ArrayLike, length: int) -> npt.NDArray[Any]:
    """Return one label for each image, of shape (length,).

    Raises:
        InvalidInputError: another number of labels, or what are no classes, such as 0.5 or None.

    >>> checked_labels(["cat", "dog"], 2).tolist()
    ['cat', 'dog']
    """
    labels = np.asarray(y)
    if labels.shape != (length,):
        raise InvalidInputError(
            f"y must hold one class for each of the {length} images (shape ({length},)), but its shape is "
            f"{labels.shape}"
        )
    if length:
        _check_classes(labels)
    return labels


def _check_classes(labels: npt.NDArray[Any]) -> None:
    """Refuse labels that are no classes; with one image a class, all of them may differ."""
    try:
        kind = type_of_target(labels, input_name="y", raise_unknown=True)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"y must hold names or whole numbers, all of one type: {error}") from error
    if kind not in ("binary", "multiclass"):
        measured = labels[labels != labels.round()][0]
        raise InvalidInputError(
            f"Unknown label type: {kind}; y must hold names or whole numbers, but there is {measured}"
        )


def checked_weights(sample_weight: npt.ArrayLike | None, length: int) -> npt.NDArray[np.float64]:
    """Return how much each image counts, of shape (length,); 1 where nothing is said.

    Raises:
        InvalidInputError: another number of weights, a negative one, or none above 0.

    >>> checked_weights([0, 2], 2)
    array([0., 2.])
    """
    if sample_weight is None:
        return np.ones(length)
    try:
        weight = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError):
        weight = np.empty((0, 0))
    if weight.shape != (length,) or not (np.isfinite(weight) & (weight >= 0)).all():
        raise InvalidInputError(
            f"sample_weight must hold one number, 0 or more, for each of the {length} images"
        )
    if length and not weight.any():
        raise InvalidInputError(
            "sample_weight must be above 0 for an image at least, but every weight is zero"
        )
    return weight
