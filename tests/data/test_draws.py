from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.data.dataset import Dataset, Split
from clipcoder.data.draws import few_shot
from clipcoder.errors import InvalidInputError


def split(labels: list[int], prefix: str = "") -> Split:
    keys = tuple(f"{prefix}{position}" for position in range(len(labels)))
    return Split(keys, np.array(labels), keys)


def dataset(**labels: list[int]) -> Dataset:
    return Dataset("toys", "Toys", ("a", "b", "c"), {n: split(held, f"{n}/") for n, held in labels.items()})


def published(path: Path) -> Dataset:
    """The CoOp split of Caltech-101, its photos unread and its test split left out."""
    rows = json.loads(path.read_text())
    names = {label: name for _, label, name in rows["train"]}

    def held(name: str) -> Split:
        keys = tuple(key for key, _, _ in rows[name])
        return Split(keys, np.array([label for _, label, _ in rows[name]]), keys)

    classes = tuple(names[label] for label in sorted(names))
    return Dataset("caltech101", "Caltech-101", classes, {name: held(name) for name in ("train", "val")})


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("shots", [1, 2, 4, 8, 16])
def test_draws_are_the_published_ones_of_caltech_101(shared_data: Path, shots: int, seed: int) -> None:
    folder = shared_data / "caltech-101"
    given = json.loads((folder / "few_shot" / f"shot_{shots}-seed_{seed}.json").read_text())
    draw = few_shot(published(folder / "split_zhou_Caltech101.json"), shots, seed)
    assert list(draw.train.keys) == [path for path, _, _ in given["train"]]
    assert draw.train.labels.tolist() == [label for _, label, _ in given["train"]]
    assert list(draw.val.keys) == [path for path, _, _ in given["val"]]
    assert draw.val.labels.tolist() == [label for _, label, _ in given["val"]]


def test_a_draw_is_the_same_on_any_machine_and_in_any_version() -> None:
    """Few of many images, and more than a few of few: Python samples them in two ways."""
    toys = dataset(train=[1] * 200 + [0] * 20 + [2] * 3, val=[0, 1, 2] * 10)
    draw = few_shot(toys, 4, 3)
    assert [int(key[6:]) for key in draw.train.keys] == [60, 151, 139, 33, 211, 215, 202, 200, 220, 221, 222]
    assert [int(key[4:]) for key in draw.val.keys] == [21, 12, 9, 3, 22, 25, 28, 10, 8, 11, 29, 20]


def test_a_class_with_fewer_images_than_shots_gives_all_of_them() -> None:
    draw = few_shot(dataset(train=[0, 1, 0, 1, 1, 0, 0, 0], val=[1, 0]), 4, 1)
    assert Counter(draw.train.labels.tolist()) == {0: 4, 1: 3}
    assert sorted(draw.val.keys) == ["val/0", "val/1"]


def test_validation_images_are_cut_from_the_rest_of_train_where_there_is_no_split_for_them() -> None:
    toys = dataset(train=[0, 1] * 10, test=[0, 1] * 10)
    draw = few_shot(toys, 6, 1)
    assert Counter(draw.val.labels.tolist()) == {0: 4, 1: 4}
    assert set(draw.val.keys).isdisjoint(draw.train.keys)
    assert {*draw.val.keys, *draw.train.keys} <= set(toys.split("train").keys)


@pytest.mark.parametrize(("shots", "most"), [(1, 1), (3, 3), (4, 4), (8, 4)])
def test_validation_images_are_at_most_four_a_class_however_many_there_are(shots: int, most: int) -> None:
    draw = few_shot(dataset(train=[0, 1] * 20, val=[0, 1] * 20), shots, 1)
    assert Counter(draw.val.labels.tolist()) == {0: most, 1: most}
    assert all(key.startswith("val/") for key in draw.val.keys)


def test_nothing_is_left_for_validation_where_all_images_are_in_the_support_set() -> None:
    draw = few_shot(dataset(train=[0, 1]), 1, 1)
    assert (len(draw.train), len(draw.val)) == (2, 0)


def test_an_empty_split_gives_an_empty_draw() -> None:
    assert len(few_shot(dataset(train=[0, 0], val=[]), 1, 1).val) == 0


def test_a_set_that_has_only_images_to_test_with_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="needs a train split, but Toys has only test"):
        few_shot(dataset(test=[0, 1]), 1, 1)


@pytest.mark.parametrize(("shots", "seed"), [(0, 1), (True, 1), (1.0, 1), (1, -1), (1, True), (1, "1")])
def test_shots_and_seed_must_be_whole_numbers(shots: int, seed: int) -> None:
    """A negative seed would give the draw of the positive one."""
    with pytest.raises(InvalidInputError, match="must be a whole number of at least"):
        few_shot(dataset(train=[0, 1]), shots, seed)


@given(
    labels=st.lists(st.integers(0, 2), min_size=1, max_size=60),
    shots=st.integers(1, 20),
    seed=st.integers(0, 99),
    test=st.lists(st.integers(0, 2), max_size=9),
)
def test_a_draw_holds_what_it_says_whatever_the_test_split_is(
    labels: list[int], shots: int, seed: int, test: list[int]
) -> None:
    draw = few_shot(dataset(train=labels, test=test), shots, seed)
    held = Counter(labels)
    assert Counter(draw.train.labels.tolist()) == {c: min(shots, n) for c, n in held.items()}
    rest = {c: min(shots, 4, n - shots) for c, n in held.items() if n > shots}
    assert Counter(draw.val.labels.tolist()) == rest
    assert draw.train.keys == few_shot(dataset(train=labels), shots, seed).train.keys
