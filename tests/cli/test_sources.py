"""What the arguments of a command name, in folders as they are met and lists as they are made."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from clipcoder.cli import sources
from clipcoder.cli.sources import Source, collect
from clipcoder.errors import InvalidInputError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the command is given, with photos above and below each other in order."""
    monkeypatch.chdir(tmp_path)
    for path in ("in/a.png", "in/b/c.png", "in/b/d/e.JPG", "in/b.png", "in/f.png"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
    return tmp_path


def listed(content: bytes) -> list[Source]:
    return collect(["-"], io.TextIOWrapper(io.BytesIO(content)))


@pytest.mark.parametrize("argument", ["in", "in/", "./in"])
def test_a_folder_is_in_the_order_of_its_names(argument: str) -> None:
    assert collect([argument], None) == ["in/a.png", "in/b/c.png", "in/b/d/e.JPG", "in/b.png", "in/f.png"]


def test_the_present_folder_adds_nothing_to_the_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "in" / "b")
    assert collect(["."], None) == ["c.png", "d/e.JPG"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_among_the_photos_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "in" / "pipe.png")
    (folder / "in" / "folder.png").mkdir()
    assert len(collect(["in"], None)) == 5


def test_a_link_to_a_photo_is_one_and_one_to_nowhere_is_told_of_later(folder: Path) -> None:
    (folder / "in" / "y.png").symlink_to("a.png")
    (folder / "in" / "z.png").symlink_to("nowhere")
    assert collect(["in"], None)[5:] == ["in/y.png", "in/z.png"]


def test_a_folder_that_may_not_be_looked_into_stands_for_what_is_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = os.scandir

    def scan(path: str) -> object:
        if path == "in/b":
            raise PermissionError(13, "Permission denied")
        return original(path)

    monkeypatch.setattr(sources.os, "scandir", scan)
    assert collect(["in"], None) == ["in/a.png", "in/b", "in/b.png", "in/f.png"]


@pytest.mark.parametrize("name", [300 * "a", f"{300 * 'a'}[1].png"])
def test_a_name_that_no_file_can_have_is_told_of_later(name: str) -> None:
    assert collect([name, "in/a.png"], None)[-1] == "in/a.png"


def test_an_empty_path_is_not_the_present_folder() -> None:
    with pytest.raises(InvalidInputError, match="one of the paths is empty"):
        collect(["in", ""], None)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b" a.png\nb c.png \r\n\n  \n", [" a.png", "b c.png "]),
        (b"\xef\xbb\xbfa.png\n", ["a.png"]),
        (b"new\nline.png\0b.png\0", ["new\nline.png", "b.png"]),
        ("ü\u2028x.png\n".encode(), ["ü\u2028x.png"]),
        (b"P7 x.png", ["P7 x.png"]),
    ],
)
def test_a_list_of_paths_keeps_each_name_as_it_is(content: bytes, expected: list[Source]) -> None:
    assert listed(content) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="only there is a file name any bytes")
def test_a_list_may_be_in_another_encoding() -> None:
    assert listed(b"caf\xe9.png\n") == [os.fsdecode(b"caf\xe9.png")]


@pytest.mark.parametrize("content", [b"BM\0\0 x\0", b"\xff\xd8\0\x10\xff\xd9", b"P3\n1 1 255\n9 9 9\n"])
def test_the_bytes_of_an_image_are_no_list(content: bytes) -> None:
    assert listed(content) == [content]
