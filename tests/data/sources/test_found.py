from __future__ import annotations

from collections.abc import Sequence

import pytest

from clipcoder.data.sources.found import Found, Labelled
from clipcoder.data.sources.labels import Label
from clipcoder.errors import InvalidInputError


def part(labels: Sequence[Label], prefix: str) -> Labelled:
    keys = tuple(f"{prefix}/{i}.jpg" for i in range(len(labels)))
    return Labelled(keys, labels, keys)


def found(**labels: Sequence[Label]) -> Found:
    return Found({name: part(held, name) for name, held in labels.items()})


def test_splits_share_one_list_of_classes_and_come_in_one_order() -> None:
    pets = found(test=["dog", "cat"], train=["cat", "dog"]).as_dataset("pets", "Pets", prompts="oxford_pets")
    assert (pets.name, pets.title, pets.prompts, list(pets.splits)) == (
        "pets",
        "Pets",
        "oxford_pets",
        ["train", "test"],
    )
    assert pets.class_names == ("cat", "dog")
    assert pets.split("test").labels.tolist() == [1, 0]
    assert pets.split("test").keys == ("test/0.jpg", "test/1.jpg")


def test_the_names_of_the_source_are_taken_unless_others_are_given() -> None:
    numbers = Found({"test": part([0, 1], "test")}, ["cat", "dog"])
    assert numbers.as_dataset("pets", "Pets").class_names == ("cat", "dog")
    assert numbers.as_dataset("pets", "Pets", ["Katze", "Hund"]).class_names == ("Katze", "Hund")


def test_a_class_without_an_image_is_refused() -> None:
    names = ["cat", "dog", "cow", "ant", "bee"]
    with pytest.raises(InvalidInputError, match="Pets has no image of 'dog', 'cow', 'ant' and 1 more; add"):
        found(test=["cat"]).as_dataset("pets", "Pets", names)


def test_splits_of_different_classes_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="but test has no image of 'dog', of which train has some"):
        found(train=["cat", "dog"], test=["cat"]).as_dataset("pets", "Pets")


def test_an_image_in_two_splits_is_refused() -> None:
    both = Found({"train": part(["cat"], "a"), "test": part(["cat"], "a")})
    with pytest.raises(InvalidInputError, match=r"'a/0.jpg' is in train and in test"):
        both.as_dataset("pets", "Pets")


def test_a_source_without_images_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="Pets has no image"):
        found(test=[]).as_dataset("pets", "Pets")
