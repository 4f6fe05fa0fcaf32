"""Files that processes share: whole or not at all, and one writer at a time."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from clipcoder.files import alone, remove_abandoned, whole_file


def write(path: Path, content: bytes) -> None:
    with whole_file(path) as file:
        file.write(content)


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(path, b"old")
    write(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_second_thread_waits(tmp_path: Path) -> None:
    order: list[str] = []
    inside, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with alone(tmp_path / "file"):
            inside.set()
            go_on.wait(10)
            order.append("first")

    def second() -> None:
        with alone(tmp_path / "file"):
            order.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    threads[1].join(0.2)
    assert order == []
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert order == ["first", "second"]


def test_a_process_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom clipcoder.files import alone\n"
        "with alone(Path(sys.argv[1])):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path / "file"], check=False)
    with alone(tmp_path / "file"):
        assert (tmp_path / "file.lock").exists()


def test_where_no_lock_can_be_had_the_work_goes_on(unwritable_cache: Path) -> None:
    entered = False
    with alone(unwritable_cache / "file"):
        entered = True
    assert entered


def test_an_error_inside_is_let_through_and_the_lock_let_go(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="inside"), alone(tmp_path / "file"):
        raise OSError("inside")
    with alone(tmp_path / "file"):
        pass


def test_drafts_that_cannot_be_removed_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = tmp_path / ".part.parquet.0.tmp"
    draft.write_bytes(b"half")
    os.utime(draft, (0, 0))
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", when_nothing_can_be_removed)
        remove_abandoned(tmp_path)
    assert draft.exists()
    remove_abandoned(tmp_path)
    assert not draft.exists()


def when_nothing_can_be_removed(*_: object) -> None:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def test_a_file_replaces_another_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), whole_file(path) as file:
        file.write(b"half of the new")
        raise ZeroDivisionError
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"old"
