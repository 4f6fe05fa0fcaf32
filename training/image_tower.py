"""EfficientNet-Lite2 as an ONNX graph, written straight from the published weight file.

Tan and Le, EfficientNet (ICML 2019), table 1; the Lite variants have no squeeze-and-excitation, clip at 6,
and keep the stem and head of Lite0. Batch norms are folded into the convolutions before them. Weights are
stored as 8-bit numbers with one scale for each output channel, and turned back by two nodes that ONNX Runtime
folds when it loads the graph: the arithmetic is float32, so that every processor gives the same answer up to
rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

import onnx
from onnx import TensorProto, helper, numpy_helper
from training.alignment import Classifier

FloatArray = npt.NDArray[np.float32]

SIZE: Final = 260  # pixels
VIEWS: Final = 2  # of a photo; their features are averaged
N_FEATURES: Final = 1280
_EPSILON: Final = 1e-3  # of the batch norms
_DEPTH: Final = 1.2
_STAGES: Final = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))  # repeats at depth 1, stride
_PIXEL_MEAN, _PIXEL_STD = 127.0, 128.0


@dataclass
class Graph:
    """Nodes and constants of an ONNX graph as it grows; every method returns the name of its result."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def add(self, operator: str, *inputs: str, **attributes: object) -> str:
        name = f"{operator.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def constant(self, value: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype=dtype), name))
        return name

    def weights(self, value: FloatArray) -> str:
        """Store an array as int8 with one scale for each entry of its first axis."""
        axes = tuple(range(1, value.ndim))
        scale = np.maximum(np.abs(value).max(axis=axes, keepdims=True), 1e-12) / 127
        stored = self.constant(np.round(value / scale), np.int8)
        return self.add("Mul", self.add("Cast", stored, to=TensorProto.FLOAT), self.constant(scale))

    def model(self, output: str, width: int) -> onnx.ModelProto:
        pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", VIEWS, SIZE, SIZE, 3])
        embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", width])
        nodes = [*self.nodes, helper.make_node("Identity", [output], ["embedding"])]
        graph = helper.make_graph(nodes, "starter", [pixels], [embedding], self.constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="clipcoder"
        )
        model.ir_version = 9
        onnx.checker.check_model(model)
        return model


def image_tower(weight_file: Path) -> tuple[Graph, str, Classifier]:
    """Return the graph from pixels to features, the features' name in it, and the classifier."""
    weights = {name: value.numpy() for name, value in torch.load(weight_file, weights_only=True).items()}
    graph = Graph()
    x = graph.add("Reshape", "pixels", graph.constant([-1, SIZE, SIZE, 3], np.int64))
    x = graph.add("Cast", x, to=TensorProto.FLOAT)
    x = graph.add("Div", graph.add("Sub", x, graph.constant(_PIXEL_MEAN)), graph.constant(_PIXEL_STD))
    x = graph.add("Transpose", x, perm=[0, 3, 1, 2])
    zero, six = graph.constant(0.0), graph.constant(6.0)

    def convolution(x: str, name: str, norm: str, *, stride: int = 1, clip: bool = True) -> str:
        kernel, bias = _folded(weights, name, norm)
        # A depthwise kernel sees one channel of its own, so it has as many groups as outputs.
        groups = len(kernel) if "depthwise" in name else 1
        x = graph.add(
            "Conv", x, graph.weights(kernel), graph.constant(bias),
            auto_pad="SAME_UPPER", strides=[stride, stride], group=groups, kernel_shape=kernel.shape[2:],
        )  # fmt: skip
        return graph.add("Clip", x, zero, six) if clip else x

    x = convolution(x, "_conv_stem", "_bn0", stride=2)
    for block, stride in enumerate(_strides()):
        prefix, before, channels = f"_blocks.{block}.", x, None
        if f"{prefix}_expand_conv.weight" in weights:
            channels = weights[f"{prefix}_expand_conv.weight"].shape[1]
            x = convolution(x, f"{prefix}_expand_conv", f"{prefix}_bn0")
        x = convolution(x, f"{prefix}_depthwise_conv", f"{prefix}_bn1", stride=stride)
        x = convolution(x, f"{prefix}_project_conv", f"{prefix}_bn2", clip=False)
        if stride == 1 and channels == len(weights[f"{prefix}_project_conv.weight"]):
            x = graph.add("Add", x, before)
    x = convolution(x, "_conv_head", "_bn1")
    views = graph.add(
        "Reshape", graph.add("GlobalAveragePool", x), graph.constant([-1, VIEWS, N_FEATURES], np.int64)
    )
    features = graph.add("ReduceMean", views, axes=[1], keepdims=0)
    return graph, features, Classifier(weights["_fc.weight"], weights["_fc.bias"])


def _strides() -> list[int]:
    last = len(_STAGES) - 1
    repeats = [r if stage in (0, last) else math.ceil(r * _DEPTH) for stage, (r, _) in enumerate(_STAGES)]
    return [
        stride if i == 0 else 1 for r, (_, stride) in zip(repeats, _STAGES, strict=True) for i in range(r)
    ]


def _folded(weights: dict[str, FloatArray], name: str, norm: str) -> tuple[FloatArray, FloatArray]:
    """Return kernel and bias of a convolution with the batch norm after it worked in."""
    gain = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + _EPSILON)
    kernel = weights[f"{name}.weight"] * gain[:, None, None, None]
    return kernel, weights[f"{norm}.bias"] - gain * weights[f"{norm}.running_mean"]
