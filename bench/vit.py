"""CLIP's ViT-B/32 image tower with random weights, as an ONNX graph: its shape alone decides what it costs.

Dosovitskiy et al., ICLR 2021, in the sizes of Radford et al., ICML 2021: 12 layers of width 768 with 12
heads, 49 patches of 32 x 32 pixels and a class token, and a projection to 512.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnxruntime

import onnx
from onnx import TensorProto, helper, numpy_helper

WIDTH, LAYERS, HEADS, PATCH, SIDE, DIM = 768, 12, 12, 32, 224, 512
TOKENS = (SIDE // PATCH) ** 2 + 1
FloatArray = npt.NDArray[np.float32]


class Graph:
    """Nodes and weights, one after the other; each method returns the name of what it computes."""

    def __init__(self, seed: int) -> None:
        self._dice = np.random.default_rng(seed)
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def random(self, *shape: int) -> str:
        scale = np.float32(shape[0] ** -0.5)
        return self.constant(scale * self._dice.standard_normal(shape, dtype=np.float32))

    def constant(self, values: npt.ArrayLike) -> str:
        name = f"weight{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def node(self, operator: str, *inputs: str, outputs: int = 1, **attributes: object) -> Sequence[str]:
        names = [f"value{len(self._nodes)}_{i}" for i in range(outputs)]
        self._nodes.append(helper.make_node(operator, inputs, names, **attributes))
        return names

    def one(self, operator: str, *inputs: str, **attributes: object) -> str:
        return self.node(operator, *inputs, **attributes)[0]

    def linear(self, value: str, rows: int, columns: int) -> str:
        product = self.one("MatMul", value, self.random(rows, columns))
        return self.one("Add", product, self.constant(np.zeros(columns, np.float32)))

    def norm(self, value: str) -> str:
        scale, shift = (self.constant(fill * np.ones(WIDTH, np.float32)) for fill in (1, 0))
        return self.one("LayerNormalization", value, scale, shift, axis=-1)

    def model(self, output: str) -> bytes:
        images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])
        features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", DIM])
        self._nodes.append(helper.make_node("Identity", [output], ["features"]))
        graph = helper.make_graph(self._nodes, "vit", [images], [features], self._weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        return bytes(model.SerializeToString())


def image_tower(seed: int = 0, threads: int = 2) -> onnxruntime.InferenceSession:
    """Return a session that turns images, float32 (n, 3, 224, 224), into features (n, 512)."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(_tower(Graph(seed)), options, providers=["CPUExecutionProvider"])


def _tower(graph: Graph) -> bytes:
    kernel = graph.constant(0.02 * np.ones((WIDTH, 3, PATCH, PATCH), np.float32))
    patches = graph.one("Conv", "images", kernel, strides=[PATCH, PATCH])
    rows = graph.one("Reshape", patches, graph.constant(np.int64([0, WIDTH, -1])))
    rows = graph.one("Transpose", rows, perm=[0, 2, 1])
    value = graph.one("Pad", rows, graph.constant(np.int64([0, 1, 0, 0, 0, 0])))  # room for the class token
    value = graph.norm(graph.one("Add", value, graph.random(TOKENS, WIDTH)))
    for _ in range(LAYERS):
        value = graph.one("Add", value, _attention(graph, graph.norm(value)))
        value = graph.one("Add", value, _mlp(graph, graph.norm(value)))
    token = graph.one("Gather", graph.norm(value), graph.constant(np.int64(0)), axis=1)
    return graph.model(graph.one("MatMul", token, graph.random(WIDTH, DIM)))


def _attention(graph: Graph, value: str) -> str:
    heads = graph.constant(np.int64([0, 0, HEADS, WIDTH // HEADS]))
    whole = graph.constant(np.int64([0, 0, WIDTH]))
    parts = graph.node("Split", graph.linear(value, WIDTH, 3 * WIDTH), outputs=3, axis=-1)
    query, key, content = (graph.one("Reshape", part, heads) for part in parts)
    query, content = (graph.one("Transpose", part, perm=[0, 2, 1, 3]) for part in (query, content))
    key = graph.one("Transpose", key, perm=[0, 2, 3, 1])
    scale = graph.constant(np.float32((WIDTH // HEADS) ** -0.5))
    weights = graph.one("Softmax", graph.one("Mul", graph.one("MatMul", query, key), scale), axis=-1)
    mixed = graph.one("Transpose", graph.one("MatMul", weights, content), perm=[0, 2, 1, 3])
    return graph.linear(graph.one("Reshape", mixed, whole), WIDTH, WIDTH)


def _mlp(graph: Graph, value: str) -> str:
    hidden = graph.linear(value, WIDTH, 4 * WIDTH)
    gate = graph.one("Sigmoid", graph.one("Mul", hidden, graph.constant(np.float32(1.702))))
    return graph.linear(graph.one("Mul", hidden, gate), 4 * WIDTH, WIDTH)
