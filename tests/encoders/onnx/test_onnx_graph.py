"""ONNX Runtime behind a graph: devices, threads, weights in files beside the graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx_towers import WIDTH, inputs, residual_mlp

import onnx
from clipcoder.encoders.onnx import onnxruntime_graph as module
from clipcoder.encoders.onnx.onnxruntime_graph import OnnxGraph, check_device
from clipcoder.errors import InvalidInputError


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return residual_mlp(tmp_path / "model.onnx")


def graph(path: Path, device: str = "cpu") -> OnnxGraph:
    return OnnxGraph(path, dim=WIDTH, batch_size=8, device=device)


@pytest.mark.parametrize("rows", [1, 5])
def test_features_do_not_depend_on_how_many_rows_the_graph_takes(
    tmp_path: Path, model: Path, rows: int
) -> None:
    fixed = graph(residual_mlp(tmp_path / "fixed.onnx", rows=rows)).run(inputs())
    np.testing.assert_allclose(fixed, graph(model).run(inputs()), rtol=1e-5, atol=1e-5)


def test_threads_share_the_cores_where_rows_go_to_threads(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    opened = onnxruntime.InferenceSession

    def noted(path: str, options: Any, **rest: Any) -> Any:
        threads.append(options.intra_op_num_threads)
        return opened(path, options, **rest)

    monkeypatch.setattr(onnxruntime, "InferenceSession", noted)
    monkeypatch.setattr(module, "cores", lambda: 64)
    monkeypatch.setattr(module, "worker_count", lambda: 16)
    monkeypatch.setattr(module, "engine_threads", lambda: 7)
    graph(model)
    assert threads == [7]
    graph(residual_mlp(tmp_path / "fixed.onnx", rows=1))
    assert threads == [7, 7, 4]


def test_weights_may_lie_in_files_beside_the_graph(model: Path) -> None:
    expected = graph(model).run(inputs())
    onnx.save(
        onnx.load(model), model, save_as_external_data=True, all_tensors_to_one_file=False, size_threshold=0
    )
    assert len(list(model.parent.iterdir())) > 8
    np.testing.assert_array_equal(graph(model).run(inputs()), expected)


def test_files_of_weights_may_be_links_as_in_the_cache_of_a_hub(tmp_path: Path, model: Path) -> None:
    expected = graph(model).run(inputs())
    onnx.save(onnx.load(model), model, save_as_external_data=True, location="w", size_threshold=0)
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "abc"
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    for i, name in enumerate(("model.onnx", "w")):
        (model.parent / name).rename(blobs / str(i))
        (snapshot / name).symlink_to(Path("../../blobs") / str(i))
    np.testing.assert_array_equal(graph(snapshot / "model.onnx").run(inputs()), expected)


def test_weights_that_are_missing_beside_the_graph_are_one_sentence(model: Path) -> None:
    onnx.save(onnx.load(model), model, save_as_external_data=True, location="weights", size_threshold=0)
    (model.parent / "weights").unlink()
    with pytest.raises(
        InvalidInputError, match=r"is no ONNX model that ONNX Runtime can load \([^\n]*weights"
    ):
        graph(model)


def test_a_device_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="computes on 'cpu' or 'cuda', not on 'tpu'"):
        check_device("tpu")


def test_cuda_needs_another_build_of_the_engine(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(InvalidInputError, match="cannot compute on 'cuda': install onnxruntime-gpu in place"):
        graph(model, "cuda")


class Session:
    """A session that computes where it likes."""

    def __init__(self, wanted: list[str], found: list[str]) -> None:
        self.wanted, self.found = wanted, found

    def get_providers(self) -> list[str]:
        return self.found


def test_a_card_that_cannot_be_used_is_not_passed_over(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    sessions = []

    def fall_back(*_: object, providers: list[str], **__: object) -> Session:
        sessions.append(Session(providers, ["CPUExecutionProvider"]))
        return sessions[-1]

    monkeypatch.setattr(onnxruntime, "InferenceSession", fall_back)
    with pytest.raises(InvalidInputError, match="finds no NVIDIA card that it can use"):
        graph(model, "cuda")
    assert sessions[0].wanted == ["CUDAExecutionProvider"]
