"""What a support set is handed in as: features or images, classes, and weights."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from clipcoder.errors import InvalidInputError
from clipcoder.pipeline.support_inputs import are_images, are_rows, checked_labels, checked_weights


@pytest.mark.parametrize(
    "labels", [[f"class {i}" for i in range(50)], list(range(50)), [float(i) for i in range(50)]]
)
def test_one_image_a_class_is_no_regression_and_nothing_warns_of_one(labels: list[Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert checked_labels(labels, 50).tolist() == labels


@pytest.mark.parametrize(
    "labels", [["cat", "dog"], [3, 1], [True, False], np.array(["a", "b"], dtype=object)]
)
def test_names_numbers_and_truths_are_classes(labels: Any) -> None:
    assert checked_labels(labels, 2).tolist() == list(labels)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([0.5, 1], r"Unknown label type: continuous; y must hold names or whole numbers, .* 0\.5"),
        (np.array(["a", None]), "y must hold names or whole numbers, all of one type: "),
        (np.array([None, "a"]), "y must hold names or whole numbers, all of one type: "),
        ([b"a", b"b"], "y must hold names or whole numbers, .* bytes is not supported"),
        (
            ["cat"],
            r"y must hold one class for each of the 2 images \(shape \(2,\)\), but its shape is \(1,\)",
        ),
        ([["cat"], ["dog"]], r"but its shape is \(2, 1\)"),
    ],
)
def test_what_is_no_class_is_refused(labels: Any, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        checked_labels(labels, 2)


def test_no_images_have_no_labels() -> None:
    assert checked_labels([], 0).shape == (0,)


def test_weights_count_1_where_nothing_is_said() -> None:
    assert checked_weights(None, 3).tolist() == [1, 1, 1]


@pytest.mark.parametrize("weights", [[1, -1], [1, np.nan], ["a", "b"], [1], [0, 0]])
def test_what_weighs_nothing_is_refused(weights: Any) -> None:
    with pytest.raises(InvalidInputError, match="sample_weight must"):
        checked_weights(weights, 2)


def test_features_are_told_from_images() -> None:
    assert are_rows(np.ones((2, 3)))
    assert are_rows([np.ones(3)])
    assert not are_rows([])
    assert are_images([b"..."])
    assert not are_images([])
