from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from clipcoder.data.dataset import Dataset
from clipcoder.data.sources.shards import read_shards
from clipcoder.errors import InvalidInputError


def shard(file: Path, members: Mapping[str, bytes], kind: int = tarfile.PAX_FORMAT) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, "w", format=kind) as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return file


def samples(*labels: str, first: int = 0) -> dict[str, bytes]:
    members = {}
    for i, label in enumerate(labels, first):
        members |= {f"{i:04}.jpg": b"photo %d" % i, f"{i:04}.cls": label.encode()}
    return members


def dataset(*files: Path, splits: dict[str, str] | None = None, **columns: str) -> Dataset:
    return read_shards(files, columns, splits, "'pets'").as_dataset("pets", "Pets")


@pytest.mark.parametrize("kind", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_images_are_read_in_place_when_they_are_asked_for(tmp_path: Path, kind: int) -> None:
    long = "a" * 90 + "/" + "b" * 90
    members = {f"{long}.jpg": b"x" * 1000, f"{long}.cls": b"dog\n", **samples("cat", "dog")}
    split = dataset(shard(tmp_path / "0.tar", members, kind)).split("test")
    assert split.keys == (f"0.tar/{long}.jpg", "0.tar/0000.jpg", "0.tar/0001.jpg")
    assert split.labels.tolist() == [1, 0, 1]
    assert list(split.images) == [b"x" * 1000, b"photo 0", b"photo 1"]
    assert {entry.name for entry in tmp_path.iterdir()} == {"0.tar"}


def test_shards_are_the_splits_that_their_names_speak_of(tmp_path: Path) -> None:
    files = [
        shard(tmp_path / f"{name}.tar", samples("cat", "dog")) for name in ("train-0", "train-1", "test-0")
    ]
    pets = dataset(*files)
    assert pets.split("train").keys[1:3] == ("train-0.tar/0001.jpg", "train-1.tar/0000.jpg")
    assert list(pets.split("train").images) == [b"photo 0", b"photo 1"] * 2
    assert len(pets.split("test")) == 2


def test_splits_can_be_named_by_patterns(tmp_path: Path) -> None:
    files = [shard(tmp_path / name / "0.tar", samples("cat")) for name in ("a", "b", "c")]
    pets = dataset(*files, splits={"train": "c/*", "test": "a/*"})
    assert {name: split.keys for name, split in pets.splits.items()} == {
        "train": ("c/0.tar/0000.jpg",),
        "test": ("a/0.tar/0000.jpg",),
    }


@pytest.mark.parametrize("place", [".", ".."])
def test_numbers_get_their_names_from_a_file_beside_the_shards(tmp_path: Path, place: str) -> None:
    file = shard(tmp_path / "pets" / "0.tar", samples("1", "0"))
    (file.parent / place / "classnames.txt").write_text("polar bear\r\nguinea pig\n\n")
    assert dataset(file).class_names == ("polar bear", "guinea pig")
    assert dataset(file).split("test").labels.tolist() == [1, 0]


def test_the_best_place_for_a_label_is_taken_in_whatever_order_they_come(tmp_path: Path) -> None:
    note = json.dumps({"label": "dog", "breed": "pug", "n": 1, "list": [1]}).encode()
    members = {"1.txt": b"a photo", "1.json": note, "1.JPG": b"", "1.cls": b"cat", "1.seg.png": b""}
    file = shard(tmp_path / "0.tar", members)
    assert dataset(file).class_names == ("cat",)
    assert dataset(file, label="txt").class_names == ("a photo",)
    assert dataset(file, label="json").class_names == ("dog",)
    assert dataset(file, label="breed").class_names == ("pug",)
    shard(file, {name: content for name, content in members.items() if name != "1.cls"})
    assert dataset(file).class_names == ("dog",)
    shard(file, {"1.json": b"[]", "1.jpg": b"", "1.txt": b"cow"})
    assert dataset(file).class_names == ("cow",)


def test_the_image_to_take_can_be_named(tmp_path: Path) -> None:
    file = shard(tmp_path / "0.tar", {"1.jpg": b"j", "1.png": b"p", "1.cls": b"cat"})
    assert list(dataset(file, image="png").split("test").images) == [b"p"]
    with pytest.raises(
        InvalidInputError, match=r"sample '1' of '.*0.tar' has two images, '1.jpg' and '1.png'"
    ):
        dataset(file)


def test_what_is_no_file_or_no_sample_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "0.tar"
    with tarfile.open(file, "w") as tar:
        for name, kind in (
            ("folder", tarfile.DIRTYPE),
            ("link.jpg", tarfile.SYMTYPE),
            ("pipe.jpg", tarfile.FIFOTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            tar.addfile(member)
        for name, content in {**samples("cat"), "notes.md": b"hello"}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        tar.addfile(tarfile.TarInfo("last"))
    assert dataset(file).split("test").keys == ("0.tar/0000.jpg",)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"1.jpg": b""}, r"the sample '1' of '.*' has no label in it; it needs both, as in 1.jpg and 1.cls"),
        ({"1.jpg": b"", "1.cls": b" \n"}, "the sample '1' of '.*' has no label"),
        ({"1.jpg": b"", "1.json": b'{"label": null}'}, "the sample '1' of '.*' has no label"),
        ({"1.jpg": b"", "1.json": b"no JSON"}, "the sample '1' of '.*' has no label"),
        ({"1.cls": b"cat"}, "the sample '1' of '.*' has no image"),
        ({"1.jpg": b"", "1.cls": b"0"}, "the labels of Pets are numbers"),
        ({}, "Pets has no image"),
    ],
)
def test_a_shard_in_disorder_is_refused(tmp_path: Path, members: dict[str, bytes], reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        dataset(shard(tmp_path / "0.tar", members))


def test_a_sample_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "0.tar"
    with tarfile.open(file, "w") as tar:
        for name in ("1.jpg", "1.cls", "1.jpg"):
            member = tarfile.TarInfo(name)
            member.size = 1
            tar.addfile(member, io.BytesIO(b"0"))
    with pytest.raises(InvalidInputError, match=r"has two images, '1.jpg' and '1.jpg'"):
        dataset(file)


@pytest.mark.parametrize("keep", [0, 100, 700, 1024, 1500, 2048])
def test_a_shard_that_breaks_off_is_refused(tmp_path: Path, keep: int) -> None:
    """Even where a member ends, at which tarfile would take it for complete."""
    file = shard(tmp_path / "0.tar", samples("cat", "dog"))
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(InvalidInputError, match=r"0.tar' is no whole tar file: .*; fetch it again"):
        dataset(file)


def test_a_shard_that_is_damaged_within_is_refused(tmp_path: Path) -> None:
    file = shard(tmp_path / "0.tar", samples("cat", "dog"))
    content = bytearray(file.read_bytes())
    content[2048 + 148] ^= 1  # the checksum of the third member
    file.write_bytes(content)
    with pytest.raises(InvalidInputError, match="breaks off, or is damaged within"):
        dataset(file)


def test_another_file_is_no_shard(tmp_path: Path) -> None:
    (tmp_path / "0.tar").write_bytes(b"\x1f\x8b" + b"x" * 2000)
    with pytest.raises(InvalidInputError, match="if it is compressed, unpack it"):
        dataset(tmp_path / "0.tar")
    with pytest.raises(InvalidInputError, match=r"cannot read the shard '.*': no such file"):
        dataset(tmp_path / "absent.tar")


def test_class_names_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    file = shard(tmp_path / "0.tar", samples("0"))
    (tmp_path / "classnames.txt").write_bytes(b"\xff")
    with pytest.raises(InvalidInputError, match=r"cannot read the class names in '.*': it is not UTF-8 text"):
        dataset(file)


def test_a_shard_that_goes_while_it_is_read_is_said_to_be_gone(tmp_path: Path) -> None:
    file = shard(tmp_path / "0.tar", samples("cat"))
    images = dataset(file).split("test").images
    file.unlink()
    with pytest.raises(InvalidInputError, match="no such file"):
        images[0]
