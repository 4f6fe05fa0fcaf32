from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from clipcoder.data.dataset import Dataset
from clipcoder.data.sources.folder import holds_images, read_folder
from clipcoder.errors import InvalidInputError


def grown(root: Path, paths: Iterable[str]) -> Path:
    """Return a folder with these files in it, and folders where a path ends with "/"."""
    for path in paths:
        place = root / path
        (place if path.endswith("/") else place.parent).mkdir(parents=True, exist_ok=True)
        if not path.endswith("/"):
            place.write_bytes(path.encode())
    return root


def dataset(root: Path, **splits: str) -> Dataset:
    return read_folder(root, splits or None).as_dataset("pets", "Pets")


def test_folders_in_split_folders_are_classes(tmp_path: Path) -> None:
    paths = [
        f"{s}/{c}/{i}.jpg" for s in ("train", "val", "test") for c in ("guinea_pig", "cat") for i in (2, 10)
    ]
    pets = dataset(grown(tmp_path, paths))
    assert pets.class_names == ("cat", "guinea pig")
    assert list(pets.splits) == ["train", "val", "test"]
    train = pets.split("train")
    assert train.keys == (
        "train/cat/10.jpg",
        "train/cat/2.jpg",
        "train/guinea_pig/10.jpg",
        "train/guinea_pig/2.jpg",
    )
    assert train.labels.tolist() == [0, 0, 1, 1]
    assert Path(str(train.images[0])).read_bytes() == b"train/cat/10.jpg"


def test_classes_without_split_folders_are_for_evaluation(tmp_path: Path) -> None:
    pets = dataset(grown(tmp_path, ["cat/1.jpg", "dog/1.jpg"]))
    assert list(pets.splits) == ["test"]
    assert pets.split("test").keys == ("cat/1.jpg", "dog/1.jpg")


def test_splits_may_be_called_otherwise(tmp_path: Path) -> None:
    pets = dataset(grown(tmp_path, ["Training/cat/1.jpg", "validation/cat/1.jpg", "notes/readme.md"]))
    assert list(pets.splits) == ["train", "val"]


def test_the_folder_of_each_split_can_be_named(tmp_path: Path) -> None:
    root = grown(tmp_path, ["a/b/cat/1.jpg", "c/cat/1.jpg", "c/extra.md"])
    pets = dataset(root, test="c", train="a/b")
    assert {name: split.keys for name, split in pets.splits.items()} == {
        "train": ("a/b/cat/1.jpg",),
        "test": ("c/cat/1.jpg",),
    }
    assert dataset(grown(tmp_path / "x", ["val/dog/1.jpg"]), train=".").class_names == ("val",)


def test_a_class_may_be_called_as_a_split_is(tmp_path: Path) -> None:
    vehicles = dataset(grown(tmp_path, ["train/1.jpg", "bus/1.jpg"]))
    assert vehicles.class_names == ("bus", "train")


def test_images_may_lie_deeper_and_other_files_beside_them(tmp_path: Path) -> None:
    paths = ["cat/b/1.JPG", "cat/a/b/2.png", "cat/notes.txt", "cat/.hidden.jpg", ".git/3.jpg", "readme.md"]
    pets = dataset(grown(tmp_path, paths))
    assert pets.class_names == ("cat",)
    assert pets.split("test").keys == ("cat/a/b/2.png", "cat/b/1.JPG")


def test_links_to_images_and_to_class_folders_are_followed(tmp_path: Path) -> None:
    store = grown(tmp_path / "store", ["1.jpg", "dogs/1.jpg"])
    root = grown(tmp_path / "pets", ["cat/"])
    (root / "cat" / "linked.jpg").symlink_to(store / "1.jpg")
    (root / "cat" / "above").symlink_to(root)  # round in circles
    (root / "dog").symlink_to(store / "dogs")
    assert dataset(root).split("test").keys == ("cat/linked.jpg", "dog/1.jpg")


def test_a_pipe_is_no_image(tmp_path: Path) -> None:
    root = grown(tmp_path, ["cat/1.jpg"])
    os.mkfifo(root / "cat" / "0.jpg")
    assert dataset(root).split("test").keys == ("cat/1.jpg",)


def test_a_name_that_is_no_text_is_a_name(tmp_path: Path) -> None:
    root = grown(tmp_path, ["cat/"])
    odd = os.fsdecode(b"\xff.jpg")
    (root / "cat" / odd).write_bytes(b"odd")
    split = dataset(root).split("test")
    assert split.keys == (f"cat/{odd}",)
    assert Path(str(split.images[0])).read_bytes() == b"odd"


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        (["cat/1.jpg", "dog/"], "the class folder '.*dog' has no image"),
        (["cat/1.jpg", "dog/1.md"], "the class folder '.*dog' has no image"),
        (["train/cat/1.jpg", "train/2.jpg"], "has the image '2.jpg' beside the folders of its classes"),
        (["1.jpg", "2.jpg"], "has no folder in it; put the images of each class"),
        (["val/cat/1.jpg", "validation/cat/1.jpg"], "two folders for val, 'val' and 'validation'; say which"),
        (["train/cat/1.jpg", "train/dog/1.jpg", "test/cat/1.jpg"], "test has no image of 'dog'"),
    ],
)
def test_a_folder_in_disorder_is_refused(tmp_path: Path, paths: list[str], reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        dataset(grown(tmp_path, paths))


def test_a_link_to_nothing_is_a_missing_image(tmp_path: Path) -> None:
    root = grown(tmp_path, ["cat/1.jpg"])
    (root / "cat" / "2.jpg").symlink_to(root / "gone.jpg")
    with pytest.raises(InvalidInputError, match=r"the image '.*2.jpg' is a link to nothing"):
        dataset(root)


def test_a_split_folder_that_is_not_there_is_said_to_be_absent(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"cannot read the folder '.*holdout': no such file"):
        dataset(grown(tmp_path, ["train/cat/1.jpg"]), test="holdout")


def test_images_are_in_folders(tmp_path: Path) -> None:
    assert holds_images(grown(tmp_path / "a", ["x/y/1.jpg"]))
    assert not holds_images(grown(tmp_path / "b", ["1.jpg", "x/0.tar"]))
