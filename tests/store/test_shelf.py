"""Getting and putting features: in one process, and from one to the next."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from stored_rows import DIM, IDENTITY, found, keys_of, put, rows_of

from clipcoder.errors import InvalidInputError
from clipcoder.store import EncoderIdentity, FeatureStore, Shelf
from clipcoder.store import shelf as shelf_module


def test_what_is_put_is_found_at_once_and_after_a_restart(
    store: FeatureStore, shelf: Shelf, reopened: Shelf
) -> None:
    keys = put(shelf, range(5))
    unknown = keys_of([99])
    assert found(shelf, keys + unknown) == 5 * [True] + [False]
    store.flush()
    assert found(shelf, keys + unknown) == 5 * [True] + [False]
    assert found(reopened, unknown + keys) == [False] + 5 * [True]


def test_rows_come_in_the_order_of_the_keys_from_any_number_of_parts(
    store: FeatureStore, shelf: Shelf, reopened: Shelf
) -> None:
    for start in range(0, 60, 20):
        put(shelf, range(start, start + 20))
        store.flush()
    shuffled = keys_of(np.random.default_rng(0).permutation(90).tolist())
    assert sum(found(reopened, [*shuffled, *shuffled])) == 120


def test_groups_of_rows_are_read_one_by_one_and_only_some_are_held(
    store: FeatureStore, shelf: Shelf, reopened: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clipcoder.store.part._GROUP_BYTES", 10 * 4 * DIM)
    monkeypatch.setattr("clipcoder.store.part_folder._HELD_BYTES", 3 * 10 * 4 * DIM)
    keys = put(shelf, range(95))
    store.flush()
    read: list[int] = []
    original = reopened._parts._read
    monkeypatch.setattr(reopened._parts, "_read", lambda part, g: (read.append(g), original(part, g))[1])
    assert all(found(reopened, keys[35:55]))
    assert read == [3, 4, 5]
    assert all(found(reopened, keys))
    assert reopened._parts._groups._bytes <= 3 * 10 * 4 * DIM


def test_one_store_keeps_kinds_and_encoders_apart(store: FeatureStore, shelf: Shelf) -> None:
    keys = put(shelf, range(3))
    other = EncoderIdentity("toy", "fedcba9876543210", DIM, "int8")
    store.flush()
    assert not any(found(store.shelf(IDENTITY, "texts"), keys))
    assert not any(found(store.shelf(other, "images"), keys))
    assert store.shelf(IDENTITY, "images") is shelf


def test_rows_are_written_when_there_are_many_of_them(shelf: Shelf, parts: Path) -> None:
    put(shelf, range(shelf_module.FLUSH_ROWS - 1))
    assert not parts.exists()
    put(shelf, [shelf_module.FLUSH_ROWS])
    assert [pq.read_metadata(part).num_rows for part in parts.glob("*.parquet")] == [shelf_module.FLUSH_ROWS]


def test_rows_are_written_when_they_have_waited_for_long(
    shelf: Shelf, parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([100.0, 100.0, 109.0, 110.0, *8 * [110.0]])
    monkeypatch.setattr(shelf_module.time, "monotonic", lambda: next(clock))
    put(shelf, [1])
    put(shelf, [2])
    assert not parts.exists()
    put(shelf, [3])
    assert [pq.read_metadata(part).num_rows for part in parts.glob("*.parquet")] == [3]


def test_rows_are_written_when_nobody_refers_to_the_store_any_more(folder: Path, parts: Path) -> None:
    store = FeatureStore(folder)
    put(store.shelf(IDENTITY, "images"), [1])
    del store
    gc.collect()
    assert len(list(parts.glob("*.parquet"))) == 1


def test_a_store_that_has_nothing_to_write_makes_no_folder(store: FeatureStore, folder: Path) -> None:
    assert found(store.shelf(IDENTITY, "images"), keys_of([1])) == [False]
    store.close()
    assert not folder.exists()


def test_another_process_is_noticed_on_a_miss_once_a_second(
    store: FeatureStore, shelf: Shelf, reopened: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("clipcoder.store.part_folder.time.monotonic", lambda: now[0])
    assert found(reopened, keys_of([1])) == [False]
    keys = put(shelf, [1])
    store.flush()
    assert found(reopened, keys) == [False]
    now[0] += 1
    assert found(reopened, keys) == [True]


def test_threads_may_get_and_put_at_the_same_time(
    shelf: Shelf, reopened: Shelf, store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf_module, "FLUSH_ROWS", 16)

    def work(start: int) -> bool:
        return all(found(shelf, put(shelf, range(start, start + 20))))

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(0, 400, 10)))
    store.flush()
    assert all(found(reopened, keys_of(range(410))))


def test_the_same_digits_in_front_of_two_keys_are_never_taken_for_the_same_key(
    store: FeatureStore, shelf: Shelf, reopened: Shelf
) -> None:
    key = keys_of([1])[0]
    twin = key[:16] + 48 * "0"
    put(shelf, [1])
    store.flush()
    rows, hits = reopened.get([twin, key])
    assert hits.tolist() == [False, True]
    assert not rows[0].any()


@pytest.mark.parametrize(
    ("keys", "rows", "sentence"),
    [
        (["abc"], [[1, 2, 3, 4]], "64 hexadecimal digits"),
        (keys_of([1]), [[1, 2, 3]], "4 columns"),
        (keys_of([1]), [[1, 2, 3, float("nan")]], "finite"),
        (keys_of([1, 2]), [[1, 2, 3, 4]], "a row for each of 2 keys, got 1"),
    ],
)
def test_what_makes_no_rows_is_refused(
    shelf: Shelf, keys: list[str], rows: list[list[float]], sentence: str
) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        shelf.put(keys, rows)
    assert not any(shelf.get(keys_of([1, 2]))[1])


def test_the_caller_may_change_its_rows_afterwards(shelf: Shelf) -> None:
    keys = keys_of([1])
    rows = rows_of(keys)
    shelf.put(keys, rows)
    rows[:] = 0
    assert found(shelf, keys) == [True]


@pytest.mark.parametrize("fingerprint", ["", "short", "../../../etc", "A" * 16, None])
def test_a_fingerprint_that_is_no_digest_is_refused(fingerprint: str) -> None:
    with pytest.raises(InvalidInputError, match="hexadecimal digits"):
        EncoderIdentity("toy", fingerprint, DIM, "float32")


def test_an_encoder_without_a_dimension_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="dim must be"):
        EncoderIdentity("toy", "0123456789abcdef", 0, "float32")
