from __future__ import annotations

import pytest

from clipcoder.data.sources.split_names import (
    check_split_names,
    files_by_split,
    split_of_path,
    values_by_split,
)
from clipcoder.errors import InvalidInputError, UnknownNameError


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("imagenet1k-validation-00.tar", "val"),
        ("train-00000-of-00004.parquet", "train"),
        ("data/test/0.tar", "test"),
        ("train/val-0.tar", "val"),
        ("training.csv", "train"),
        ("train_test_0.tar", None),
        ("trains.csv", None),
        ("0.tar", None),
    ],
)
def test_the_nearest_name_that_speaks_of_a_split_decides(path: str, split: str | None) -> None:
    assert split_of_path(path) == split


def test_files_without_a_word_are_for_evaluation() -> None:
    assert files_by_split(["0.tar", "1.tar"], None, "Pets") == {"test": ["0.tar", "1.tar"]}


def test_patterns_say_which_files_are_a_split_and_leave_others_out() -> None:
    files = ["a-0.tar", "a-1.tar", "b-0.tar", "c-0.tar"]
    chosen = files_by_split(files, {"test": "b-*.tar", "train": "a-*"}, "Pets")
    assert chosen == {"test": ["b-0.tar"], "train": ["a-0.tar", "a-1.tar"]}


@pytest.mark.parametrize(
    ("files", "splits", "reason"),
    [
        (["train-0.tar", "extra.tar"], None, "which split they are, but 'extra.tar' does not"),
        (["a.tar"], {"test": "b.tar"}, "Pets has no file 'b.tar' to be test; it has 'a.tar'$"),
        (["a.tar"], {"train": "*", "test": "a*"}, "'a.tar' of Pets is in train and in test"),
        (list("abcdefg"), {"test": "z"}, "it has 'a', 'b', 'c', 'd', 'e' and more"),
    ],
)
def test_files_whose_split_is_not_clear_are_refused(
    files: list[str], splits: dict[str, str] | None, reason: str
) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        files_by_split(files, splits, "Pets")


def test_values_are_taken_as_they_are_named() -> None:
    assert values_by_split(["a", "b", "c"], {"train": "c", "test": "a"}, "Pets") == {
        "c": "train",
        "a": "test",
    }


@pytest.mark.parametrize(
    ("values", "splits", "reason"),
    [
        (["train", "extra"], None, "must be called train, val and test, but they are 'train', 'extra'"),
        (["val", "validation"], None, "must be called train, val and test"),
        (["train"], {"test": "holdout"}, "Pets has nothing called 'holdout' to be test; it has 'train'"),
        (["all"], {"train": "all", "test": "all"}, "Pets has 'all' as train and as test"),
    ],
)
def test_values_whose_split_is_not_clear_are_refused(
    values: list[str], splits: dict[str, str] | None, reason: str
) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        values_by_split(values, splits, "Pets")


def test_only_the_three_splits_can_be_named() -> None:
    with pytest.raises(UnknownNameError, match="unknown split 'validation': did you mean 'val'"):
        check_split_names({"validation": "val"})
    with pytest.raises(InvalidInputError, match="must name a split at least"):
        check_split_names({})
