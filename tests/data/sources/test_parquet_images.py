from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clipcoder.data.dataset import Dataset
from clipcoder.data.sources import parquet_sheet
from clipcoder.data.sources.table import read_table
from clipcoder.errors import InvalidInputError, UnknownNameError

LABELS = {"names": ["cat", "dog"], "_type": "ClassLabel"}


def stored(file: Path, columns: dict[str, Any], *, notes: object = None, rows: int = 2) -> Path:
    """Write a Parquet file with row groups of a few rows, and notes as `datasets` writes them."""
    described = {"huggingface": notes if isinstance(notes, str) else json.dumps(notes)} if notes else None
    pq.write_table(pa.table(columns).replace_schema_metadata(described), file, row_group_size=rows)
    return file


def features(**columns: Any) -> dict[str, Any]:
    return {"info": {"features": columns}}


def dataset(*files: Path, class_names: list[str] | None = None, **columns: str) -> Dataset:
    return read_table(files, None, columns, None, "'pets'").as_dataset("pets", "Pets", class_names)


def test_paths_in_parquet_are_as_those_in_csv(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).touch()
    columns = {
        "path": pa.array(["b.jpg", "a.jpg"]).dictionary_encode(),
        "label": ["dog", "dog"],
        "split": ["train", "test"],
    }
    pets = dataset(stored(tmp_path / "list.parquet", columns))
    assert pets.split("train").keys == ("b.jpg",)
    with pytest.raises(InvalidInputError, match="names 1 of 1 images that are not there"):
        dataset(stored(tmp_path / "other.parquet", {"path": ["c.jpg"], "label": ["cat"]}))


def test_bytes_are_read_when_an_image_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = [b"%d" % i for i in range(7)]
    file = stored(tmp_path / "pets.parquet", {"picture": content, "label": ["cat"] * 7})
    split = dataset(file).split("test")
    assert split.keys[6] == "pets.parquet/6"
    opened: list[Path] = []
    reading = parquet_sheet._reading
    monkeypatch.setattr(parquet_sheet, "_reading", lambda f, m=None: opened.append(f) or reading(f, m))
    assert list(split.images) == content
    assert len(opened) == 4  # row groups of 2, each read once
    assert split.images[0] == b"0"


def test_images_and_class_names_as_hugging_face_writes_them(tmp_path: Path) -> None:
    (tmp_path / "b.jpg").write_bytes(b"b")
    images = [
        {"bytes": b"a", "path": "a.jpg"},
        {"bytes": None, "path": "b.jpg"},
        {"bytes": None, "path": None},
    ]
    columns = {"img": images, "species": [1, 0, 1]}
    notes = features(img={"_type": "Image"}, species=LABELS)
    pets = dataset(stored(tmp_path / "test-00000-of-00001.parquet", columns, notes=notes))
    assert pets.class_names == ("cat", "dog")
    assert pets.split("test").labels.tolist() == [1, 0, 1]
    assert list(pets.split("test").images) == [b"a", str(tmp_path / "b.jpg"), b""]


def test_shards_of_a_split_are_one_after_the_other(tmp_path: Path) -> None:
    files = []
    for split in ("train", "test"):
        for shard in range(2):
            columns = {"image": [b"%d" % shard] * 3, "label": [0, 1, 0]}
            files.append(stored(tmp_path / f"{split}-{shard}.parquet", columns, notes=features(label=LABELS)))
    pets = dataset(*files)
    assert list(pets.split("train").images) == [b"0"] * 3 + [b"1"] * 3
    assert pets.split("test").keys[3] == "test-1.parquet/0"


def test_of_several_columns_the_usual_ones_or_those_named_are_taken(tmp_path: Path) -> None:
    columns = {"image": [b"a"], "mask": [b"m"], "label": ["cat"], "breed": ["tabby"]}
    file = stored(tmp_path / "pets.parquet", columns)
    assert list(dataset(file).split("test").images) == [b"a"]
    named = dataset(file, image="mask", label="breed")
    assert (list(named.split("test").images), named.class_names) == ([b"m"], ("tabby",))


def test_numbers_need_names(tmp_path: Path) -> None:
    file = stored(tmp_path / "pets.parquet", {"image": [b"a", b"b"], "label": [0, 1]})
    assert dataset(file, class_names=["cat", "dog"]).class_names == ("cat", "dog")
    with pytest.raises(InvalidInputError, match="the labels of Pets are numbers"):
        dataset(file)


@pytest.mark.parametrize(
    "notes", ["no JSON", "[]", '{"info": {"features": []}}', {"info": {"features": {"label": 1}}}]
)
def test_notes_of_another_form_name_nothing(tmp_path: Path, notes: object) -> None:
    file = stored(tmp_path / "pets.parquet", {"image": [b"a"], "label": ["cat"]}, notes=notes)
    assert dataset(file).class_names == ("cat",)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"image": [b"a"], "label": [None]}, "row 1 of '.*' has no label"),
        ({"image": [b"a"], "label": [0.5]}, "must hold texts or whole numbers, but row 1 has 0.5"),
        ({"image": [b"a"], "label": ["cat"], "split": [None]}, "row 1 of '.*' has no split"),
        ({"image": [b"a"], "class": ["cat"]}, "needs a column 'label', but it has 'image', 'class'"),
        ({"a": [b"a"], "b": [b"b"], "label": ["cat"]}, "needs a column 'path' or 'image'"),
    ],
)
def test_a_parquet_table_in_disorder_is_refused(tmp_path: Path, columns: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        dataset(stored(tmp_path / "pets.parquet", columns))


def test_a_column_that_parquet_lacks_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="'img': did you mean 'image'"):
        dataset(stored(tmp_path / "pets.parquet", {"image": [b"a"], "label": ["cat"]}), image="img")


def test_tables_with_different_class_names_are_refused(tmp_path: Path) -> None:
    files = [
        stored(
            tmp_path / f"{names[0]}.parquet",
            {"image": [b"a"], "label": [0]},
            notes=features(label=LABELS | {"names": names}),
        )
        for names in (["cat"], ["dog"])
    ]
    with pytest.raises(InvalidInputError, match="different class names"):
        dataset(*files)


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    whole = stored(tmp_path / "pets.parquet", {"image": [b"a"], "label": ["cat"]})
    (tmp_path / "cut.parquet").write_bytes(whole.read_bytes()[:-20])
    with pytest.raises(InvalidInputError, match=r"cut.parquet' is no whole Parquet file: .*; write or fetch"):
        dataset(tmp_path / "cut.parquet")
    with pytest.raises(InvalidInputError, match=r"absent.parquet': no such file"):
        dataset(tmp_path / "absent.parquet")


def test_a_file_that_goes_while_it_is_read_is_said_to_be_gone(tmp_path: Path) -> None:
    file = stored(tmp_path / "pets.parquet", {"image": [b"a"], "label": ["cat"]})
    images = dataset(file).split("test").images
    file.unlink()
    with pytest.raises(InvalidInputError, match="no such file"):
        images[0]
