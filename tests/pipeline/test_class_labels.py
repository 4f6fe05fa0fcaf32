"""Labels of images, one or several: found among the classes, or refused in a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from clipcoder.errors import InvalidInputError
from clipcoder.pipeline.class_labels import class_positions, shown_classes

CLASSES = np.array(["tomato", "sky"])
SHOWN = [[1, 0], [0, 0], [1, 1]]


@pytest.mark.parametrize(
    "labels",
    [
        [["tomato"], [], ["sky", "tomato"]],
        [("tomato",), set(), {"sky", "tomato"}],
        ["tomato", [], np.array(["sky", "tomato"])],
        np.array(SHOWN),
        np.array(SHOWN, dtype=bool),
        csr_array(np.array(SHOWN)),
    ],
)
def test_several_classes_in_every_form(labels: Any) -> None:
    found = shown_classes(labels, CLASSES, 3)
    assert isinstance(found, np.ndarray)
    assert found.astype(int).tolist() == SHOWN


def test_columns_are_in_the_order_of_the_classes() -> None:
    assert shown_classes([["sky"]], CLASSES[::-1], 1).tolist() == [[1, 0]]


def test_numbers_in_lists_are_classes_and_in_a_matrix_they_are_not() -> None:
    digits = np.array([0, 1, 2])
    assert shown_classes([[0, 1], [1, 2]], digits, 2).tolist() == [[1, 1, 0], [0, 1, 1]]
    assert shown_classes(np.array([[0, 1, 0]]), digits, 1).tolist() == [[0, 1, 0]]


def test_a_matrix_of_names_is_a_list_of_names_for_each_image() -> None:
    named = np.array([["sky", "tomato"], ["sky", "sky"]])
    assert shown_classes(named, CLASSES, 2).tolist() == [[1, 1], [0, 1]]


def test_no_image_is_no_row() -> None:
    assert shown_classes([], CLASSES, 0).shape == (0, 2)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([["sky"]], "for each of the 2 images, or be a matrix of 0 and 1, but there are 1"),
        ("sky", "for each of the 2 images, or be a matrix of 0 and 1, but there is 'sky'"),
        (None, "for each of the 2 images, or be a matrix of 0 and 1, but there is None"),
        ([["sky"], ["sea"]], "such as 'tomato', but 'sea' is none; leave it out"),
        ([[1, 0], [0, 1]], r"but 1 is none; leave it out \(a matrix of 0 and 1 must be an array\)"),
        ([["sky"], [["sky"]]], r"but \['sky'\] is none"),
    ],
)
def test_refuses_several_classes_that_do_not_fit(labels: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        shown_classes(labels, CLASSES, 2)


@pytest.mark.parametrize("labels", [[["sky"], ["sky", "tomato"]], [{"sky"}, {"tomato"}], np.eye(2)])
def test_one_class_is_not_several(labels: Any) -> None:
    with pytest.raises(
        InvalidInputError, match="one class for each of the 2 images, but there are several of"
    ):
        class_positions(labels, CLASSES, 2)


@pytest.mark.parametrize("labels", [["sky"], None, "sky"])
def test_one_class_for_each_image(labels: Any) -> None:
    with pytest.raises(InvalidInputError, match="one class for each of the 2 images, but their shape is"):
        class_positions(labels, CLASSES, 2)


def test_positions_are_those_of_the_classes_also_of_numbers() -> None:
    assert class_positions(["sky", "tomato"], CLASSES, 2).tolist() == [1, 0]
    assert class_positions(np.array([7, 3]), np.array([3, 7]), 2).tolist() == [1, 0]
    assert class_positions([], CLASSES, 0).shape == (0,)
    with pytest.raises(InvalidInputError, match="such as 3, but 4 is none; leave out images of other things"):
        class_positions([4], np.array([3, 7]), 1)
