from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

from clipcoder.data.dataset import Dataset
from clipcoder.data.sources.hugging_face import is_saved, read_hub, read_hugging_face, read_saved
from clipcoder.errors import InvalidInputError, MissingExtraError, UnknownNameError


def photo(grey: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (2, 2), grey).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def hf() -> Any:
    return pytest.importorskip("datasets")


def table(hf: Any, labels: Sequence[Any], kind: Any = None, **columns: Any) -> Any:
    features = hf.Features(
        {
            "image": hf.Image(),
            "label": kind or hf.ClassLabel(names=["cat", "dog"]),
            **{name: hf.Value("string") for name in columns},
        }
    )
    images = [{"bytes": photo(i), "path": None} for i in range(len(labels))]
    return hf.Dataset.from_dict({"image": images, "label": list(labels), **columns}, features=features)


def dataset(source: Any, splits: dict[str, str] | None = None, **columns: str) -> Dataset:
    return read_hugging_face(source, columns, splits, "'pets'").as_dataset("pets", "Pets")


def test_splits_labels_and_names_come_from_a_dataset_dict(hf: Any) -> None:
    pets = dataset(hf.DatasetDict(train=table(hf, [1, 0]), validation=table(hf, [0, 1, 1])))
    assert pets.class_names == ("cat", "dog")
    assert list(pets.splits) == ["train", "val"]
    val = pets.split("val")
    assert val.keys == ("validation/0", "validation/1", "validation/2")
    assert val.labels.tolist() == [0, 1, 1]
    assert list(val.images) == [photo(0), photo(1), photo(2)]


def test_a_dataset_is_the_split_that_it_calls_itself(hf: Any) -> None:
    assert list(dataset(table(hf, [0, 1])).splits) == ["test"]
    assert list(dataset(table(hf, [0, 1]), {"train": "all"}).splits) == ["train"]
    named = hf.Dataset.from_dict({"image": ["a.jpg"], "label": ["cat"]}, split="validation")
    assert dataset(named).split("val").keys == ("validation/0",)


def test_splits_can_be_named_and_others_are_left_out(hf: Any) -> None:
    source = hf.DatasetDict(a=table(hf, [0, 1]), b=table(hf, [1, 0]), unlabelled=table(hf, [-1]))
    pets = dataset(source, {"test": "a", "train": "b"})
    assert pets.split("test").keys == ("a/0", "a/1")
    with pytest.raises(InvalidInputError, match="must be called train, val and test, but they are 'a', 'b'"):
        dataset(source)


def test_rows_that_were_chosen_or_moved_keep_their_images(hf: Any) -> None:
    source = table(hf, [0, 1, 0, 1]).select([3, 0]).with_format("numpy")
    split = dataset(source).split("test")
    assert list(split.images) == [photo(3), photo(0)]
    assert split.labels.tolist() == [1, 0]


def test_images_may_be_files(hf: Any, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(photo(7))
    source = hf.Dataset.from_dict({"image": [str(file)], "label": ["cat"]})
    assert list(dataset(source).split("test").images) == [str(file)]
    assert list(dataset(source.cast_column("image", hf.Image())).split("test").images) == [str(file)]
    nothing = hf.Dataset.from_dict({"image": [None], "label": ["cat"]}).cast_column("image", hf.Image())
    assert list(dataset(nothing).split("test").images) == [b""]


def test_columns_can_be_named(hf: Any) -> None:
    source = table(hf, [0, 1], breed=["tabby", "pug"]).rename_column("label", "species")
    assert dataset(source).class_names == ("cat", "dog")
    assert dataset(source, label="breed").class_names == ("pug", "tabby")
    with pytest.raises(UnknownNameError, match="unknown column of 'pets' 'bred': did you mean 'breed'"):
        dataset(source, label="bred")


def test_columns_that_are_not_there_are_missed(hf: Any) -> None:
    source = table(hf, [0, 1]).rename_column("label", "species").cast_column("species", hf.Value("int64"))
    with pytest.raises(
        InvalidInputError, match="'pets' needs a column 'label', but it has 'image', 'species'"
    ):
        dataset(source)


def test_an_image_without_a_label_is_refused(hf: Any) -> None:
    with pytest.raises(InvalidInputError, match="row 2 of test of 'pets' has no label"):
        dataset(table(hf, [0, None]))
    with pytest.raises(
        InvalidInputError, match=r"Pets has the label -1, .* leave out images without a label"
    ):
        dataset(table(hf, [0, -1]))


def test_splits_must_have_the_same_class_names(hf: Any) -> None:
    other = table(hf, [0, 1], hf.ClassLabel(names=["dog", "cat"]))
    with pytest.raises(InvalidInputError, match="must have the same class names"):
        dataset(hf.DatasetDict(train=table(hf, [0, 1]), test=other))


@pytest.mark.parametrize("several", [True, False])
def test_what_was_saved_is_read_again(hf: Any, tmp_path: Path, several: bool) -> None:
    source = table(hf, [0, 1])
    (hf.DatasetDict(test=source) if several else source).save_to_disk(str(tmp_path / "pets"))
    assert is_saved(tmp_path / "pets")
    assert not is_saved(tmp_path)
    assert list(dataset(read_saved(tmp_path / "pets")).split("test").images) == [photo(0), photo(1)]


def test_a_folder_that_was_damaged_is_refused(hf: Any, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{}")
    with pytest.raises(InvalidInputError, match=f"cannot load the data set '{tmp_path}'"):
        read_saved(tmp_path)


def test_what_streams_has_no_rows_to_count(hf: Any) -> None:
    with pytest.raises(InvalidInputError, match="that does not stream, not IterableDataset"):
        dataset(table(hf, [0, 1]).to_iterable_dataset())


def package(**functions: Any) -> ModuleType:
    module = ModuleType("datasets")
    module.__dict__.update(
        {"Image": type("Image", (), {}), "ClassLabel": type("ClassLabel", (), {}), **functions}
    )
    return module


def test_the_hub_is_asked_by_name_and_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []
    load = lambda *arguments, **options: asked.append((*arguments, options)) or "loaded"  # noqa: E731
    monkeypatch.setitem(sys.modules, "datasets", package(load_dataset=load))
    assert read_hub("hf:me/pets", None) == "loaded"
    assert read_hub("hf:me/pets:small", tmp_path) == "loaded"
    assert asked == [
        ("me/pets", None, {"cache_dir": None}),
        ("me/pets", "small", {"cache_dir": str(tmp_path)}),
    ]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            FileNotFoundError("Dataset 'me/pets' doesn't exist. Look\nelsewhere."),
            "Dataset 'me/pets' doesn't exist",
        ),
        (ConnectionError(), "ConnectionError"),
    ],
)
def test_a_data_set_that_cannot_be_had_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def load(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setitem(sys.modules, "datasets", package(load_dataset=load))
    with pytest.raises(InvalidInputError) as refused:
        read_hub("hf:me/pets", None)
    assert str(refused.value).startswith(f"cannot load the data set 'hf:me/pets': {reason}; check its name")


def test_without_the_package_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'clipcoder\[datasets\]'"):
        read_hub("hf:me/pets", None)


@pytest.mark.parametrize("source", [7, [1, 2], {"train": 7}])
def test_anything_else_is_no_data_set(monkeypatch: pytest.MonkeyPatch, source: object) -> None:
    monkeypatch.setitem(sys.modules, "datasets", package())
    with pytest.raises(InvalidInputError, match="must be a path, a name, or a Dataset or DatasetDict"):
        dataset(source)
