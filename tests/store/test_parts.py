"""The files of the store: what other tools read, how they are merged, what becomes of damaged ones."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from stored_rows import DIM, IDENTITY, found, keys_of, put, rows_of

from clipcoder.store import EncoderIdentity, FeatureStore, Shelf, part_folder
from clipcoder.store.parquet import embedding_table
from clipcoder.store.part import part_schema


def test_a_folder_of_parts_is_a_data_set_of_keys_and_embeddings(
    store: FeatureStore, shelf: Shelf, parts: Path
) -> None:
    keys = put(shelf, range(3))
    store.flush()
    keys += put(shelf, range(3, 5))
    store.flush()
    table = pyarrow.dataset.dataset(parts, format="parquet").to_table()
    assert table.schema.field("key").type == pa.string()
    assert table.schema.field("embedding").type.list_size == DIM
    assert dict(zip(table["key"].to_pylist(), table["embedding"].to_pylist(), strict=True)) == dict(
        zip(keys, rows_of(keys).tolist(), strict=True)
    )


def test_a_part_says_which_encoder_made_it(store: FeatureStore, shelf: Shelf, parts: Path) -> None:
    put(shelf, [1])
    store.flush()
    (part,) = parts.glob("*.parquet")
    said = pq.read_schema(part).metadata
    assert said[b"clipcoder.model"] == b"toy"
    assert said[b"clipcoder.fingerprint"] == IDENTITY.fingerprint.encode()
    assert said[b"clipcoder.precision"] == b"float32"


def flushed(store: FeatureStore, shelf: Shelf, count: int, start: int = 0) -> list[str]:
    """Make a part of one row for each of so many numbers."""
    keys = []
    for number in range(start, start + count):
        keys += put(shelf, [number])
        store.flush()
    return keys


def sizes(parts: Path) -> list[int]:
    return sorted(pq.read_metadata(part).num_rows for part in parts.glob("*.parquet"))


def test_eight_parts_of_a_size_become_one(store: FeatureStore, shelf: Shelf, parts: Path) -> None:
    keys = flushed(store, shelf, 7)
    assert sizes(parts) == 7 * [1]
    keys += flushed(store, shelf, 1, start=7)
    assert sizes(parts) == [8]
    keys += flushed(store, shelf, 57, start=8)
    assert sizes(parts) == [1, 64]
    assert all(found(shelf, keys))


def test_a_large_part_is_left_as_it_is(
    store: FeatureStore, shelf: Shelf, parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clipcoder.store.merging._FULL", 8)
    flushed(store, shelf, 80)
    assert sizes(parts) == 10 * [8]


def test_a_key_that_two_processes_have_written_is_once_in_the_merged_part(
    folder: Path, store: FeatureStore, shelf: Shelf, parts: Path
) -> None:
    with FeatureStore(folder) as other:
        put(other.shelf(IDENTITY, "images"), range(7))
    put(shelf, range(7))
    store.flush()
    flushed(store, shelf, 5, start=3)
    assert sizes(parts) == [1, 1, 1, 1, 1, 7, 7]
    flushed(store, shelf, 1, start=99)
    assert sizes(parts) == [9]
    assert all(found(shelf, keys_of([*range(8), 99])))


def test_a_reader_finds_its_rows_in_the_part_into_which_they_were_merged(
    store: FeatureStore, shelf: Shelf, reopened: Shelf, parts: Path
) -> None:
    keys = flushed(store, shelf, 7)
    assert found(reopened, keys[:1]) == [True]
    flushed(store, shelf, 1, start=7)
    assert len(sizes(parts)) == 1
    assert all(found(reopened, keys))


def test_only_one_process_merges_at_a_time(
    folder: Path, store: FeatureStore, shelf: Shelf, parts: Path
) -> None:
    from filelock import FileLock

    folder.mkdir()
    with FileLock(folder / ".lock"):
        keys = flushed(store, shelf, 12)
        assert len(sizes(parts)) == 12
    keys += flushed(store, shelf, 1, start=12)
    assert sizes(parts) == [13]
    assert all(found(shelf, keys))


def test_drafts_of_killed_processes_are_removed_after_an_hour(
    store: FeatureStore, shelf: Shelf, parts: Path
) -> None:
    flushed(store, shelf, 1)
    old, young = parts / ".a.parquet.0.tmp", parts / ".b.parquet.0.tmp"
    for draft in (old, young):
        draft.write_bytes(b"half a part")
    os.utime(old, (time.time() - 3700,) * 2)
    flushed(store, shelf, 1, start=1)
    assert not old.exists()
    assert young.exists()


def rewritten(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    pq.write_table(change(pq.read_table(path)), path)


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def in_the_middle_of_the_embeddings(path: Path) -> int:
    column = pq.read_metadata(path).row_group(0).column(1)
    return int(column.data_page_offset + column.total_compressed_size - 5)


def with_nan(table: pa.Table) -> pa.Table:
    rows = np.full((len(table), DIM), np.nan, np.float32)
    return embedding_table(table["key"].to_pylist(), rows, part_schema(IDENTITY))


def of_another_dim(table: pa.Table) -> pa.Table:
    other = EncoderIdentity("toy", IDENTITY.fingerprint, DIM + 1, "float32")
    return embedding_table(
        table["key"].to_pylist(), np.zeros((len(table), DIM + 1), np.float32), part_schema(other)
    )


def of_another_encoder(table: pa.Table) -> pa.Table:
    return table.replace_schema_metadata({"clipcoder.fingerprint": "fedcba9876543210"})


def with_keys(*keys: str) -> Callable[[pa.Table], pa.Table]:
    return lambda table: embedding_table(
        list(keys), np.zeros((len(keys), DIM), np.float32), part_schema(IDENTITY)
    )


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut off": lambda path: os.truncate(path, path.stat().st_size - 20),
    "cut to nothing": lambda path: os.truncate(path, 0),
    "another file": lambda path: path.write_text("no Parquet"),
    "a bit of a key": lambda path: flip(path, 40),
    "a bit of an embedding": lambda path: flip(path, in_the_middle_of_the_embeddings(path)),
    "other columns": lambda path: rewritten(path, lambda table: table.rename_columns(["k", "embedding"])),
    "more columns": lambda path: rewritten(path, lambda table: table.append_column("n", [[1, 2]])),
    "another dim": lambda path: rewritten(path, of_another_dim),
    "another encoder": lambda path: rewritten(path, of_another_encoder),
    "no encoder": lambda path: rewritten(path, lambda table: table.replace_schema_metadata(None)),
    "NaN": lambda path: rewritten(path, with_nan),
    "a short key": lambda path: rewritten(path, with_keys("abc", keys_of([2])[0])),
    "keys in capitals": lambda path: rewritten(path, with_keys(*(k.upper() for k in keys_of([1, 2])))),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_part_is_set_aside_and_the_others_serve(
    damage: Callable[[Path], object],
    folder: Path,
    store: FeatureStore,
    shelf: Shelf,
    reopened: Shelf,
    parts: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    lost = put(shelf, [1, 2])
    store.flush()
    (part,) = parts.glob("*.parquet")
    kept = put(shelf, [3])
    store.flush()
    damage(part)
    assert found(reopened, lost + kept) == [False, False, True]
    assert not part.exists()
    assert [encoder.damaged for encoder in store.info()] == [1]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert str(part) in record.getMessage()
    put(reopened, [1, 2])
    assert all(found(reopened, lost + kept))


def test_whichever_byte_changes_nothing_wrong_is_served(
    store: FeatureStore, shelf: Shelf, parts: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keys = put(shelf, [1, 2])
    store.flush()
    (part,) = parts.glob("*.parquet")
    content = part.read_bytes()
    caplog.set_level(logging.ERROR)
    lost = 0
    for place in range(0, len(content), 5):
        part.write_bytes(content)
        flip(part, place)
        with FeatureStore(parts.parents[1]) as damaged:
            lost += not any(found(damaged.shelf(IDENTITY, "images"), keys))  # found: the right row or none
    assert lost > len(content) // 10


def test_a_damaged_part_that_cannot_be_moved_is_not_served_either(
    store: FeatureStore, shelf: Shelf, reopened: Shelf, parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = put(shelf, [1, 2])
    store.flush()
    (part,) = parts.glob("*.parquet")
    DAMAGES["NaN"](part)
    monkeypatch.setattr(Path, "rename", _read_only)
    assert found(reopened, lost) == [False, False]
    reopened._parts._look(always=True)
    assert found(reopened, lost) == [False, False]
    assert part.exists()


def test_a_part_that_turns_out_to_be_damaged_in_a_merge_is_set_aside(
    store: FeatureStore, shelf: Shelf, parts: Path
) -> None:
    keys = flushed(store, shelf, 1)
    (part,) = parts.glob("*.parquet")
    keys += flushed(store, shelf, 6, start=1)
    DAMAGES["a bit of an embedding"](part)
    keys += flushed(store, shelf, 1, start=7)
    assert sizes(parts) == 7 * [1]
    keys += flushed(store, shelf, 1, start=8)
    assert sizes(parts) == [8]
    assert found(shelf, keys) == [False, *8 * [True]]


def test_a_part_that_the_system_does_not_give_is_done_without(
    store: FeatureStore,
    shelf: Shelf,
    reopened: Shelf,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    keys = flushed(store, shelf, 2)

    def unreadable(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr("clipcoder.store.part._parquet_file", unreadable)
        assert not any(found(reopened, keys))
    (record,) = caplog.records
    assert "cannot read the feature cache" in record.getMessage()
    assert "permission denied" in record.getMessage()
    assert [encoder.damaged for encoder in store.info()] == [0]


def test_a_part_that_goes_while_it_is_opened_is_no_matter(
    store: FeatureStore, shelf: Shelf, reopened: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = flushed(store, shelf, 2)

    def gone(*_: object) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    with monkeypatch.context() as patched:
        patched.setattr("clipcoder.store.part._parquet_file", gone)
        assert not any(found(reopened, keys))
    reopened._parts._look(always=True)
    assert all(found(reopened, keys))


def test_rows_are_written_even_if_the_store_is_cleared_at_that_moment(
    store: FeatureStore, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = flushed(store, shelf, 1)
    write = part_folder.write_part
    cleared = []

    def write_after_clearing(*arguments: Any) -> Path:
        if not cleared:
            cleared.append(store.clear())
        return write(*arguments)

    monkeypatch.setattr(part_folder, "write_part", write_after_clearing)
    keys += flushed(store, shelf, 1, start=1)
    assert cleared[0] > 0
    assert found(FeatureStore(store.folder).shelf(IDENTITY, "images"), keys) == [False, True]


def test_a_disk_that_fails_while_rows_are_read_costs_these_rows(
    store: FeatureStore, shelf: Shelf, reopened: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = flushed(store, shelf, 2)
    assert found(reopened, keys[:1]) == [True]

    def failing(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("clipcoder.store.part.Part.read", failing)
    assert found(reopened, keys) == [True, False]  # the first row is still in memory


def _read_only(*_: object) -> None:
    raise OSError(30, "Read-only file system")
