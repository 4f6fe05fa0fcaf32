"""What a store holds, and clearing it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock
from stored_rows import DIM, IDENTITY, found, put

from clipcoder.errors import InvalidInputError
from clipcoder.store import EncoderIdentity, FeatureStore, inventory

OTHER = EncoderIdentity("other", "fedcba9876543210", DIM, "int8")


@pytest.fixture
def filled(store: FeatureStore) -> FeatureStore:
    put(store.shelf(IDENTITY, "images"), range(3))
    put(store.shelf(IDENTITY, "texts"), range(2))
    put(store.shelf(OTHER, "images"), range(1))
    store.flush()
    return store


def test_it_says_what_each_encoder_has(filled: FeatureStore, folder: Path) -> None:
    os.utime(folder / OTHER.fingerprint / "encoder.json", (1000, 1000))
    first, second = filled.info()
    assert (first.name, first.precision, first.dim) == ("toy", "float32", DIM)
    assert (first.images, first.texts, first.damaged) == (3, 2, 0)
    assert (second.name, second.images, second.texts, second.used) == ("other", 1, 0, 1000)
    assert first.fingerprint == IDENTITY.fingerprint
    assert first.made.endswith("+00:00")
    files = [f for f in (folder / IDENTITY.fingerprint).rglob("*") if f.is_file()]
    assert first.bytes == sum(f.stat().st_size for f in files)


def test_asking_for_features_marks_them_as_used(filled: FeatureStore, folder: Path) -> None:
    label = folder / IDENTITY.fingerprint / "encoder.json"
    os.utime(label, (1000, 1000))
    found(FeatureStore(folder).shelf(IDENTITY, "images"), [])
    assert label.stat().st_mtime == 1000
    FeatureStore(folder).shelf(IDENTITY, "images").get([64 * "0"])
    assert label.stat().st_mtime > 1000


@pytest.mark.parametrize("content", ["", "{", "[]", "7", "{}", '{"made": "x", "name": 1}'])
def test_a_folder_that_does_not_say_whose_it_is_can_still_be_counted_and_cleared(
    filled: FeatureStore, folder: Path, content: str
) -> None:
    (folder / IDENTITY.fingerprint / "encoder.json").write_text(content)
    (unknown,) = (encoder for encoder in filled.info() if encoder.name == "unknown")
    assert (unknown.images, unknown.fingerprint, unknown.dim) == (3, IDENTITY.fingerprint, 0)
    assert filled.clear([unknown]) == unknown.bytes
    assert [encoder.name for encoder in filled.info()] == ["other"]


def test_a_part_that_is_no_parquet_counts_no_rows(filled: FeatureStore, parts: Path) -> None:
    (parts / "x.parquet").write_bytes(b"no Parquet")
    assert {encoder.name: encoder.images for encoder in filled.info()} == {"toy": 3, "other": 1}


def test_clearing_frees_what_it_says_and_leaves_the_rest(filled: FeatureStore, folder: Path) -> None:
    toy = next(encoder for encoder in filled.info() if encoder.name == "toy")
    assert filled.clear([toy]) == toy.bytes
    assert [encoder.name for encoder in filled.info()] == ["other"]
    assert not list(folder.glob(".removed*"))
    assert filled.clear([toy]) == 0


def test_a_store_can_be_filled_again_after_it_was_cleared(filled: FeatureStore, folder: Path) -> None:
    filled.clear()
    keys = put(filled.shelf(IDENTITY, "images"), range(10, 12))
    filled.flush()
    assert [(encoder.name, encoder.images) for encoder in filled.info()] == [("toy", 2)]
    assert all(found(FeatureStore(folder).shelf(IDENTITY, "images"), keys))


def test_what_a_killed_process_did_not_finish_clearing_goes_the_next_time(
    filled: FeatureStore, folder: Path
) -> None:
    left = folder / ".removed-0123"
    left.mkdir()
    (left / "part.parquet").write_bytes(b"12345")
    assert len(filled.info()) == 2
    assert filled.clear([]) == 5
    assert not left.exists()


def test_clearing_waits_for_a_merge_but_not_for_ever(
    filled: FeatureStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory, "_PATIENCE", 0.01)
    with (
        FileLock(folder / ".lock"),
        pytest.raises(InvalidInputError, match="another process has been merging"),
    ):
        filled.clear()
    assert len(filled.info()) == 2


def test_a_store_that_may_not_be_changed_says_so(
    filled: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(InvalidInputError, match=r"cannot clear .*: permission denied"):
        filled.clear()


def test_an_encoder_that_is_cleared_while_it_is_looked_at_is_gone(
    filled: FeatureStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = inventory.read_label

    def read(encoder: Path) -> object:
        if encoder.name == OTHER.fingerprint:
            shutil.rmtree(encoder)
            return None
        return original(encoder)

    monkeypatch.setattr(inventory, "read_label", read)
    assert [encoder.name for encoder in filled.info()] == ["toy"]


def test_a_store_that_may_not_be_looked_into_says_so(
    filled: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(InvalidInputError, match=r"cannot look into .*: permission denied; its owner may"):
        filled.info()


def test_without_locks_nothing_is_cleared(filled: FeatureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FileLock, "acquire", without_locks)
    with pytest.raises(InvalidInputError, match="a file system without locks"):
        filled.clear()
    assert len(filled.info()) == 2


def refused(*_: object) -> None:
    raise PermissionError(13, "Permission denied")


def without_locks(*_: object, **__: object) -> None:
    raise NotImplementedError("FileSystem does not appear to support flock; use SoftFileLock instead")


def test_a_file_that_goes_while_it_is_counted_counts_nothing(
    filled: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "is_file", lambda _: (_ for _ in ()).throw(FileNotFoundError))
    assert [encoder.bytes for encoder in filled.info()] == [0, 0]


def test_the_first_name_of_an_encoder_stays(filled: FeatureStore, folder: Path) -> None:
    again = EncoderIdentity("another name", IDENTITY.fingerprint, DIM, "float32")
    with FeatureStore(folder) as store:
        put(store.shelf(again, "images"), [7])
    label = json.loads((folder / IDENTITY.fingerprint / "encoder.json").read_text())
    assert label["name"] == "toy"


def test_the_usual_place_is_in_the_folder_of_all_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIPCODER_CACHE", str(tmp_path))
    assert FeatureStore().folder == tmp_path / "features"
