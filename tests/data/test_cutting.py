from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.data.cutting import cut
from clipcoder.data.dataset import Dataset, Split
from clipcoder.errors import InvalidInputError, UnknownNameError


def whole(counts: list[int], order: int = 0) -> Dataset:
    """A data set of one split, its images in some order."""
    rows = [(f"{label}/{i}.jpg", label) for label, count in enumerate(counts) for i in range(count)]
    random.Random(order).shuffle(rows)
    keys = tuple(key for key, _ in rows)
    names = tuple("abcdef"[: len(counts)])
    return Dataset("toys", "Toys", names, {"test": Split(keys, [label for _, label in rows], keys)})


@given(
    counts=st.lists(st.integers(12, 40), min_size=1, max_size=4),
    shares=st.lists(st.integers(1, 3), min_size=3, max_size=3),
)
def test_each_class_is_cut_by_its_shares_and_each_image_goes_to_one_split(
    counts: list[int], shares: list[int]
) -> None:
    named = {name: share / sum(shares) for name, share in zip(("val", "train", "test"), shares, strict=True)}
    parts = cut(whole(counts), named).splits
    assert list(parts) == ["train", "val", "test"]
    keys = [key for split in parts.values() for key in split.keys]
    assert sorted(keys) == sorted(whole(counts).split("test").keys)
    for name, split in parts.items():
        for label, count in Counter(split.labels.tolist()).items():
            assert abs(count - named[name] * counts[label]) < 1
            assert all(key.startswith(f"{split.labels[i]}/") for i, key in enumerate(split.keys))


def test_a_class_with_few_images_has_one_in_each_split() -> None:
    parts = cut(whole([3, 4]), {"train": 0.9, "val": 0.05, "test": 0.05}).splits
    assert [split.labels.tolist().count(0) for split in parts.values()] == [1, 1, 1]
    assert [split.labels.tolist().count(1) for split in parts.values()] == [2, 1, 1]


def test_the_order_of_images_does_not_decide_where_they_go() -> None:
    shares = {"train": 0.5, "test": 0.5}
    one, other = (cut(whole([9, 9], order), shares) for order in (1, 2))
    assert {*one.split("train").keys} == {*other.split("train").keys}


def test_the_images_of_a_split_keep_their_order() -> None:
    toys = whole([9, 9])
    order = toys.split("test").keys.index
    for split in cut(toys, {"train": 0.3, "test": 0.7}).splits.values():
        assert list(split.keys) == sorted(split.keys, key=order)


def test_where_an_image_goes_is_the_same_on_any_machine() -> None:
    parts = cut(whole([6]), {"train": 0.5, "test": 0.5}).splits
    assert sorted(parts["train"].keys) == ["0/0.jpg", "0/1.jpg", "0/2.jpg"]


@pytest.mark.parametrize(
    ("shares", "reason"),
    [
        ({"train": 0.5}, "must sum to 1, .* but they sum to 0.5"),
        ({}, "must sum to 1"),
        ({"train": 1.5, "test": -0.5}, "that of train is 1.5"),
        ({"train": float("nan"), "test": 1.0}, "that of train is nan"),
        (
            {"train": 0.4, "val": 0.3, "test": 0.3},
            "3 splits need 3 images of each class, but Toys has 2 of 'b'",
        ),
    ],
)
def test_shares_that_cannot_be_had_are_refused(shares: dict[str, float], reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        cut(whole([3, 2]), shares)


def test_shares_of_unknown_splits_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown split 'dev'"):
        cut(whole([3]), {"dev": 0.5, "test": 0.5})


def test_a_set_with_splits_is_not_cut_again() -> None:
    twice = cut(whole([4]), {"train": 0.5, "test": 0.5})
    with pytest.raises(InvalidInputError, match="Toys has train, test already; leave the shares out"):
        cut(twice, {"train": 0.5, "test": 0.5})
