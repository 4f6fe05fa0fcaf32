from __future__ import annotations

from pathlib import Path

import pytest

from clipcoder.data.dataset import Dataset
from clipcoder.data.sources.table import read_table
from clipcoder.errors import InvalidInputError, UnknownNameError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b.jpg", "c.jpg", "sub/d.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def table(folder: Path, text: str, name: str = "list.csv") -> Path:
    file = folder / name
    file.write_bytes(text.encode("utf-8-sig" if name.startswith("bom") else "utf-8"))
    return file


def dataset(
    *files: Path, base: Path | None = None, splits: dict[str, str] | None = None, **columns: str
) -> Dataset:
    return read_table(files, base, columns, splits, "'list.csv'").as_dataset("pets", "Pets")


def test_paths_and_labels_in_the_order_of_the_table(folder: Path) -> None:
    pets = dataset(table(folder, "path,label\nsub/d.jpg,dog\na.jpg,cat\n"))
    assert pets.class_names == ("cat", "dog")
    split = pets.split("test")
    assert split.keys == ("sub/d.jpg", "a.jpg")
    assert split.labels.tolist() == [1, 0]
    assert Path(str(split.images[0])).read_bytes() == b"sub/d.jpg"


@pytest.mark.parametrize("name", ["list.csv", "bom.csv", "list.tsv"])
@pytest.mark.parametrize("comma", [",", ";", "\t"])
def test_spreadsheets_write_it_in_their_ways(folder: Path, name: str, comma: str) -> None:
    text = f'Path{comma}notes{comma} LABEL \r\na.jpg{comma}"x\ny"{comma}cat\r\n\r\nb.jpg{comma}{comma}cat\r\n'
    assert dataset(table(folder, text, name)).split("test").keys == ("a.jpg", "b.jpg")


def test_a_column_of_splits(folder: Path) -> None:
    text = "label,path,split\ncat,a.jpg,training\ncat,b.jpg,TEST\ncat,c.jpg,training\n"
    pets = dataset(table(folder, text))
    assert {name: split.keys for name, split in pets.splits.items()} == {
        "train": ("a.jpg", "c.jpg"),
        "test": ("b.jpg",),
    }
    assert [Path(str(image)).name for image in pets.split("train").images] == ["a.jpg", "c.jpg"]


def test_values_of_splits_can_be_named_and_others_left_out(folder: Path) -> None:
    text = "path,label,fold\na.jpg,cat,1\nb.jpg,cat,2\nc.jpg,cat,3\n"
    pets = dataset(table(folder, text), splits={"train": "3", "test": "1"}, split="Fold")
    assert {name: split.keys for name, split in pets.splits.items()} == {
        "train": ("c.jpg",),
        "test": ("a.jpg",),
    }


def test_columns_can_be_named(folder: Path) -> None:
    pets = dataset(table(folder, "file,path,species\na.jpg,1,cat\n"), image="file", label="species")
    assert pets.split("test").keys == ("a.jpg",)


def test_several_tables_are_the_splits_that_their_names_speak_of(folder: Path) -> None:
    files = [
        table(folder, f"path,label\n{name}.jpg,cat\n", f"{split}.csv")
        for split, name in (("test", "a"), ("train", "b"))
    ]
    pets = dataset(*files)
    assert {name: split.keys for name, split in pets.splits.items()} == {
        "train": ("b.jpg",),
        "test": ("a.jpg",),
    }


def test_several_tables_can_be_one_split(folder: Path) -> None:
    files = [
        table(folder, f"path,label\n{name}.jpg,{label}\n", f"part-{name}.csv")
        for name, label in (("a", "cat"), ("b", "dog"))
    ]
    split = dataset(*files).split("test")
    assert [Path(str(image)).name for image in split.images] == ["a.jpg", "b.jpg"]
    assert split.labels.tolist() == [0, 1]


def test_paths_begin_where_it_is_said(folder: Path) -> None:
    lists = folder / "lists"
    lists.mkdir()
    file = table(lists, "path,label\n./sub/../a.jpg,cat\n")
    assert dataset(file, base=folder).split("test").keys == ("a.jpg",)


def test_an_absolute_path_below_is_a_key_on_any_machine_and_windows_may_have_written_it(folder: Path) -> None:
    split = dataset(table(folder, f"path,label\n{folder}/a.jpg,cat\nsub\\d.jpg,cat\n")).split("test")
    assert split.keys == ("a.jpg", "sub/d.jpg")
    elsewhere = dataset(table(folder, f"path,label\n{folder}/a.jpg,cat\n"), base=folder / "sub").split("test")
    assert elsewhere.keys == (f"{folder}/a.jpg".removeprefix(""),)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "path,label\na.jpg,cat\ngone.jpg,cat\n",
            "names 1 of 2 images that are not there, .*gone.jpg' in row 2",
        ),
        ("path,label\na.jpg,cat\n./a.jpg,cat\n", "'a.jpg' in row 1 and, with the same label, in row 2"),
        ("path,label\na.jpg,cat\na.jpg,dog\n", "'a.jpg' in row 1 and, with another label, in row 2"),
        ("path,label\na.jpg,cat\nb.jpg,\n", "row 2 of '.*list.csv' has no label"),
        ("path,label\na.jpg\n", "row 1 of '.*list.csv' has no label"),
        ("path,label\n,cat\n", "row 1 of '.*list.csv' has no path"),
        ("path,label,split\na.jpg,cat,\n", "row 1 of '.*list.csv' has no split"),
        (
            "path,class\na.jpg,cat\n",
            "needs a column 'label', but it has 'path', 'class'; name the one to take",
        ),
        ("file,label\na.jpg,cat\n", "needs a column 'path' or 'image', but it has 'file', 'label'"),
        ("", "needs a column 'path' or 'image', but it has none"),
        ("path,label\n", "Pets has no image"),
        ("path,label\na.jpg,0\n", "labels of Pets are numbers"),
        ("path,label,split\na.jpg,cat,extra\n", "must be called train, val and test"),
        (
            "path,label,split\na.jpg,cat,train\nb.jpg,cat,test\nc.jpg,dog,train\n",
            "test has no image of 'dog'",
        ),
        ('path,label\n"a.jpg,' + "x" * 200_000, "is no CSV: field larger"),
    ],
)
def test_a_table_in_disorder_is_refused(folder: Path, text: str, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        dataset(table(folder, text))


def test_an_image_in_two_tables_is_refused(folder: Path) -> None:
    twice = [table(folder, "path,label\na.jpg,cat\n", name) for name in ("train.csv", "test.csv")]
    with pytest.raises(InvalidInputError, match=r"'a.jpg' is in train and in test"):
        dataset(*twice)
    twice = [table(folder, "path,label\na.jpg,cat\n", name) for name in ("1.csv", "2.csv")]
    with pytest.raises(InvalidInputError, match=r"'a.jpg' is there twice"):
        dataset(*twice)


def test_either_all_tables_have_a_column_of_splits_or_none(folder: Path) -> None:
    one = table(folder, "path,label\na.jpg,cat\n", "1.csv")
    other = table(folder, "path,label,split\nb.jpg,cat,test\n", "2.csv")
    with pytest.raises(InvalidInputError, match=r"or none of them, but '2.csv' has one"):
        dataset(one, other)


def test_a_column_that_is_not_there_is_unknown(folder: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown column of .* 'labl': did you mean 'label'"):
        dataset(table(folder, "path,label\na.jpg,cat\n"), label="labl")


def test_a_file_that_cannot_be_read_is_refused(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match="no such file"):
        dataset(folder / "absent.csv")
    (folder / "latin.csv").write_bytes("path,label\na.jpg,Bär\n".encode("latin-1"))
    with pytest.raises(InvalidInputError, match="save it as UTF-8"):
        dataset(folder / "latin.csv")
