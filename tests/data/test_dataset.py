from __future__ import annotations

import numpy as np
import pytest

from clipcoder.data.dataset import Dataset, Split
from clipcoder.errors import InvalidInputError, UnknownNameError


class Counted(list[str]):
    """Images that count how often one of them is asked for."""

    asked = 0

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        self.asked += 1
        return super().__getitem__(index)


@pytest.fixture
def split() -> Split:
    return Split(Counted(["a.jpg", "b.jpg", "c.jpg", "d.jpg"]), [0, 1, 0, 1], ("a", "b", "c", "d"))


def dataset(**splits: Split) -> Dataset:
    return Dataset("pets", "Pets", ("cat", "dog"), splits)


def test_some_images_of_some_images_are_looked_up_in_the_whole(split: Split) -> None:
    some = split.take([3, 1, 0]).take([2, 0])
    assert (some.keys, some.labels.tolist(), len(some)) == (("a", "d"), [0, 1], 2)
    assert isinstance(split.images, Counted)
    assert split.images.asked == 0
    assert [some.images[-1], *some.images[:1]] == ["d.jpg", "a.jpg"]
    assert split.images.asked == 2


@pytest.mark.parametrize(
    ("labels", "keys"), [([0], ("a", "b")), ([0, 1], ("a",)), ([0, 1, 1], ("a", "b", "c"))]
)
def test_each_image_needs_a_label_and_a_key(labels: list[int], keys: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInputError, match="a split needs one label and one key for each image"):
        Split(["a.jpg", "b.jpg"], np.array(labels), keys)


def test_an_image_is_in_a_split_once() -> None:
    with pytest.raises(InvalidInputError, match="an image belongs in a split once, but 'b' is there twice"):
        Split(["a.jpg", "b.jpg", "b.jpg"], np.zeros(3, dtype=int), ("a", "b", "b"))


@pytest.mark.parametrize("label", [2, -1])
def test_labels_are_those_of_classes(label: int) -> None:
    with pytest.raises(
        InvalidInputError, match=f"has 2 classes, but a of test has the label {label}; labels"
    ):
        dataset(test=Split(["a.jpg"], np.array([label]), ("a",)))


def test_a_data_set_has_classes_that_differ_and_a_split(split: Split) -> None:
    with pytest.raises(InvalidInputError, match="Pets needs a class and a split"):
        dataset()
    with pytest.raises(InvalidInputError, match="Pets needs a class and a split"):
        Dataset("pets", "Pets", (), {"test": split})
    with pytest.raises(InvalidInputError, match="class names must differ, but Pets has 'cat' twice"):
        Dataset("pets", "Pets", ("cat", "dog", "cat"), {"test": split})


def test_splits_are_called_train_val_and_test(split: Split) -> None:
    with pytest.raises(UnknownNameError, match="unknown split 'validation'"):
        dataset(validation=split)
    pets = dataset(test=split)
    assert pets.split("test") is split
    with pytest.raises(UnknownNameError, match="unknown split of Pets 'train': did you mean 'test'"):
        pets.split("train")


def test_a_fingerprint_tells_names_keys_labels_and_splits_apart(split: Split) -> None:
    whole = dataset(train=split.take([0, 1]), test=split.take([2, 3]))
    others = [
        Dataset("pets", "Pets", ("cat", "dogs"), whole.splits),
        dataset(train=split.take([0, 1]), val=split.take([2, 3])),
        dataset(train=split.take([1, 0]), test=split.take([2, 3])),
        dataset(train=split.take([0, 1])),
        dataset(train=Split(["a.jpg", "b.jpg"], np.array([1, 0]), ("a", "b")), test=split.take([2, 3])),
        dataset(train=Split(["a.jpg", "b.jpg"], np.array([0, 1]), ("ab", "")), test=split.take([2, 3])),
    ]
    assert len({whole.fingerprint(), *(other.fingerprint() for other in others)}) == 7


def test_a_fingerprint_does_not_depend_on_the_place_or_the_order_of_the_splits(split: Split) -> None:
    elsewhere = Split([b""] * 4, np.array([0, 1, 0, 1], dtype=np.int32), split.keys)
    one = Dataset("pets", "Pets", ("cat", "dog"), {"val": split.take([0]), "test": split.take([1])})
    other = Dataset("x", "X", ("cat", "dog"), {"test": elsewhere.take([1]), "val": elsewhere.take([0])})
    assert one.fingerprint() == other.fingerprint()
