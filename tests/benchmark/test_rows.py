"""Folders of results: rows and predictions that outlive any kill, one writer at a time."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.results_by_hand import LABELS, NAMES, add, row
from clipcoder.benchmark.row import Row
from clipcoder.benchmark.rows import Results, read_rows
from clipcoder.errors import InvalidInputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Results with two rows."""
    add(tmp_path / "results", 12, row("clip", texts=""))
    add(tmp_path / "results", 16, row("coder"))
    return tmp_path / "results"


def lines_of(folder: Path) -> Path:
    return folder / "rows.jsonl"


def test_a_row_comes_back_from_json_as_it_was() -> None:
    made = replace(
        row("gda", shots=4, seed=2),
        peak_memory_mb=120.5,
        options={"top_k": 5},
        chosen={"alpha": 0.5},
        failed=("é.jpg",),
        left_out=("b.jpg",),
        versions={"numpy": "2.0"},
    )
    assert Row.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_a_row_is_plain_json_with_its_version() -> None:
    record = row("clip").to_json()
    assert record["schema"] == 1
    assert record["encoder"] == {"name": "starter", "hash": "e" * 16}
    assert record["seed"] is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": 2}, '"schema": 1, but got 2'),
        ({"accuracy": "high"}, "the row's accuracy must be a number, but it is 'high'"),
        ({"accuracy": True}, "the row's accuracy must be a number"),
        ({"accuracy": float("nan")}, "the row's accuracy must be a number, but it is 'nan'"),
        ({"ece": 10**400}, "the row's ece must be a number"),
        ({"id": "../../other"}, "the row's id must be 16 hexadecimal digits, but it is '../../other'"),
        ({"method": "\ud800"}, "the row's method must be a text"),
        ({"shots": 1.5}, "the row's shots must be a whole number, but it is '1.5'"),
        ({"method": 3}, "the row's method must be a text"),
        ({"protocol": "loose"}, "the row's protocol must be 'strict' or 'reference', but it is 'loose'"),
        ({"failed": "a.jpg"}, "the row's failed must be a list of texts"),
        ({"chosen": []}, "the row's chosen must be an object"),
        ({"encoder": {"name": "starter"}}, "the row's encoder must have a field 'hash'"),
        ({"encoder": "starter"}, "the row's encoder must be an object"),
        ({"colour": "red"}, "the row has a field 'colour', which nobody knows"),
    ],
)
def test_what_is_no_row_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        Row.from_json({**row("clip").to_json(), **change})


def test_a_list_is_no_row() -> None:
    with pytest.raises(InvalidInputError, match="but got 'list'"):
        Row.from_json([1])


def test_a_row_lacks_nothing() -> None:
    record = row("clip").to_json()
    del record["ece"]
    with pytest.raises(InvalidInputError, match="must have a field 'ece', but it has none"):
        Row.from_json(record)


def test_rows_and_predictions_come_back(folder: Path) -> None:
    clip, coder = read_rows(folder)
    assert (clip.method, coder.method) == ("clip", "coder")
    found = Results(folder).predictions(coder.id)
    assert (found.predictions == found.labels).sum() == 16
    assert found.class_names == NAMES
    assert found.confidence.dtype == np.float32


def test_predictions_hold_no_pickles_and_may_lack_class_names(folder: Path) -> None:
    path = next((folder / "predictions").glob("*.npz"))
    with np.load(path, allow_pickle=False) as arrays:
        assert sorted(arrays) == ["class_names", "confidence", "labels", "predictions"]
        rest = {name: arrays[name] for name in ("confidence", "labels", "predictions")}
    np.savez(path, **rest)
    assert Results(folder).predictions(path.stem).class_names == ()


def test_keys_of_files_whose_names_are_no_unicode_come_back(folder: Path) -> None:
    odd = replace(row("clip"), failed=("é.jpg", "\udcff.jpg"))
    add(folder, 12, odd)
    assert read_rows(folder)[-1].failed == odd.failed
    assert '"é.jpg", "\\udcff.jpg"' in lines_of(folder).read_text(encoding="utf-8")


def test_of_duplicate_rows_the_later_one_counts(folder: Path) -> None:
    clip, coder = read_rows(folder)
    again = replace(clip, accuracy=0.25)
    with lines_of(folder).open("a") as file:
        file.write(json.dumps(again.to_json()) + "\n")
    assert read_rows(folder) == [again, coder]


def test_blank_lines_are_no_rows(folder: Path) -> None:
    lines_of(folder).write_bytes(lines_of(folder).read_bytes().replace(b"\n", b"\n\n") + b"  ")
    assert len(read_rows(folder)) == 2
    with Results(folder).writing():
        pass
    assert len(read_rows(folder)) == 2


@pytest.mark.parametrize("kept", [1, 40, -2])
def test_half_a_line_is_dropped_with_a_remark_and_mended(
    folder: Path, kept: int, caplog: pytest.LogCaptureFixture
) -> None:
    whole = lines_of(folder).read_bytes()
    first = whole[: whole.index(b"\n") + 1]
    lines_of(folder).write_bytes(first + whole[len(first) :][:kept])
    with caplog.at_level(logging.WARNING):
        assert [one.method for one in read_rows(folder)] == ["clip"]
    assert "half a row" in caplog.text
    add(folder, 16, row("coder"))
    assert lines_of(folder).read_bytes() == whole


def test_a_whole_last_line_without_its_end_gets_one(folder: Path) -> None:
    whole = lines_of(folder).read_bytes()
    lines_of(folder).write_bytes(whole.removesuffix(b"\n"))
    assert len(read_rows(folder)) == 2
    with Results(folder).writing():
        pass
    assert lines_of(folder).read_bytes() == whole


@pytest.mark.parametrize(("broken", "said"), [(b"{", "must be a JSON object"), (b"[]", '"schema": 1')])
def test_a_broken_line_in_the_middle_is_named(folder: Path, broken: bytes, said: str) -> None:
    lines_of(folder).write_bytes(broken + b"\n" + lines_of(folder).read_bytes())
    with pytest.raises(InvalidInputError, match=rf"rows.jsonl', line 1:? .*{said}"):
        read_rows(folder)


def test_a_folder_without_rows_says_how_to_make_some(tmp_path: Path) -> None:
    assert Results(tmp_path / "none").rows() == []
    with pytest.raises(InvalidInputError, match=r"no results in .*clipcoder bench run --out"):
        read_rows(tmp_path / "none")


def test_rows_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").mkdir()
    with pytest.raises(InvalidInputError, match=r"cannot read .*is a directory"):
        read_rows(tmp_path)


def test_missing_and_damaged_predictions_are_named(folder: Path) -> None:
    clip, coder = read_rows(folder)
    (folder / "predictions" / f"{clip.id}.npz").unlink()
    (folder / "predictions" / f"{coder.id}.npz").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(InvalidInputError, match=f"the row {clip.id} has no predictions"):
        Results(folder).predictions(clip.id)
    with pytest.raises(InvalidInputError, match="it cannot be read; remove its line"):
        Results(folder).predictions(coder.id)


def test_pickled_predictions_are_never_loaded(folder: Path) -> None:
    clip, _ = read_rows(folder)
    path = folder / "predictions" / f"{clip.id}.npz"
    np.savez(path, labels=np.array([{}], dtype=object), predictions=LABELS, confidence=LABELS)
    with pytest.raises(InvalidInputError, match="cannot be read"):
        Results(folder).predictions(clip.id)


def test_one_writer_at_a_time(folder: Path) -> None:
    with Results(folder).writing(), pytest.raises(InvalidInputError, match="another run is writing into"):  # noqa: SIM117
        with Results(folder).writing():
            pass
    with Results(folder).writing():
        assert len(Results(folder).rows()) == 2


def test_a_place_that_takes_no_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("in the way")
    with pytest.raises(InvalidInputError, match=r"cannot write into .*(exists|not a directory)"):  # noqa: SIM117
        with Results(tmp_path / "results").writing():
            pass


def test_a_system_without_locks_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: object, **_: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr("filelock.FileLock.acquire", refused)
    with pytest.raises(InvalidInputError, match="it takes no locks"), Results(folder).writing():
        pass


def test_a_full_disk_leaves_whole_rows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = lines_of(folder).read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("clipcoder.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        add(folder, 3, row("gda", shots=1, seed=1))
    assert lines_of(folder).read_bytes() == before
    assert len(list((folder / "predictions").iterdir())) == 2


def test_what_killed_runs_left_is_removed(folder: Path) -> None:
    draft = folder / "predictions" / ".abc.npz.0123.tmp"
    draft.write_bytes(b"half")
    os.utime(draft, (0, 0))
    with Results(folder).writing():
        assert not draft.exists()


def test_the_order_of_writing_is_predictions_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = row("gda", shots=1, seed=1)
    seen: list[bool] = []
    real: Callable[..., str] = json.dumps

    def watched(*args: Any, **kwargs: Any) -> str:
        seen.append((folder / "predictions" / f"{made.id}.npz").exists())
        return real(*args, **kwargs)

    monkeypatch.setattr("clipcoder.benchmark.rows.json.dumps", watched)
    add(folder, 3, made)
    assert seen == [True]
