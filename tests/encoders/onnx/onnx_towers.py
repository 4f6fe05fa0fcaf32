"""Graphs for tests that need another tower than that of ``TinyClip``."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

import onnx
from onnx import TensorProto, helper, numpy_helper

FloatArray = npt.NDArray[np.float32]

WIDTH = 16
LAYERS = 4
OUTLIER = 3000.0


def inputs(count: int = 24) -> dict[str, FloatArray]:
    """What ``residual_mlp`` takes."""
    return {"x": np.random.default_rng(5).normal(size=(count, WIDTH)).astype(np.float32)}


def residual_mlp(
    path: Path,
    *,
    outliers: Collection[int] = (),
    everywhere: bool = False,
    gemm: bool = False,
    rows: int | str = "n",
) -> Path:
    """Write a tower of four MLPs on a residual stream, two products each.

    Args:
        path: where.
        outliers: the layers in which one hidden activation is 3,000 times as large as the others, and its
            weight in the second product so much smaller: the same function, but not in 8 bits.
        everywhere: whether the first products suffer in the same way.
        gemm: whether the products are ``Gemm`` nodes, with weights the other way round, as torch writes them.
        rows: how many rows the graph takes.
    """
    rng = np.random.default_rng(6)
    nodes, weights, stream = [], {}, "x"
    product = partial(helper.make_node, "Gemm", transB=1) if gemm else partial(helper.make_node, "MatMul")
    for layer in range(LAYERS):
        first = rng.normal(size=(WIDTH, 4 * WIDTH)).astype(np.float32) / np.float32(WIDTH**0.5)
        second = rng.normal(size=(4 * WIDTH, WIDTH)).astype(np.float32) / np.float32(2 * (4 * WIDTH) ** 0.5)
        scale = np.ones(WIDTH, np.float32)
        if layer in outliers:
            first[:, 0] *= OUTLIER
            second[0] /= OUTLIER
        if everywhere:
            scale[0] = OUTLIER
            first[0] /= OUTLIER
        names = {"scale": scale, "first": first.T if gemm else first, "second": second.T if gemm else second}
        weights |= {f"{name} {layer}": array for name, array in names.items()}
        nodes += [
            helper.make_node("Mul", [stream, f"scale {layer}"], [f"scaled {layer}"]),
            product([f"scaled {layer}", f"first {layer}"], [f"hidden {layer}"]),
            helper.make_node("Relu", [f"hidden {layer}"], [f"active {layer}"]),
            product([f"active {layer}", f"second {layer}"], [f"out {layer}"]),
            helper.make_node("Add", [stream, f"out {layer}"], [f"stream {layer}"]),
        ]
        stream = f"stream {layer}"
    nodes.append(helper.make_node("Identity", [stream], ["embedding"]))
    shape = [rows, WIDTH]
    graph = helper.make_graph(
        nodes,
        "tower",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, shape)],
        initializer=[numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path
