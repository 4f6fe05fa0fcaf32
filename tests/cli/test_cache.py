"""``clipcoder cache``: what is kept, and clearing it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from clipcoder.cli import cache as command
from clipcoder.cli.group import Commands
from clipcoder.paths import CACHE_VARIABLE
from clipcoder.store import EncoderIdentity, FeatureStore
from clipcoder.store.keys import text_key

TOY = EncoderIdentity("toy", "0123456789abcdef", 4, "float32")
OTHER = EncoderIdentity("other", "fedcba9876543210", 4, "int8")

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "cache"


@pytest.fixture
def filled(folder: Path) -> Path:
    """Two encoders, of which one has not been used for 30 days, and two graphs, one as old."""
    with FeatureStore() as store:
        keys = [text_key(str(n)) for n in range(3)]
        store.shelf(TOY, "images").put(keys, np.eye(3, 4, dtype=np.float32))
        store.shelf(TOY, "texts").put(keys[:1], np.eye(1, 4, dtype=np.float32))
        store.shelf(OTHER, "images").put(keys[:2], np.eye(2, 4, dtype=np.float32))
    graphs = folder / "graphs"
    graphs.mkdir()
    for name in ("new-int8.onnx", "old-int8.onnx", "old-int8.onnx.data", "old-int8.onnx.lock", ".half.onnx"):
        (graphs / name).write_bytes(b"1234567890")
    old = time.time() - 30 * 86_400
    for path in (*graphs.glob("old*"), store.folder / OTHER.fingerprint / "encoder.json"):
        os.utime(path, (old, old))
    return folder


@pytest.fixture
def run() -> Run:
    group = Commands("clipcoder", commands=[command.cache])

    def invoke(*arguments: str, answer: str | None = None) -> Result:
        return CliRunner().invoke(group, ["cache", *arguments], input=answer)

    return invoke


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sits at the terminal."""
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)


def kept(run: Run) -> dict[str, object]:
    return json.loads(run("info", "--json").stdout)  # type: ignore[no-any-return]


def names(run: Run) -> list[str]:
    return [encoder["name"] for encoder in kept(run)["encoders"]]  # type: ignore[attr-defined]


def test_nothing_is_kept_at_first(run: Run, folder: Path) -> None:
    result = run("info")
    assert (result.exit_code, result.stdout) == (0, f"{folder}: 0 bytes\n")
    assert kept(run) == {
        "folder": str(folder),
        "bytes": 0,
        "encoders": [],
        "graphs": {"files": 0, "bytes": 0},
        "answers": {"files": 0, "bytes": 0},
        "damaged": 0,
    }
    assert not folder.exists()


def test_info_shows_each_encoder_and_the_graphs(run: Run, filled: Path) -> None:
    lines = run("info").stdout.splitlines()
    assert lines[0].startswith(f"{filled}: ")
    assert lines[1].split() == ["features", "of", "precision", "images", "texts", "size", "last", "used"]
    assert lines[2].split()[:4] == ["toy", "float32", "3", "1"]
    assert lines[3].split()[:4] == ["other", "int8", "2", "0"]
    assert lines[4:] == ["graphs in other precisions: 3 (30 bytes)"]


def test_info_tells_of_damaged_parts(run: Run, filled: Path) -> None:
    (part,) = (filled / "features" / OTHER.fingerprint / "images").glob("*.parquet")
    part.write_bytes(b"no Parquet")
    FeatureStore().shelf(OTHER, "images").get([text_key("0")])
    assert run("info").stdout.splitlines()[-1] == "damaged parts that were set aside: 1"


def test_info_as_json_has_everything(run: Run, filled: Path) -> None:
    found = kept(run)
    toy, other = found["encoders"]  # type: ignore[misc]
    assert (toy["name"], toy["precision"], toy["dim"]) == ("toy", "float32", 4)
    assert (toy["images"], toy["texts"], toy["damaged"]) == (3, 1, 0)
    assert toy["fingerprint"] == TOY.fingerprint
    assert toy["used"] > other["used"]
    assert found["graphs"] == {"files": 3, "bytes": 30}
    assert found["bytes"] == toy["bytes"] + other["bytes"] + 30


def test_clear_removes_everything_that_can_be_made_again(run: Run, filled: Path) -> None:
    before = kept(run)["bytes"]
    result = run("clear", "--yes")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "6 features of toy, other and 3 graphs in other precisions" in result.stderr
    assert f"freed {before / 1000:.1f} kB" in result.stderr  # type: ignore[operator]
    assert kept(run)["bytes"] == 0
    assert sorted(path.name for path in (filled / "graphs").iterdir()) == [".half.onnx", "old-int8.onnx.lock"]


def test_clear_one_model_leaves_the_others_and_the_graphs(run: Run, filled: Path) -> None:
    result = run("clear", "--model", "toy", "--yes")
    assert "4 features of toy" in result.stderr
    assert names(run) == ["other"]
    assert kept(run)["graphs"] == {"files": 3, "bytes": 30}


def test_clear_what_has_not_been_used_for_long(run: Run, filled: Path) -> None:
    run("clear", "--older-than", "7", "--yes")
    assert names(run) == ["toy"]
    assert kept(run)["graphs"] == {"files": 1, "bytes": 10}
    result = run("clear", "--older-than", "7", "--yes")
    assert (result.exit_code, result.stderr) == (0, "clipcoder: there is nothing to clear\n")


def test_a_graph_is_used_when_it_is_read(run: Run, filled: Path) -> None:
    old = time.time() - 30 * 86_400
    os.utime(filled / "graphs" / "new-int8.onnx", (time.time(), old))
    run("clear", "--older-than", "7", "--yes")
    assert kept(run)["graphs"] == {"files": 1, "bytes": 10}


def test_what_another_clock_says_was_used_in_the_future_is_cleared_too(run: Run, filled: Path) -> None:
    soon = time.time() + 3600
    for path in filled.rglob("*.*"):
        os.utime(path, (soon, soon))
    run("clear", "--yes")
    assert kept(run)["bytes"] == 0


def test_an_unknown_model_is_answered_with_the_known_ones(run: Run, filled: Path) -> None:
    result = run("clear", "--model", "tiy", "--yes")
    assert result.exit_code == 2
    assert result.stderr == "clipcoder: unknown encoder of the cache 'tiy': did you mean 'toy'?\n"


def test_any_model_of_an_empty_cache_is_cleared_already(run: Run) -> None:
    result = run("clear", "--model", "toy")
    assert (result.exit_code, result.stderr) == (0, "clipcoder: there is nothing to clear\n")


def test_without_a_terminal_nothing_is_cleared_unasked(run: Run, filled: Path) -> None:
    result = run("clear", "--model", "toy")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("clipcoder: would clear 4 features of toy (")
    assert line.endswith("; add --yes where nobody can be asked")
    assert names(run) == ["toy", "other"]


@pytest.mark.parametrize(("answer", "cleared"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_on_a_terminal_it_asks(run: Run, filled: Path, asked: None, answer: str, cleared: bool) -> None:
    result = run("clear", "--model", "toy", answer=answer)
    assert result.exit_code == 0
    assert "Clear 4 features of toy (" in result.stderr
    assert ("nothing was cleared" in result.stderr) != cleared
    assert ("toy" in names(run)) != cleared


def test_days_below_zero_are_refused(run: Run) -> None:
    assert run("clear", "--older-than", "-1").exit_code == 2


def test_a_graph_that_goes_while_it_is_counted_counts_nothing(
    run: Run, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (filled / "graphs" / "gone-int8.onnx").symlink_to("nowhere")
    assert kept(run)["graphs"] == {"files": 3, "bytes": 30}


@pytest.fixture
def paid(filled: Path) -> Path:
    """Two answers of language models, one 30 days old, beside the rest."""
    answers = filled / "answers"
    answers.mkdir()
    for name in ("new.json", "old.json", ".new.json.0123abcd.tmp"):
        (answers / name).write_bytes(b"{}")
    old = time.time() - 30 * 86_400
    os.utime(answers / "old.json", (old, old))
    return answers


def test_info_counts_paid_answers(run: Run, paid: Path) -> None:
    assert run("info").stdout.splitlines()[-1] == "paid answers of language models: 2 (4 bytes)"
    assert kept(run)["answers"] == {"files": 2, "bytes": 4}


def test_paid_answers_stay_when_all_that_can_be_made_again_is_cleared(run: Run, paid: Path) -> None:
    result = run("clear", "--yes")
    assert "answers" not in result.stderr
    assert kept(run)["answers"] == {"files": 2, "bytes": 4}
    assert kept(run)["bytes"] == 4


def test_paid_answers_go_when_they_are_named_and_nothing_else_does(run: Run, paid: Path) -> None:
    result = run("clear", "--answers", "--yes")
    assert result.stderr == "clipcoder: freed 4 bytes: 2 paid answers of language models\n"
    assert kept(run)["answers"] == {"files": 0, "bytes": 0}
    assert names(run) == ["toy", "other"]
    assert kept(run)["graphs"] == {"files": 3, "bytes": 30}


def test_old_paid_answers_can_be_cleared_alone(run: Run, paid: Path) -> None:
    run("clear", "--answers", "--older-than", "7", "--yes")
    assert sorted(path.name for path in paid.glob("*.json")) == ["new.json"]


def test_paid_answers_are_no_encoder_s(run: Run, paid: Path) -> None:
    result = run("clear", "--answers", "--model", "toy", "--yes")
    assert result.exit_code == 2
    assert "not both" in result.stderr
    assert kept(run)["answers"] == {"files": 2, "bytes": 4}
