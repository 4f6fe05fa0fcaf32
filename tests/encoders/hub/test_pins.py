"""Pins: written at one stroke, shared by processes, and never silently forgotten."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clipcoder.encoders.hub.pins import Pins, SeenFile, Sight
from clipcoder.errors import InvalidInputError

OLD, NEW = "a" * 40, "b" * 40
FILE = SeenFile("c" * 64, 3, 4)
FIRST = Sight("owner/name", OLD, {"config.json": FILE})
SECOND = Sight("owner/name", NEW, {"config.json": FILE})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "pins.json"


def test_nothing_is_pinned_at_first(path: Path) -> None:
    pins = Pins(path)
    assert pins.repositories == ()
    assert pins.commit("owner/name") is None
    assert pins.seen("owner/name", OLD) == {}


def test_what_is_remembered_is_there_the_next_time(path: Path) -> None:
    Pins(path).remember(FIRST)
    pins = Pins(path)
    assert pins.repositories == ("owner/name",)
    assert pins.commit("owner/name") == OLD
    assert pins.seen("owner/name", OLD) == {"config.json": FILE}


def test_the_first_pin_stays(path: Path) -> None:
    Pins(path).remember(FIRST)
    Pins(path).remember(SECOND)
    assert Pins(path).commit("owner/name") == OLD
    assert Pins(path).seen("owner/name", NEW) == {"config.json": FILE}


def test_a_pin_moves_when_it_shall(path: Path) -> None:
    Pins(path).remember(FIRST)
    Pins(path).remember(Sight("owner/name", NEW, {"config.json": FILE}, pin="always"))
    assert Pins(path).commit("owner/name") == NEW


def test_a_tag_is_remembered_without_a_pin(path: Path) -> None:
    Pins(path).remember(Sight("owner/name", OLD, {"config.json": FILE}, revision="v1", pin="never"))
    pins = Pins(path)
    assert pins.commit_of("owner/name", "v1") == OLD
    assert pins.commit("owner/name") is None
    assert pins.repositories == ()


def test_what_another_process_wrote_meanwhile_is_kept(path: Path) -> None:
    here = Pins(path)
    Pins(path).remember(FIRST)
    here.remember(SECOND)
    here.remember(Sight("other/name", NEW, {}))
    assert Pins(path).commit("owner/name") == here.commit("owner/name") == OLD
    assert Pins(path).commit("other/name") == NEW


def test_processes_at_once_lose_nothing(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from clipcoder.encoders.hub.pins import Pins, Sight\n"
        "for i in range(10): Pins(Path(sys.argv[1])).remember(Sight(f'{sys.argv[2]}/{i}', 'a' * 40, {}))"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, path, owner]) for owner in ("one", "two")]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert len(Pins(path).repositories) == 20


def test_no_news_is_not_written(path: Path) -> None:
    Pins(path).remember(FIRST)
    os.utime(path, ns=(1, 1))
    Pins(path).remember(FIRST)
    assert path.stat().st_mtime_ns == 1


def test_a_write_that_fails_leaves_the_old_pins_and_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Pins(path).remember(FIRST)

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        Pins(path).remember(SECOND)
    assert "no space left on device; next time owner/name is trusted anew" in caplog.text
    assert Pins(path).seen("owner/name", NEW) == {}
    assert Pins(path).commit("owner/name") == OLD
    assert {file.name for file in path.parent.iterdir()} <= {"pins.json", "pins.json.lock"}


def test_pins_that_cannot_be_read_do_not_pass_for_none(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(InvalidInputError, match=r"cannot read '.*pins\.json': is a directory"):
        Pins(path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "nonsense",
        "[1]",
        '{"a/b": 1}',
        '{"a/b": {}}',
        '{"a/b": {"seen": {}, "commit": 1}}',
        '{"a/b": {"seen": {}, "revisions": 1}}',
        '{"a/b": {"seen": {}, "revisions": {"v1": 1}}}',
        '{"a/b": {"seen": {"c": {"config.json": {"sha256": "d"}}}}}',
        "[" * 100_000,
    ],
)
def test_damaged_pins_do_not_pass_for_none(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(InvalidInputError, match="is damaged; delete it"):
        Pins(path)


def test_pins_are_plain_json(path: Path) -> None:
    Pins(path).remember(FIRST)
    facts = {"sha256": "c" * 64, "size": 3, "mtime_ns": 4}
    expected = {"owner/name": {"commit": OLD, "seen": {OLD: {"config.json": facts}}}}
    assert json.loads(path.read_text()) == expected


def test_a_file_is_untouched_while_its_size_and_time_stay(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"abc")
    seen = SeenFile.read(file)
    assert seen.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert seen.untouched(file)
    os.utime(file, ns=(1, 1))
    assert not seen.untouched(file)
    file.write_bytes(b"abcd")
    os.utime(file, ns=(seen.mtime_ns, seen.mtime_ns))
    assert not seen.untouched(file)
