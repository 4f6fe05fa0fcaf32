"""The products of activations with weights in a graph: made alike, named, and in the order of the damage.

One activation far larger than the others coarsens the 8 bits of all of them (``quantize`` says more). How
much a product suffers is found out by computing the graph as it is, and rounding what goes into the product.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from clipcoder.encoders.onnx.graph import Array, Feeds, fixed_rows
from clipcoder.encoders.onnx.model_file import data_file, save
from clipcoder.encoders.onnx.onnxruntime_graph import open_session, port_of

_WATCHED: Final = 8  # rows of the probe on which the products are judged


@dataclass(frozen=True)
class PlainGraph:
    """A graph whose products of activations with weights are all of one kind and have names.

    Attributes:
        path: its file.
        products: the name of each product, with the names of its activations and of its weights.
        is_large: whether its weights lie in a file beside it.
    """

    path: Path
    products: dict[str, tuple[str, str]]
    is_large: bool


def with_plain_products(model: Path, path: Path) -> PlainGraph:
    """Write a graph with all that is constant folded, and its products named.

    Args:
        model: an ONNX file.
        path: where the other graph goes; ``folded.onnx`` beside it is an intermediate form.
    """
    from onnxruntime.quantization.onnx_model import ONNXModel
    from onnxruntime.quantization.quant_utils import add_pre_process_metadata

    import onnx

    folded = path.with_name("folded.onnx")
    open_session(model, folded_to=folded)
    editor = ONNXModel(onnx.load(folded))
    editor.replace_gemm_with_matmul()
    editor.clean_initializers()  # it leaves the weights of each Gemm beside their transposed copies
    weights = {weight.name for weight in editor.model.graph.initializer}
    products = {}
    for i, node in enumerate(editor.model.graph.node):
        if node.op_type == "MatMul" and node.input[1] in weights:
            node.name = f"product {i}"
            products[node.name] = (node.input[0], node.input[1])
    add_pre_process_metadata(editor.model)
    save(editor.model, path)
    return PlainGraph(path, products, data_file(path).exists())


def most_damaged_first(plain: PlainGraph, probe: Feeds) -> list[str]:
    """Return the names of the products, those first whose results suffer most from 8-bit activations.

    Args:
        plain: the graph; ``watched.onnx`` beside it is written.
        probe: an array of shape (n, ...) for each of its inputs.
    """
    import onnx
    from onnx import numpy_helper

    weights = {w.name: numpy_helper.to_array(w) for w in onnx.load(plain.path).graph.initializer}
    ranges: dict[str, tuple[float, float]] = {}
    for seen in _activations(plain, probe):
        for name, values in seen.items():
            low, high = ranges.get(name, (0.0, 0.0))
            ranges[name] = min(low, float(values.min())), max(high, float(values.max()))
    damage = dict.fromkeys(plain.products, 0.0)
    for seen in _activations(plain, probe):
        for product, (name, weight) in plain.products.items():
            low, high = ranges[name]
            damage[product] += _damage(seen[name], weights[weight], (high - low) / 255 or 1.0)
    return sorted(damage, key=lambda product: -damage[product])


def _activations(plain: PlainGraph, probe: Feeds) -> Iterator[dict[str, Array]]:
    """Yield what goes into the products, by name, for one row of the probe after the other."""
    import onnx

    model = onnx.load(plain.path)
    given = {node.name for node in model.graph.input}
    names = {name for name, _ in plain.products.values()}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names - given)
    save(model, path := plain.path.with_name("watched.onnx"))
    session = open_session(path)
    ports = [port_of(path, node) for node in session.get_inputs()]
    outputs = [node.name for node in session.get_outputs()]
    at_once = fixed_rows(ports) or 1
    for rows in np.arange(_WATCHED * at_once).reshape(_WATCHED, at_once):
        feeds = {port.name: probe[port.name].take(rows, 0, mode="wrap").astype(port.dtype) for port in ports}
        seen = feeds | dict(zip(outputs, session.run(outputs, feeds), strict=True))
        yield {name: seen[name] for name in names}


def _damage(activations: Array, weights: Array, step: float) -> float:
    """Return the error of a product from rounding its activations to steps, relative to its result."""
    error = np.rint(activations / step) * step - activations
    return float(np.linalg.norm(error @ weights) / (np.linalg.norm(activations @ weights) or 1.0))
