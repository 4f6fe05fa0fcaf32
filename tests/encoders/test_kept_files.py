"""Files that processes share: whole or not at all, and one writer at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from clipcoder.encoders.kept_files import alone, write_whole


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "file"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
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
        "import os, signal, sys\nfrom pathlib import Path\nfrom clipcoder.encoders.kept_files import alone\n"
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
