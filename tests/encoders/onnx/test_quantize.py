"""Graphs in fewer bits: near to float32 or refused, products that outliers spoil left as they are."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_towers import WIDTH, inputs, residual_mlp

import onnx
from clipcoder.encoders.onnx import model_file, products, quantize
from clipcoder.encoders.onnx.model_file import data_file
from clipcoder.encoders.onnx.onnxruntime_graph import OnnxGraph
from clipcoder.encoders.onnx.quantize import converted
from clipcoder.encoders.probe import LEAST_COSINE, least_cosine
from clipcoder.errors import InvalidInputError, MissingExtraError


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "made" / "model.onnx"


def convert(model: Path, precision: Any, target: Path) -> float:
    return converted(model, precision, target, dim=WIDTH, probe=inputs())


def nodes(path: Path) -> Counter[str]:
    return Counter(node.op_type for node in onnx.load(path).graph.node)


def products_in_float32(path: Path) -> list[str]:
    return sorted(node.input[1] for node in onnx.load(path).graph.node if node.op_type == "MatMul")


def run(path: Path, batch_size: int = 64) -> Any:
    return OnnxGraph(path, dim=WIDTH, batch_size=batch_size).run(inputs())


@pytest.mark.parametrize("gemm", [False, True])
def test_all_products_are_int8_where_nothing_speaks_against_it(
    tmp_path: Path, target: Path, gemm: bool
) -> None:
    model = residual_mlp(tmp_path / "model.onnx", gemm=gemm)
    cosine = convert(model, "int8", target)
    assert cosine >= LEAST_COSINE
    assert cosine == min(least_cosine(run(target, size), run(model)) for size in (64, 16))
    assert nodes(target)["MatMulInteger"] == 8
    assert not nodes(target)["MatMul"] + nodes(target)["Gemm"]


@pytest.mark.parametrize("precision", ["int8", "float16"])
def test_no_weights_are_left_that_nothing_computes_with(tmp_path: Path, target: Path, precision: str) -> None:
    convert(residual_mlp(tmp_path / "model.onnx", gemm=True), precision, target)
    graph = onnx.load(target).graph
    assert {weight.name for weight in graph.initializer} <= {
        name for node in graph.node for name in node.input
    }


def test_batches_of_two_sizes_are_judged(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def noted(path: Path, *, dim: int, batch_size: int) -> OnnxGraph:
        sizes.append(batch_size)
        return OnnxGraph(path, dim=dim, batch_size=batch_size)

    monkeypatch.setattr(quantize, "OnnxGraph", noted)
    convert(residual_mlp(tmp_path / "model.onnx"), "int8", target)
    assert sizes == [64, 64, 16]  # the original, and what was made of it


@pytest.mark.parametrize("outliers", [(2,), (0, 3), (0, 1, 2, 3)])
@pytest.mark.parametrize("rows", ["n", 1, 5])
def test_products_that_an_outlier_spoils_stay_in_float32_and_no_others(
    tmp_path: Path, target: Path, outliers: tuple[int, ...], rows: int | str
) -> None:
    model = residual_mlp(tmp_path / "model.onnx", outliers=outliers, rows=rows)
    assert convert(model, "int8", target) >= LEAST_COSINE
    assert products_in_float32(target) == [f"second {layer}" for layer in outliers]
    assert nodes(target)["MatMulInteger"] == 8 - len(outliers)


def test_without_leaving_them_out_int8_would_be_useless(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantize, "_SHARES", (0,))
    model = residual_mlp(tmp_path / "model.onnx", outliers=[2])
    with pytest.raises(InvalidInputError, match="cannot be had in int8"):
        convert(model, "int8", target)


def test_where_outliers_are_everywhere_int8_is_refused_with_what_was_reached(
    tmp_path: Path, target: Path
) -> None:
    model = residual_mlp(tmp_path / "model.onnx", outliers=range(4), everywhere=True)
    with pytest.raises(
        InvalidInputError,
        match=r"no more than -?0\.\d+ to those of float32, and 0\.9995 is asked for; choose",
    ):
        convert(model, "int8", target)
    assert list(target.parent.iterdir()) == []


def test_float16_has_half_the_size_and_float32_at_both_ends(tmp_path: Path, target: Path) -> None:
    model = residual_mlp(tmp_path / "model.onnx")
    assert convert(model, "float16", target) >= 0.99999
    graph = OnnxGraph(target, dim=WIDTH, batch_size=8)
    assert [port.dtype for port in graph.inputs.values()] == [np.float32]
    weights = [weight.data_type for weight in onnx.load(target).graph.initializer]
    assert set(weights) == {onnx.TensorProto.FLOAT16}


def test_what_does_not_fit_into_float16_is_refused(tmp_path: Path, target: Path) -> None:
    path = residual_mlp(tmp_path / "model.onnx")
    model = onnx.load(path)
    for weight in model.graph.initializer:
        factor = {"first": 1e6, "second": 1e-6}.get(weight.name.split()[0], 1)  # the same function
        scaled = onnx.numpy_helper.to_array(weight) * np.float32(factor)
        weight.CopyFrom(onnx.numpy_helper.from_array(scaled, weight.name))
    onnx.save(model, path)
    with pytest.raises(InvalidInputError, match="cannot be had in float16"):
        convert(path, "float16", target)


@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_many_weights_lie_beside_the_graph(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    monkeypatch.setattr(model_file, "_LARGE", 1000)
    model = residual_mlp(tmp_path / "model.onnx", outliers=[1])
    assert convert(model, precision, target) >= LEAST_COSINE
    assert sorted(target.parent.iterdir()) == [target, data_file(target)]
    assert run(target).shape == (24, WIDTH)


def test_weights_beside_the_original_are_found(tmp_path: Path, target: Path) -> None:
    path = residual_mlp(tmp_path / "model.onnx")
    plain = run(path)
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="weights", size_threshold=0)
    assert (tmp_path / "weights").stat().st_size > 30_000
    assert convert(path, "int8", target) == min(least_cosine(run(target, size), plain) for size in (64, 16))


def test_nothing_is_written_beside_the_original(tmp_path: Path, target: Path) -> None:
    (tmp_path / "original").mkdir()
    model = residual_mlp(tmp_path / "original" / "model.onnx", outliers=[1])
    before = model.read_bytes()
    for precision in ("float16", "int8"):
        convert(model, precision, target)
    assert list(model.parent.iterdir()) == [model]
    assert model.read_bytes() == before


def test_a_full_disk_is_the_callers_business_and_leaves_nothing(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = residual_mlp(tmp_path / "model.onnx")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(onnx, "save", full)
    with pytest.raises(OSError, match="No space"):
        convert(model, "int8", target)
    assert list(target.parent.iterdir()) == []


def test_what_a_converter_stumbles_over_is_one_sentence(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise KeyError("odd\nnode")

    monkeypatch.setattr("onnxruntime.quantization.quantize_dynamic", stumble)
    with pytest.raises(
        InvalidInputError, match=r"cannot be converted to int8 \('odd\\nnode'\); choose float32"
    ):
        convert(residual_mlp(tmp_path / "model.onnx"), "int8", target)


@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_without_onnx_the_extra_is_named(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    model = residual_mlp(tmp_path / "model.onnx")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=rf"to {precision} needs .* pip install 'clipcoder\[fast\]'"):
        convert(model, precision, target)


def test_the_quantiser_is_not_heard_and_others_are(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    save = model_file.save

    def saved(*arguments: Any) -> None:
        logging.info("from elsewhere")
        save(*arguments)

    monkeypatch.setattr(products, "save", saved)
    convert(residual_mlp(tmp_path / "model.onnx"), "int8", target)
    heard = [record.getMessage() for record in caplog.records if record.name == "root"]
    assert set(heard) == {"from elsewhere"}


def test_the_root_logger_is_not_set_up_for_everybody(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    convert(residual_mlp(tmp_path / "model.onnx"), "int8", target)
    assert (logging.root.filters, logging.root.handlers) == ([], [])
