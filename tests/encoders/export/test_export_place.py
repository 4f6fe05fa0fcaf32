"""A folder is in its place whole or not at all, and a killed process leaves nothing for good."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from clipcoder.encoders.export.place import clear_abandoned, put_in_place
from clipcoder.errors import InvalidInputError


def put(place: Path, content: str) -> None:
    with put_in_place(place) as work:
        (work / "file").write_text(content)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_it_is_not_there_before_it_is_whole(tmp_path: Path) -> None:
    place = tmp_path / "new" / "place"
    with put_in_place(place) as work:
        assert work.parent.parent == place.parent
        assert not place.exists()
        (work / "file").touch()
    assert names(place) == ["file"]
    assert names(place.parent) == ["place"]


def test_what_was_there_is_replaced_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    (tmp_path / "place/old").touch()
    put(tmp_path / "place", "new")
    assert names(tmp_path / "place") == ["file"]
    assert names(tmp_path) == ["place"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_block_that_fails_leaves_everything_as_it_was(error: type[BaseException], tmp_path: Path) -> None:
    put(tmp_path / "place", "old")
    for name in ("place", "other"):
        with pytest.raises(error), put_in_place(tmp_path / name) as work:
            (work / "half").touch()
            raise error
    assert names(tmp_path) == ["place"]
    assert (tmp_path / "place/file").read_text() == "old"


def test_the_folder_that_a_link_or_a_dot_means_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to("real")
    put(tmp_path / "link", "1")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real/file").read_text() == "1"
    monkeypatch.chdir(tmp_path / "real")
    put(Path(), "2")
    assert (tmp_path / "real/file").read_text() == "2"
    assert names(tmp_path) == ["link", "real"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(InvalidInputError, match=r"place' cannot be written: .*name another place"),
        put_in_place(tmp_path / "file/place"),
    ):
        pass


def killed(place: Path, *, when: str) -> None:
    """Let another process put something into a place, and kill it in the block or between the two moves."""
    program = f"""
import os, signal
from pathlib import Path
from clipcoder.encoders.export import place
end = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if {when == "moving"}:
    rename = Path.rename
    Path.rename = lambda path, target: end() if path.name == "new" else rename(path, target)
with place.put_in_place(Path({str(place)!r})) as work:
    (work / "file").write_text("half")
    {"end()" if when == "writing" else "pass"}
"""
    ended = subprocess.run([sys.executable, "-c", program], check=False)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
@pytest.mark.parametrize("when", ["writing", "moving"])
def test_what_a_killed_process_left_is_cleared_and_what_it_took_away_put_back(
    when: str, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    put(place, "old")
    killed(place, when=when)
    assert place.exists() == (when == "writing")
    assert len(names(tmp_path)) == 1 + (when == "writing")
    clear_abandoned(place)
    assert names(tmp_path) == ["place"]
    assert (place / "file").read_text() == "old"


def test_work_in_progress_and_folders_of_others_are_left_alone(tmp_path: Path) -> None:
    for name in (".place-settings", ".placement-x.exporting", "place-x.exporting"):
        (tmp_path / name).mkdir()
    before = names(tmp_path)
    with put_in_place(tmp_path / "place") as work:
        clear_abandoned(tmp_path / "place")
        (work / "file").touch()
    assert names(tmp_path) == sorted([*before, "place"])
