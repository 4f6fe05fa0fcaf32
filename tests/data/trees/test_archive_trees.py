from __future__ import annotations

import io
import logging
import os
import pickle
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from clipcoder.data.trees import archive as archives
from clipcoder.data.trees.archive import archive_tree
from clipcoder.data.trees.folder import FolderTree
from clipcoder.data.trees.overlay import Overlay
from clipcoder.errors import InvalidInputError
from laid_out import pack

FILES = {
    "pets/cat/1.jpg": b"cat 1",
    "pets/cat/2.jpg": b"",
    "pets/list.txt": b"cat",
    "pets/._list.txt": b"junk",
}


@pytest.fixture(params=["pets.zip", "pets.tar", "pets.tar.gz", "pets.tgz"])
def packed(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    pack(tmp_path / request.param, FILES)
    return tmp_path / request.param


def test_an_archive_looks_like_the_folder_that_it_was(packed: Path) -> None:
    tree = archive_tree(packed)
    assert tree.listing().folders == {"pets"}
    assert (tree.listing("pets").files, tree.listing("pets").folders) == ({"list.txt"}, {"cat"})
    assert not tree.listing("dogs")
    assert tree.has("pets/cat/2.jpg") and not tree.has("pets/cat/3.jpg")
    assert tree.read("pets/list.txt") == b"cat"


def test_a_folder_of_an_archive_is_a_tree_of_its_own(packed: Path) -> None:
    tree = archive_tree(packed).at("pets").at("cat")
    assert tree.listing().files == {"1.jpg", "2.jpg"}
    assert [tree.image("1.jpg"), tree.image("2.jpg"), tree.image("1.jpg")] == [b"cat 1", b"", b"cat 1"]
    assert tree.place("1.jpg") == f"{packed}/pets/cat/1.jpg"


def test_an_image_that_is_gone_is_empty_but_another_file_is_an_error(packed: Path) -> None:
    tree = archive_tree(packed)
    assert tree.image("pets/cat/9.jpg") == b""
    with pytest.raises(InvalidInputError, match=r"has no file 'pets/cat/9\.jpg'; fetch it again"):
        tree.read("pets/cat/9.jpg")


@pytest.mark.parametrize("name", ["junk.zip", "junk.tar", "junk.tar.gz"])
def test_what_is_no_archive(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x1f\x8bjunk" if name.endswith("gz") else b"junk" * 1000)
    with pytest.raises(InvalidInputError, match=rf"the archive '.*{name}' is damaged: .*; fetch it again"):
        archive_tree(tmp_path / name).listing()


@pytest.mark.parametrize("name", ["absent.zip", "absent.tar"])
def test_no_archive(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInputError, match=rf"cannot read '.*{name}': no such file or directory"):
        archive_tree(tmp_path / name).listing()


def test_a_tar_file_that_breaks_off_within_an_image(tmp_path: Path) -> None:
    pack(tmp_path / "a.tar", {"1.jpg": b"x" * 100, "2.jpg": b"y" * 20_000})
    tree = archive_tree(tmp_path / "a.tar")
    assert tree.has("2.jpg")
    os.truncate(tmp_path / "a.tar", 10_000)
    assert tree.image("1.jpg") == b"x" * 100
    assert tree.image("2.jpg") == b""
    with pytest.raises(InvalidInputError, match="is damaged: it ends too early"):
        tree.read("2.jpg")
    with pytest.raises(InvalidInputError, match="is damaged: unexpected end of data"):
        archive_tree(tmp_path / "a.tar").listing()


def test_a_damaged_image_of_a_zip_file_is_empty(tmp_path: Path) -> None:
    pack(tmp_path / "a.zip", {"1.jpg": b"x" * 100, "2.jpg": b"y" * 100})
    raw = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(raw.replace(b"yyy", b"zzz", 1))
    tree = archive_tree(tmp_path / "a.zip")
    assert (tree.image("1.jpg"), tree.image("2.jpg")) == (b"x" * 100, b"")


def test_another_process_opens_an_archive_for_itself(packed: Path) -> None:
    tree = archive_tree(packed)
    assert tree.has("pets/cat/1.jpg")
    assert pickle.loads(pickle.dumps(tree)).image("pets/cat/1.jpg") == b"cat 1"


def test_links_in_archives_are_no_files(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        link = tarfile.TarInfo("pets/1.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        tar.addfile(tarfile.TarInfo("pets/2.jpg"), io.BytesIO())
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as zipped:
        entry = zipfile.ZipInfo("pets/1.jpg")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        zipped.writestr(entry, "/etc/passwd")
        zipped.writestr("pets/2.jpg", b"")
        zipped.mkdir("dogs")
    for name in ("a.tar", "a.zip"):
        assert archive_tree(tmp_path / name).listing("pets").files == {"2.jpg"}


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
@pytest.mark.parametrize("path", ["../1.jpg", "/1.jpg", "pets/../../1.jpg"])
def test_archives_that_lead_out_are_refused(tmp_path: Path, name: str, path: str) -> None:
    pack(tmp_path / name, {"pets/2.jpg": b"", path: b""})
    with pytest.raises(InvalidInputError, match=r"names the path .*, which leads out of the data set"):
        archive_tree(tmp_path / name).listing("pets")


def test_a_large_archive_is_announced(
    packed: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(archives, "_LARGE", 10)
    with caplog.at_level(logging.INFO, "clipcoder"):
        archive_tree(packed).listing()
    assert [record.getMessage() for record in caplog.records] == [
        f"reading through '{packed}' for the list of its files; once extracted, it is not"
    ]


@pytest.fixture
def both(packed: Path, tmp_path: Path) -> Overlay:
    """A folder, and behind it an archive."""
    (tmp_path / "home" / "pets" / "cat").mkdir(parents=True)
    (tmp_path / "home" / "pets" / "cat" / "1.jpg").write_bytes(b"another")
    return Overlay([FolderTree(tmp_path / "home"), archive_tree(packed)])


def test_of_two_trees_the_first_has_a_file(both: Overlay, packed: Path, tmp_path: Path) -> None:
    there = str(tmp_path / "home" / "pets" / "cat" / "1.jpg")
    assert both.image("pets/cat/1.jpg") == both.place("pets/cat/1.jpg") == there
    assert both.image("pets/cat/2.jpg") == b""
    assert both.read("pets/list.txt") == b"cat"
    assert both.place("pets/list.txt") == f"{packed}/pets/list.txt"
    assert both.listing("pets/cat").files == {"1.jpg"}
    assert both.has("pets/cat/2.jpg") and not both.has("pets/cat/3.jpg")


def test_a_file_that_no_tree_has_would_be_where_its_folder_is(both: Overlay, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"there is no file '.*/home/pets/cat/9\.jpg'; put it there"):
        both.read("pets/cat/9.jpg")
    assert both.place("dogs/9.jpg") == str(tmp_path / "home" / "dogs" / "9.jpg")
    assert Overlay([FolderTree(tmp_path / "absent")]).place("x") == str(tmp_path / "absent" / "x")


def test_several_folders_of_several_trees_are_one(both: Overlay) -> None:
    tree = both.at("absent", "pets")
    assert tree.has("cat/1.jpg") and tree.has("list.txt")
    assert tree.at("cat").read("1.jpg") == b"another"
