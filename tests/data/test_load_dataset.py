from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clipcoder import load_dataset
from clipcoder.data.draw_files import read_draw
from clipcoder.data.draws import few_shot
from clipcoder.errors import InvalidInputError, UnknownNameError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four images of two classes as folders, and the same as a table, in Parquet and in a shard."""
    pets = tmp_path / "pets"
    names = [f"{label}/{i}.jpg" for label in ("cat", "dog") for i in (1, 2)]
    for name in names:
        (pets / name).parent.mkdir(parents=True, exist_ok=True)
        (pets / name).write_bytes(name.encode())
    rows = "".join(f"pets/{name},{name[:3]}\n" for name in names)
    (tmp_path / "list.csv").write_text(f"path,label\n{rows}")
    (tmp_path / "parquet" / "data").mkdir(parents=True)
    (tmp_path / "shards").mkdir()
    for split in ("train", "test"):
        table = pa.table({"image": [name.encode() for name in names], "label": [name[:3] for name in names]})
        pq.write_table(table, tmp_path / "parquet" / "data" / f"{split}-00000-of-00001.parquet")
        with tarfile.open(tmp_path / "shards" / f"{split}-0.tar", "w") as tar:
            for name in names:
                for suffix, content in (("jpg", name.encode()), ("cls", name[:3].encode())):
                    member = tarfile.TarInfo(f"{name[:-4]}.{suffix}")
                    member.size = len(content)
                    tar.addfile(member, io.BytesIO(content))
    return tmp_path


CONTENT = [b"cat/1.jpg", b"cat/2.jpg", b"dog/1.jpg", b"dog/2.jpg"]


def read(image: object) -> bytes:
    return image if isinstance(image, bytes) else Path(str(image)).read_bytes()


@pytest.mark.parametrize(
    ("source", "name", "splits"),
    [
        ("pets", "pets", ["test"]),
        ("pets/", "pets", ["test"]),
        ("list.csv", "list", ["test"]),
        ("l*.csv", "list", ["test"]),
        ("parquet", "parquet", ["train", "test"]),
        ("parquet/data/test-00000-of-00001.parquet", "test-00000-of-00001", ["test"]),
        ("shards", "shards", ["train", "test"]),
        ("shards/{test,train}-{0..0}.tar", "shards", ["train", "test"]),
        ("shards/train-*.tar", "train-0", ["train"]),
    ],
)
def test_every_source_gives_the_same_images(folder: Path, source: str, name: str, splits: list[str]) -> None:
    for loaded in (load_dataset(f"{folder}/{source}"), load_dataset(source, folder)):
        assert (loaded.name, loaded.class_names, list(loaded.splits)) == (name, ("cat", "dog"), splits)
        for split in loaded.splits.values():
            assert [read(image) for image in split.images] == CONTENT
            assert split.labels.tolist() == [0, 0, 1, 1]
            assert not any(key.startswith("/") for key in split.keys)


def test_keys_and_fingerprint_do_not_depend_on_where_a_set_is(folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    before = {name: load_dataset(name, folder) for name in ("pets", "list.csv", "parquet", "shards")}
    moved.mkdir()
    for name in ("pets", "list.csv", "parquet", "shards"):
        (folder / name).rename(moved / name)
    for name, dataset in before.items():
        assert load_dataset(moved / name).fingerprint() == dataset.fingerprint()


def test_here_is_a_folder_with_a_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "pets")
    assert load_dataset(".").name == "pets"
    assert load_dataset(Path("..") / "list.csv").name == "list"


def test_a_folder_whose_name_is_no_unicode_has_one_that_can_be_written(folder: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/pets\xe9"))
    try:
        (folder / "pets").rename(odd)
    except OSError:
        pytest.skip("this file system takes Unicode alone")
    assert load_dataset(odd).name == "pets\\udce9"


def test_a_folder_whose_name_has_lines_has_one_of_one_line(folder: Path) -> None:
    assert load_dataset((folder / "pets").rename(folder / "my\n pets")).name == "my pets"


def test_a_file_without_a_suffix_is_no_data_set(folder: Path) -> None:
    (folder / "LICENCE").write_text("free")
    with pytest.raises(InvalidInputError, match="names files of the kind that has no suffix"):
        load_dataset(folder / "LICENCE")


def test_a_table_may_lie_elsewhere_than_the_images_that_it_names(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    (folder / "list.csv").rename(lists / "mine.csv")
    monkeypatch.chdir(lists)
    split = load_dataset("mine.csv", folder).split("test")
    assert split.keys[0] == "pets/cat/1.jpg"
    assert [read(image) for image in split.images] == CONTENT


def test_a_folder_of_images_may_have_an_archive_beside_them(folder: Path) -> None:
    (folder / "shards" / "train-0.tar").rename(folder / "pets" / "pets.tar")
    assert load_dataset(folder / "pets").split("test").keys[0] == "cat/1.jpg"


def test_splits_can_be_named_or_cut(folder: Path) -> None:
    assert list(load_dataset(folder / "shards", splits={"val": "test-*.tar"}).splits) == ["val"]
    cut = load_dataset(folder / "pets", shares={"train": 0.5, "test": 0.5})
    assert {name: sorted(split.labels) for name, split in cut.splits.items()} == {
        "train": [0, 1],
        "test": [0, 1],
    }
    one = load_dataset(folder / "shards", splits={"train": "train-*"}, shares={"train": 0.5, "val": 0.5})
    assert list(one.splits) == ["train", "val"]


def test_classes_columns_and_prompts_can_be_named(folder: Path) -> None:
    (folder / "other.csv").write_text("file,y\npets/cat/1.jpg,1\npets/dog/1.jpg,0\n")
    loaded = load_dataset(
        folder / "other.csv",
        columns={"image": "file", "label": "y"},
        class_names=["dog", "cat"],
        prompts="oxford_pets",
    )
    assert (loaded.class_names, loaded.prompts) == (("dog", "cat"), "oxford_pets")
    assert loaded.split("test").labels.tolist() == [1, 0]


def test_a_folder_that_was_saved_by_datasets_and_a_set_handed_in(folder: Path) -> None:
    hf = pytest.importorskip("datasets")
    images = hf.Dataset.from_dict({"image": CONTENT, "label": ["cat", "cat", "dog", "dog"]})
    hf.DatasetDict(test=images).save_to_disk(str(folder / "saved"))
    for loaded in (load_dataset(folder / "saved"), load_dataset(images)):
        assert list(loaded.split("test").images) == CONTENT
    assert load_dataset(images).name == "dataset"


def test_the_hub_is_asked_for_what_begins_with_hf(monkeypatch: pytest.MonkeyPatch) -> None:
    from clipcoder.data import loading
    from clipcoder.data.sources.found import Found, Labelled

    found = Found({"test": Labelled(["a.jpg"], ["cat"], ("test/0",))})
    monkeypatch.setattr(loading, "read_hub", lambda name, cache: (name, cache))
    monkeypatch.setattr(
        loading, "read_hugging_face", lambda source, *_: found if source[0] == "hf:me/pets" else None
    )
    assert load_dataset("hf:me/pets").name == "me/pets"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("absent/", "there is nothing at '.*absent'; name a folder of images"),
        ("absent.csv", "there is nothing at '.*absent.csv'"),
        ("absent/*.tar", "there is nothing at"),
        ("list.json", "must be a folder of images, tables .* but it names files of the kind .json"),
        ("{list.csv,shards/test-0.tar}", "of the kind tar and of tables at once"),
        ("empty", "has no folder in it"),
    ],
)
def test_what_is_no_source_is_refused(folder: Path, source: str, reason: str) -> None:
    (folder / "list.json").touch()
    (folder / "empty").mkdir()
    with pytest.raises(InvalidInputError, match=reason):
        load_dataset(source, folder)


def test_splits_and_columns_have_three_names(folder: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown split 'dev'"):
        load_dataset(folder / "pets", splits={"dev": "."})
    with pytest.raises(UnknownNameError, match="unknown kind of column 'path'"):
        load_dataset(folder / "list.csv", columns={"path": "file"})


def test_a_name_is_looked_up_in_the_catalogue(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "pets").rename(folder / "dtd")
    monkeypatch.chdir(folder)
    for catalogued in (folder, None):
        with pytest.raises(InvalidInputError, match="split_zhou_DescribableTextures"):
            load_dataset("dtd", catalogued)
    assert load_dataset("./dtd").class_names == load_dataset(Path("dtd")).class_names == ("cat", "dog")
    with pytest.raises(UnknownNameError, match="unknown data set 'caltech': did you mean 'caltech101'"):
        load_dataset("caltech", folder)


@pytest.mark.parametrize(
    "options",
    [{"splits": {"test": "val"}}, {"shares": {"test": 1}}, {"class_names": ["cat"]}, {"columns": {}}],
)
def test_a_data_set_of_the_catalogue_is_taken_as_it_is(folder: Path, options: dict[str, Any]) -> None:
    with pytest.raises(
        InvalidInputError, match=f"'dtd' is a data set of the catalogue .* own {next(iter(options))}"
    ):
        load_dataset("dtd", folder, **options)


def test_caltech_101_is_loaded_by_its_name(shared_data: Path) -> None:
    caltech = load_dataset("caltech101", shared_data)
    assert {name: len(split) for name, split in caltech.splits.items()} == {
        "train": 4128,
        "val": 1649,
        "test": 2465,
    }
    assert caltech.prompts == "caltech101"
    assert load_dataset("caltech101", shared_data, prompts="generic").prompts == "generic"
    draws = shared_data / "caltech-101" / "few_shot"
    for shots in (1, 16):
        drawn, given = few_shot(caltech, shots, 3), read_draw(draws / f"shot_{shots}-seed_3.json", caltech)
        assert (drawn.train.keys, drawn.val.keys) == (given.train.keys, given.val.keys)
