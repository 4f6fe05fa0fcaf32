"""What labels say of images: the class that each shows, or all the classes that it shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import IntArray
from clipcoder.errors import InvalidInputError


def class_positions(
    labels: Sequence[Any] | npt.NDArray[Any], classes: npt.NDArray[Any], length: int
) -> IntArray:
    """Return the position of each label among the classes, of shape (n,).

    Raises:
        InvalidInputError: not ``length`` labels, one that is no class, or several of an image.

    >>> class_positions(["dog", "cat"], np.array(["dog", "cat"]), 2)
    array([0, 1])
    """
    wanted = f"labels must hold one class for each of the {length} images, but"
    if isinstance(labels, Iterable) and any(map(_are_several, labels)):
        raise InvalidInputError(
            f"{wanted} there are several of an image; calibrate(images, labels, independent=True) takes those"
        )
    given = np.asarray(labels)
    if given.shape != (length,):
        raise InvalidInputError(f"{wanted} their shape is {given.shape}")
    place = _places(classes)
    for label in given.tolist():
        _check_known(label, place, "leave out images of other things")
    return np.array([place[label] for label in given.tolist()], dtype=np.intp)


def shown_classes(labels: Any, classes: npt.NDArray[Any], length: int) -> npt.NDArray[Any]:
    """Return which classes each image shows, numbers or booleans of shape (n, C).

    Args:
        labels: for each image the list of its classes, which may be empty, or its only class; or a matrix
            with a row for each image and a column for each class, which is returned as it is, dense.
        classes: the class names, of shape (C,).
        length: the number of images n.

    Raises:
        InvalidInputError: another number of images, or a label that is no class.

    >>> shown_classes([["dog", "cat"], [], "cat"], np.array(["dog", "cat"]), 3)
    array([[1, 1],
           [0, 0],
           [0, 1]])
    """
    from sklearn.preprocessing import MultiLabelBinarizer

    matrix = labels.toarray() if hasattr(labels, "toarray") else labels
    if getattr(matrix, "ndim", 1) == 2 and np.asarray(matrix).dtype.kind in "biuf":
        return np.asarray(matrix)
    if not isinstance(labels, Collection) or isinstance(labels, str) or len(labels) != length:
        raise InvalidInputError(
            f"labels must hold a list of classes for each of the {length} images, or be a matrix of 0 and 1, "
            f"but {_told(labels)}"
        )
    lists = [list(shown) if _are_several(shown) else [shown] for shown in labels]
    place = _places(classes)
    for label in (label for shown in lists for label in shown):
        _check_known(label, place, "leave it out (a matrix of 0 and 1 must be an array)")
    shown: npt.NDArray[Any] = MultiLabelBinarizer(classes=classes.tolist()).fit_transform(lists)
    return shown


def _are_several(label: object) -> bool:
    return isinstance(label, Collection) and not isinstance(label, str | bytes)


def _places(classes: npt.NDArray[Any]) -> dict[Any, int]:
    return {name: position for position, name in enumerate(classes.tolist())}


def _check_known(label: Any, place: Mapping[Any, int], advice: str) -> None:
    try:
        known = label in place
    except TypeError:  # a list in a list
        known = False
    if not known:
        example = next(iter(place))
        raise InvalidInputError(
            f"every label must be a class, such as {example!r}, but {label!r} is none; {advice}"
        )


def _told(labels: object) -> str:
    counted = isinstance(labels, Collection) and not isinstance(labels, str)
    return f"there are {len(labels)}" if counted else f"there is {labels!r}"  # type: ignore[arg-type]
