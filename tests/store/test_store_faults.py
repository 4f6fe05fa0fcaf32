"""A store that cannot be written to: one warning, the work goes on, and what was there stays."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock
from stored_rows import IDENTITY, found, put

from clipcoder import files
from clipcoder.store import FeatureStore, Shelf

Fault = Callable[[pytest.MonkeyPatch, OSError], None]


def when_the_draft_is_opened(monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    original = Path.open

    def fail(path: Path, mode: str = "r", **options: object) -> object:
        if mode == "xb":
            raise error
        return original(path, mode, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", fail)


def when_it_is_synced(monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    def fail(_: int) -> None:
        raise error

    monkeypatch.setattr(files.os, "fsync", fail)


def when_it_is_renamed(monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Path, "replace", fail)


FAULTS = [when_the_draft_is_opened, when_it_is_synced, when_it_is_renamed]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EACCES], ids=os.strerror)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_write_is_one_warning_and_harms_nothing(
    fault: Fault,
    code: int,
    folder: Path,
    store: FeatureStore,
    shelf: Shelf,
    parts: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept = put(shelf, [1])
    store.flush()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with monkeypatch.context() as patched:
        fault(patched, OSError(code, os.strerror(code)))
        lost = put(shelf, [2])
        store.flush()
        put(store.shelf(IDENTITY, "texts"), [3])
        store.flush()
        put(shelf, [4])
        store.close()
    assert found(shelf, kept + lost) == [True, False]
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("clipcoder", logging.WARNING)
    assert os.strerror(code).lower() in record.getMessage()
    assert str(folder) in record.getMessage()


def test_after_a_failing_write_no_other_is_tried(
    store: FeatureStore, shelf: Shelf, parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        when_it_is_synced(patched, OSError(errno.ENOSPC, "No space left on device"))
        put(shelf, [1])
        store.flush()
    assert found(shelf, put(shelf, [2])) == [False]
    store.flush()
    assert list(parts.iterdir()) == []


def test_a_damaged_part_that_cannot_be_moved_is_told_of_once(
    store: FeatureStore,
    shelf: Shelf,
    parts: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EROFS, "Read-only file system")

    put(shelf, [1])
    store.flush()
    (parts / "x.parquet").write_bytes(b"no Parquet at all")
    monkeypatch.setattr(Path, "rename", refuse)
    for number in (2, 3):
        put(shelf, [number])
        store.flush()
    (record,) = caplog.records
    assert "set aside a damaged part" in record.getMessage()
    assert "\n" not in record.getMessage()
    assert record.getMessage().endswith("); its features will be made again")


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_that_the_system_cuts_off_is_no_part(
    store: FeatureStore, shelf: Shelf, parts: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = put(shelf, [1])
    store.flush()
    lost = put(shelf, range(2, 502))
    with files_no_larger_than(8192):
        store.flush()
    assert found(shelf, kept + lost) == [True, *500 * [False]]
    assert len(list(parts.iterdir())) == 1
    assert len(caplog.records) == 1


def test_a_store_that_cannot_be_looked_into_is_one_warning_and_the_work_goes_on(
    store: FeatureStore, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept = put(shelf, [1])
    store.flush()

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "glob", refuse)
        reopened = FeatureStore(store.folder).shelf(IDENTITY, "images")
        assert found(reopened, kept) == [False]
        assert found(reopened, kept) == [False]
    (record,) = caplog.records
    assert "cannot read the feature cache in" in record.getMessage()
    assert found(FeatureStore(store.folder).shelf(IDENTITY, "images"), kept) == [True]


def test_a_folder_that_is_cleared_while_it_is_listed_is_empty(
    store: FeatureStore, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gone(*_: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "glob", gone)
        assert found(shelf, [64 * "0"]) == [False]
    assert not caplog.records


@pytest.mark.skipif(sys.platform != "linux", reason="only there is a file name any bytes")
def test_a_folder_whose_name_is_no_text(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / os.fsdecode(b"\xff")
    with FeatureStore(folder) as store:
        keys = put(store.shelf(IDENTITY, "images"), [1])
    assert found(FeatureStore(folder).shelf(IDENTITY, "images"), keys) == [True]
    assert [encoder.images for encoder in FeatureStore(folder).info()] == [1]
    assert not caplog.records


def test_without_locks_features_are_kept_and_never_merged(
    store: FeatureStore, shelf: Shelf, parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr(FileLock, "acquire", refuse)
    keys = []
    for number in range(9):
        keys += put(shelf, [number])
        store.flush()
    assert len(list(parts.iterdir())) == 9
    assert all(found(shelf, keys))


def test_a_merge_that_fails_leaves_the_parts_as_they_are(
    store: FeatureStore, shelf: Shelf, parts: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keys = []
    for number in range(0, 700, 100):
        keys += put(shelf, range(number, number + 100))
        store.flush()
    keys += put(shelf, range(700, 800))
    with files_no_larger_than(24_000):  # a part of 100 rows has 9,000 bytes
        store.flush()
    assert len(list(parts.iterdir())) == 8
    assert all(found(shelf, keys))
    assert not caplog.records


@pytest.mark.parametrize("place", ["file/features", "link"])
def test_a_store_where_no_folder_can_be(place: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "link").symlink_to(tmp_path / "a" / "drive" / "that is not there")
    with FeatureStore(tmp_path / place) as store:
        shelf = store.shelf(IDENTITY, "images")
        keys = put(shelf, [1])
        assert found(shelf, keys) == [True]
        store.flush()
        assert found(shelf, keys) == [False]
        assert store.info() == []
        assert store.clear() == 0
    assert len(caplog.records) == 1
