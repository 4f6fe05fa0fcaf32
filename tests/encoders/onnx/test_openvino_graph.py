"""OpenVINO behind a graph: bfloat16 where the processor has it, and one sentence where it has not."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from onnx_towers import WIDTH, inputs, residual_mlp

import onnx
from clipcoder.encoders.onnx.onnxruntime_graph import OnnxGraph
from clipcoder.encoders.onnx.openvino_graph import OpenVinoGraph, bfloat16_core
from clipcoder.encoders.probe import least_cosine
from clipcoder.errors import ClipcoderError, InvalidInputError, MissingExtraError


@pytest.fixture
def here() -> None:
    """Skips where this machine does not compute in bfloat16."""
    try:
        bfloat16_core()
    except ClipcoderError as error:
        pytest.skip(str(error))


def graph(path: Path) -> OpenVinoGraph:
    return OpenVinoGraph(path, dim=WIDTH, batch_size=8)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("rows", ["n", 1, 5])
def test_features_are_near_those_of_float32_and_not_the_same(tmp_path: Path, rows: int | str) -> None:
    model = residual_mlp(tmp_path / "model.onnx", rows=rows)
    exact = OnnxGraph(model, dim=WIDTH, batch_size=8).run(inputs())
    features = graph(model).run(inputs())
    assert features.dtype == np.float32
    assert 0.999 < least_cosine(features, exact) < 1 - 1e-7


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("rows", ["n", 1])
def test_threads_may_share_it(tmp_path: Path, rows: int | str) -> None:
    shared = graph(residual_mlp(tmp_path / "model.onnx", rows=rows))
    feeds = [{"x": inputs()["x"][i:]} for i in range(12)]
    expected = [shared.run(feed) for feed in feeds]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(shared.run, feeds))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0.03, atol=0.03)


@pytest.mark.usefixtures("here")
def test_features_are_kept_when_the_graph_runs_again(tmp_path: Path) -> None:
    shared = graph(residual_mlp(tmp_path / "model.onnx"))
    first = shared.run(inputs(1))
    copy = first.copy()
    shared.run({"x": -inputs(1)["x"]})
    np.testing.assert_array_equal(first, copy)


@pytest.mark.usefixtures("here")
def test_weights_may_lie_in_files_beside_the_graph(tmp_path: Path) -> None:
    model = residual_mlp(tmp_path / "model.onnx")
    expected = graph(model).run(inputs())
    onnx.save(onnx.load(model), model, save_as_external_data=True, location="weights", size_threshold=0)
    np.testing.assert_array_equal(graph(model).run(inputs()), expected)


@pytest.mark.usefixtures("here")
def test_a_broken_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no graph\n")
    with pytest.raises(
        InvalidInputError, match=r"model\.onnx' is no ONNX model that OpenVINO can load [^\n]*$"
    ):
        graph(tmp_path / "model.onnx")


@pytest.mark.usefixtures("here")
def test_a_graph_that_cannot_be_compiled_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import openvino

    def fail(*_: object) -> None:
        raise RuntimeError("Check failed:\nno such operation")

    monkeypatch.setattr(openvino.Core, "compile_model", fail)
    with pytest.raises(
        InvalidInputError, match=r"OpenVINO cannot compute '.*no such operation.*choose float32"
    ):
        graph(residual_mlp(tmp_path / "model.onnx"))


def test_a_processor_without_bfloat16_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    openvino = pytest.importorskip("openvino")
    monkeypatch.setattr(openvino.Core, "get_property", lambda *_: ["FP32", "INT8"])
    with pytest.raises(InvalidInputError, match=r"this processor \(.+\) has no instructions for bfloat16"):
        graph(residual_mlp(tmp_path / "model.onnx"))


def test_without_openvino_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingExtraError, match=r"bfloat16 needs .* pip install 'clipcoder\[fast\]'"):
        graph(residual_mlp(tmp_path / "model.onnx"))
