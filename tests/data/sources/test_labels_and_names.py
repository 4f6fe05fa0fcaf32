from __future__ import annotations

import pytest

from clipcoder.data.sources.labels import Label, checked_label, numbered
from clipcoder.errors import InvalidInputError


def test_without_names_classes_are_called_as_their_labels_read_in_one_order() -> None:
    assert numbered(["polar_bear", "cat", "Ant"], None, "Animals") == (
        ("Ant", "cat", "polar bear"),
        {"polar_bear": 2, "cat": 1, "Ant": 0},
    )


def test_spellings_of_one_name_are_one_class() -> None:
    names, position = numbered(["car_side", "Car side", "ant"], None, "Things")
    assert names == ("Car side", "ant")
    assert position == {"car_side": 0, "Car side": 0, "ant": 1}


def test_accents_apart_from_their_letters_are_the_same_name() -> None:
    names, position = numbered(["cafe\u0301", "caf\u00e9", "tea"], None, "Drinks")
    assert names == ("caf\u00e9", "tea")
    assert set(position.values()) == {0, 1}


def test_names_in_a_list_decide_the_order_whatever_their_spelling() -> None:
    names, position = numbered(["cat", "Polar_Bear"], ("polar bear", "cat"), "Animals")
    assert names == ("polar bear", "cat")
    assert position == {"cat": 1, "Polar_Bear": 0}


@pytest.mark.parametrize("labels", [[0, 1], ["0", "1"], ["00", "01"]])
def test_numbers_are_positions_in_a_list_of_names(labels: list[Label]) -> None:
    assert list(numbered(labels, ["cat", "dog"], "Pets")[1].values()) == [0, 1]


def test_digits_are_names_where_the_names_are_digits() -> None:
    assert numbered(["7", "0"], ["0", "7"], "Digits")[1] == {"7": 1, "0": 0}


def test_a_mapping_names_labels_and_can_make_one_class_of_several() -> None:
    names = {"n02123045": "cat", "n02124075": "cat", "n02085620": "dog"}
    assert numbered(["n02124075", "n02085620", "n02123045"], names, "Pets") == (
        ("cat", "dog"),
        {"n02124075": 0, "n02085620": 1, "n02123045": 0},
    )
    assert numbered([3], {3: "cat"}, "Pets") == (("cat",), {3: 0})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("labels", "names", "reason"),
    [
        ([0, 1], None, "the labels of Pets are numbers, such as 0; give their names"),
        (["0"], None, "the labels of Pets are numbers, such as '0'"),
        (
            [0, 2],
            ["cat", "dog"],
            "the label 2, but labels count from 0 and there are 2 class names; name all",
        ),
        ([-1, 0], ["cat", "dog"], "the label -1, .*; leave out images without a label"),
        (["cow"], ["cat", "dog"], "the label 'cow', which is none of the 2 class names"),
        (["cow", 0], ["cat", "dog"], "the label 'cow', which is none of the 2"),
        (["cow"], {"cat": "cat"}, "has none for 'cow'"),
        (["cat"], "cat", "must be a list of names, not the one text 'cat'"),
    ],
)
def test_labels_that_names_do_not_cover_are_refused(labels: list[Label], names: object, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        numbered(labels, names, "Pets")  # type: ignore[arg-type]


@pytest.mark.parametrize("cell", [None, "", 0.5, True, ["cat"], b"cat"])
def test_a_label_is_a_text_or_a_whole_number(cell: object) -> None:
    with pytest.raises(InvalidInputError, match="row 3"):
        checked_label(cell, 2, "label", "'pets.parquet'")
    assert checked_label(0, 2, "label", "Pets") == 0
