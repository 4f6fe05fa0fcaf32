from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clipcoder.data.dataset import Dataset, Split
from clipcoder.data.draw_files import read_draw
from clipcoder.data.draws import few_shot
from clipcoder.errors import InvalidInputError

TRAIN = [["cat/1.jpg", 0, "cat"], ["dog/1.jpg", 1, "dog"]]
VAL = [["cat/3.jpg", 0, "cat"]]


@pytest.fixture
def pets() -> Dataset:
    def split(*keys: str) -> Split:
        return Split(keys, np.array([key.startswith("dog") for key in keys], dtype=int), keys)

    splits = {
        "train": split("cat/1.jpg", "cat/2.jpg", "dog/1.jpg"),
        "val": split("cat/3.jpg", "dog/3.jpg"),
        "test": split("cat/4.jpg"),
    }
    return Dataset("pets", "Pets", ("cat", "dog"), splits)


def written(folder: Path, document: Any) -> Path:
    file = folder / "shot_1-seed_1.json"
    file.write_text(json.dumps(document))
    return file


def test_a_published_draw_is_read_in_its_order(tmp_path: Path, pets: Dataset) -> None:
    draw = read_draw(written(tmp_path, {"train": TRAIN[::-1], "val": VAL}), pets)
    assert draw.train.keys == ("dog/1.jpg", "cat/1.jpg")
    assert draw.train.labels.tolist() == [1, 0]
    assert draw.val.keys == ("cat/3.jpg",)


def test_the_form_that_spells_rows_out_is_read_too(tmp_path: Path, pets: Dataset) -> None:
    def spelled(rows: list[list[Any]]) -> dict[str, Any]:
        data = [{"impath": f"./data/pets/{p}", "label": n, "classname": c} for p, n, c in rows]
        return {"data": data, "indices": [0]}

    draw = read_draw(written(tmp_path, {"train": spelled(TRAIN), "val": spelled(VAL)}), pets)
    assert draw.train.keys == ("cat/1.jpg", "dog/1.jpg")


def test_without_a_split_for_validation_its_images_are_among_those_of_train(
    tmp_path: Path, pets: Dataset
) -> None:
    bare = Dataset(pets.name, pets.title, pets.class_names, {"train": pets.split("train")})
    draw = read_draw(written(tmp_path, {"train": TRAIN, "val": [["cat/2.jpg", 0, "cat"]]}), bare)
    assert draw.val.keys == ("cat/2.jpg",)


def test_the_files_of_caltech_101_are_the_draws_that_are_made(shared_data: Path) -> None:
    folder = shared_data / "caltech-101"
    rows = json.loads((folder / "split_zhou_Caltech101.json").read_text())
    keys = {name: tuple(f"101_ObjectCategories/{row[0]}" for row in rows[name]) for name in ("train", "val")}
    splits = {
        name: Split(held, np.array([row[1] for row in rows[name]]), held) for name, held in keys.items()
    }
    classes = tuple(str(label) for label in range(100))
    caltech = Dataset("caltech101", "Caltech-101", classes, splits)
    read, made = read_draw(folder / "few_shot" / "shot_16-seed_2.json", caltech), few_shot(caltech, 16, 2)
    assert read.train.keys == made.train.keys
    assert read.val.keys == made.val.keys


@pytest.mark.parametrize(
    ("train", "val", "reason"),
    [
        (
            [["cat/4.jpg", 0, "cat"]],
            VAL,
            "draws 'cat/4.jpg' for train, but Pets has no such image",
        ),
        ([["cow/1.jpg", 0, "cow"]], VAL, "Pets has no such image"),
        ([["", 0, "cat"]], VAL, "Pets has no such image"),
        ([["1.jpg", 0, "cat"]], VAL, "Pets has no such image"),
        ([*TRAIN, TRAIN[0]], VAL, "draws 'cat/1.jpg' twice"),
        ([["cat/1.jpg", 1, "dog"]], VAL, "the label 1, but in Pets it has 0"),
        ([], VAL, "draws no image of train"),
        ([["cat/1.jpg", "cat"]], VAL, "is no few-shot draw"),
        ("cat/1.jpg", VAL, "is no few-shot draw"),
    ],
)
def test_a_draw_of_something_else_is_refused(
    tmp_path: Path, pets: Dataset, train: Any, val: Any, reason: str
) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        read_draw(written(tmp_path, {"train": train, "val": val}), pets)


def test_an_image_of_the_support_set_validates_nothing(tmp_path: Path, pets: Dataset) -> None:
    bare = Dataset(pets.name, pets.title, pets.class_names, {"train": pets.split("train")})
    with pytest.raises(InvalidInputError, match="twice"):
        read_draw(written(tmp_path, {"train": TRAIN, "val": [TRAIN[0]]}), bare)


def test_a_draw_without_a_split_to_draw_from_is_refused(tmp_path: Path, pets: Dataset) -> None:
    test_only = Dataset(pets.name, pets.title, pets.class_names, {"test": pets.split("test")})
    with pytest.raises(InvalidInputError, match="has no train split"):
        read_draw(written(tmp_path, {"train": TRAIN, "val": VAL}), test_only)


@pytest.mark.parametrize("content", [b"\x80\x04]", b"[]", b"{}", b"[" * 100_000])
def test_another_file_is_no_draw(tmp_path: Path, pets: Dataset, content: bytes) -> None:
    file = tmp_path / "shot_1-seed_1.pkl"
    file.write_bytes(content)
    with pytest.raises(InvalidInputError, match="is no few-shot draw"):
        read_draw(file, pets)


def test_an_absent_file_is_said_to_be_absent(tmp_path: Path, pets: Dataset) -> None:
    with pytest.raises(InvalidInputError, match="no such file"):
        read_draw(tmp_path / "absent.json", pets)
