from __future__ import annotations

from pathlib import Path

import pytest

from clipcoder.data.trees.folder import FolderTree
from clipcoder.data.trees.tree import NOTHING, checked_path
from clipcoder.errors import InvalidInputError


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    (tmp_path / "pets" / "cat").mkdir(parents=True)
    (tmp_path / "pets" / "cat" / "1.jpg").write_bytes(b"cat 1")
    (tmp_path / "pets" / "list.txt").write_text("cat/1.jpg")
    (tmp_path / "pets" / ".hidden").touch()
    return tmp_path / "pets"


def test_what_lies_in_a_folder(pets: Path) -> None:
    tree = FolderTree(pets)
    assert (tree.listing().files, tree.listing().folders) == ({"list.txt"}, {"cat"})
    assert tree.has("cat/1.jpg") and tree.has("list.txt")
    assert not any(map(tree.has, ("cat", "cat/2.jpg", "dog/1.jpg", "list.txt/1.jpg", ".hidden")))


def test_what_is_not_there_is_empty(pets: Path) -> None:
    assert FolderTree(pets / "absent").listing() is NOTHING
    assert not FolderTree(pets).listing("absent")
    assert not FolderTree(pets).listing("list.txt")


def test_images_are_paths_and_other_files_are_read(pets: Path) -> None:
    tree = FolderTree(pets).at("cat")
    assert tree.image("1.jpg") == tree.place("1.jpg") == str(pets / "cat" / "1.jpg")
    assert tree.read("1.jpg") == b"cat 1"
    with pytest.raises(InvalidInputError, match=r"cannot read '.*2\.jpg': no such file or directory"):
        tree.read("2.jpg")


def test_a_folder_that_may_not_be_read(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(InvalidInputError, match=r"cannot read '.*cat': permission denied"):
        FolderTree(pets).listing("cat")


def test_the_folder_itself_may_be_a_link_as_may_any_that_is_named(pets: Path, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "images").symlink_to(pets)
    (tmp_path / "link").symlink_to(tmp_path / "set")
    assert FolderTree(tmp_path / "link").at("images").has("cat/1.jpg")


def test_links_that_stay_inside_are_followed(pets: Path) -> None:
    (pets / "tom").symlink_to(pets / "cat")
    (pets / "cat" / "2.jpg").symlink_to("1.jpg")
    (pets / "cat" / "3.jpg").symlink_to("absent.jpg")
    tree = FolderTree(pets)
    assert tree.has("tom/1.jpg") and tree.has("cat/2.jpg")
    assert not tree.has("cat/3.jpg")


@pytest.mark.parametrize("target", ["outside", "pets-too"])
def test_links_that_lead_out_are_refused(pets: Path, tmp_path: Path, target: str) -> None:
    (tmp_path / target).mkdir()
    (pets / "dog").symlink_to(tmp_path / target)
    tree = FolderTree(pets)
    for folder in ("", "dog"):
        with pytest.raises(InvalidInputError, match=r"dog' is a link that leads out of '.*pets', to '"):
            tree.listing(folder)


@pytest.mark.parametrize(
    ("path", "checked"), [("a/b", "a/b"), ("./a//b/", "a/b"), ("", ""), ("ab:c/d..e", "ab:c/d..e")]
)
def test_paths_that_lead_down(path: str, checked: str) -> None:
    assert checked_path(path, "the list") == checked


@pytest.mark.parametrize("path", ["/a", "../a", "a/../../b", "a\\b", "C:/a", "a\0"])
def test_paths_that_do_not(path: str) -> None:
    with pytest.raises(
        InvalidInputError, match=r"the list names the path .*, which leads out of the data set"
    ):
        checked_path(path, "the list")
