"""Derived graphs: made once, found again, made anew if broken, and never in the way of the work."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from onnx_towers import WIDTH, inputs, residual_mlp

from clipcoder.encoders.onnx import derived_graphs as module
from clipcoder.encoders.onnx import quantize
from clipcoder.encoders.onnx.derived_graphs import DerivedGraph
from clipcoder.encoders.onnx.onnxruntime_graph import OnnxGraph
from clipcoder.encoders.onnx.quantize import workshops
from clipcoder.errors import InvalidInputError


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were made."""
    files: list[Path] = []
    convert = module.converted

    def noted(source: Path, precision: Any, target: Path, **options: Any) -> float:
        files.append(target)
        return convert(source, precision, target, **options)

    monkeypatch.setattr(module, "converted", noted)
    return files


@pytest.fixture
def derived(tmp_path: Path) -> DerivedGraph:
    return derive(residual_mlp(tmp_path / "model.onnx"))


def derive(model: Path, **others: Any) -> DerivedGraph:
    facts = {"digest": "a" * 64, "precision": "int8", "dim": WIDTH, "probe": inputs, **others}
    return DerivedGraph(model, **facts)


def opener(path: Path) -> OnnxGraph:
    return OnnxGraph(path, dim=WIDTH, batch_size=8)


def test_a_graph_is_made_once(derived: DerivedGraph, made: list[Path], cache: Path) -> None:
    first, second = derived.open(opener), derived.open(opener)
    assert made == [derived.path]
    assert first.path == second.path == derived.path
    assert derived.path.parent == cache / "graphs"
    assert (first.run(inputs()) == second.run(inputs())).all()


def test_weights_precision_and_maker_have_graphs_of_their_own(
    derived: DerivedGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = {derived.path, derive(derived.source, digest="b" * 64).path}
    paths.add(derive(derived.source, precision="float16").path)
    monkeypatch.setattr(module, "RECIPE", 99)
    paths.add(derived.path)
    monkeypatch.setattr("onnxruntime.__version__", "99.0")
    paths.add(derived.path)
    assert len(paths) == 5


@pytest.mark.parametrize(("precision", "count"), [("int8", 2), ("float16", 1)])
def test_int8_is_measured_anew_on_a_processor_with_other_instructions(
    derived: DerivedGraph, monkeypatch: pytest.MonkeyPatch, precision: str, count: int
) -> None:
    paths = {derive(derived.source, precision=precision).path}
    monkeypatch.setattr(module, "instructions", lambda: "0123abcd")
    paths.add(derive(derived.source, precision=precision).path)
    assert len(paths) == count


def test_what_a_killed_process_has_left_is_removed(derived: DerivedGraph) -> None:
    folder = derived.path.parent
    mine, other = folder / f".converting-{derived.path.name}-abc", folder / ".converting-other.onnx-abc"
    for left in (mine, other):
        left.mkdir(parents=True)
        (left / "folded.onnx").write_bytes(b"half of it")
    derived.open(opener)
    assert not mine.exists()
    assert other.exists()


def test_the_folder_of_a_conversion_is_one_that_is_found_if_it_is_left(
    derived: DerivedGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Path] = []
    monkeypatch.setattr(quantize, "_first_good", lambda *_: found.extend(workshops(derived.path)) or 0.0)
    with pytest.raises(InvalidInputError, match="cannot be had in int8"):
        derived.open(opener)
    assert len(found) == 1


def test_what_is_made_at_the_same_time_is_made_once(derived: DerivedGraph, made: list[Path]) -> None:
    with ThreadPoolExecutor(3) as threads:
        graphs = list(threads.map(lambda _: derived.open(opener), range(3)))
    assert len(made) == 1
    assert {graph.path for graph in graphs} == {derived.path}


@pytest.mark.parametrize("content", [b"", b"no graph"])
def test_a_broken_graph_is_made_again(
    derived: DerivedGraph, made: list[Path], content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    derived.path.parent.mkdir(parents=True)
    derived.path.write_bytes(content)
    derived.open(opener)
    assert made == [derived.path]
    assert "is broken; it is made again" in caplog.text
    derived.open(opener)
    assert len(made) == 1


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_a_cache_that_cannot_be_written_to_is_done_without(
    derived: DerivedGraph, made: list[Path], unwritable_cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    graph = derived.open(opener)
    assert graph.run(inputs()).shape == (24, WIDTH)
    assert not graph.path.exists()
    assert len(warnings(caplog)) == 1
    assert "cannot keep a graph in" in warnings(caplog)[0]
    assert unwritable_cache.read_text() == "in the way"


def usage(free: int) -> Callable[[object], Any]:
    return lambda _: SimpleNamespace(free=free)


def test_a_disk_that_is_nearly_full_is_spared(
    derived: DerivedGraph, made: list[Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", usage(free=1000))
    derived.open(opener)
    assert [path.parent.name.startswith("clipcoder-") for path in made] == [True]
    assert "MB needed, 0 MB free" in warnings(caplog)[0]
    assert not derived.path.exists()


def test_weights_beside_the_graph_need_room_too(
    derived: DerivedGraph, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with (derived.source.parent / "onnx__MatMul_1234").open("wb") as weights:
        weights.truncate(10_000_000)
    monkeypatch.setattr(shutil, "disk_usage", usage(free=20_000_000))
    derived.open(opener)
    assert "(30 MB needed, 20 MB free)" in warnings(caplog)[0]


def test_a_disk_that_fills_up_meanwhile_leaves_nothing_behind(
    derived: DerivedGraph, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    convert = module.converted

    def full_in_the_cache(source: Path, precision: Any, target: Path, **options: Any) -> float:
        if target == derived.path:
            raise OSError(28, "No space left on device")
        return convert(source, precision, target, **options)

    monkeypatch.setattr(module, "converted", full_in_the_cache)
    derived.open(opener)
    assert "(No space left on device)" in warnings(caplog)[0]
    assert list(derived.path.parent.glob("*.onnx")) == []


def test_no_room_anywhere_is_one_sentence(derived: DerivedGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> float:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "converted", full)
    with pytest.raises(
        InvalidInputError, match=r"no room to make '.*' in int8 \(No space left on device\); choose"
    ):
        derived.open(opener)


def test_a_refusal_is_not_taken_for_a_full_disk(tmp_path: Path, made: list[Path]) -> None:
    model = residual_mlp(tmp_path / "model.onnx", outliers=range(4), everywhere=True)
    with pytest.raises(InvalidInputError, match="cannot be had in int8"):
        derive(model).open(opener)
    assert len(made) == 1
