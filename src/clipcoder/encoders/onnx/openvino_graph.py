"""ONNX files on OpenVINO, in bfloat16: on processors that multiply in it, twice as fast as float32."""

from __future__ import annotations

from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from clipcoder.encoders.machine import processor_name
from clipcoder.encoders.onnx.graph import Array, Feeds, Graph, GraphPort, fixed_rows, reason_of, worker_count
from clipcoder.errors import InvalidInputError, MissingExtraError

if TYPE_CHECKING:
    import openvino


class OpenVinoGraph(Graph):
    """A graph on OpenVINO that computes in bfloat16; threads may share it.

    Inputs and features stay what the file says. A graph that fixes its rows is computed for several of them
    at the same time, as many as there are cores.

    Args:
        path: an ONNX file; weights that it names beside it are read too.
        dim: the width that its output must have.
        batch_size: rows that are computed at a time, where the graph does not fix their number itself.

    Raises:
        MissingExtraError: OpenVINO is not installed.
        InvalidInputError: this processor does not compute in bfloat16, or the file is no graph that OpenVINO
            can run, or it has another output.
    """

    def __init__(self, path: Path, *, dim: int, batch_size: int) -> None:
        core = bfloat16_core()
        model = _read(core, path)
        inputs = [_port(node) for node in model.inputs]
        super().__init__(path, inputs, _port(model.outputs[0]), dim=dim, batch_size=batch_size)
        requests = worker_count() if fixed_rows(inputs) else 1
        compiled = _compiled(core, model, path, requests)
        self._requests: SimpleQueue[Any] = SimpleQueue()
        for _ in range(requests):
            self._requests.put(compiled.create_infer_request())

    def _compute(self, feeds: Feeds) -> Array:
        request = self._requests.get()
        try:
            features: Array = request.infer(dict(feeds), share_outputs=False)[0]  # it is used again
        finally:
            self._requests.put(request)
        return features


def bfloat16_core() -> openvino.Core:
    """Return OpenVINO's entry, where this processor computes in bfloat16.

    Raises:
        MissingExtraError: OpenVINO is not installed.
        InvalidInputError: the processor does not; float32 would be computed under another name.
    """
    try:
        import openvino
    except ImportError as error:
        raise MissingExtraError("computing in bfloat16", "fast") from error
    core = openvino.Core()
    if "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise InvalidInputError(
            f"this processor ({processor_name()}) has no instructions for bfloat16; choose float32 or int8"
        )
    return core


def _read(core: openvino.Core, path: Path) -> openvino.Model:
    try:
        return core.read_model(path)
    except Exception as error:  # OpenVINO raises RuntimeError and whatever its parsers raise
        raise InvalidInputError(
            f"'{path}' is no ONNX model that OpenVINO can load ({reason_of(error)}); get the file again, or "
            "choose float32"
        ) from error


def _compiled(core: openvino.Core, model: openvino.Model, path: Path, requests: int) -> Any:
    hints = {"INFERENCE_PRECISION_HINT": "bf16", "PERFORMANCE_HINT": "LATENCY"}
    if requests > 1:
        hints |= {"PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": str(requests)}
    try:
        return core.compile_model(model, "CPU", hints)
    except Exception as error:  # as above
        raise InvalidInputError(
            f"OpenVINO cannot compute '{path}' ({reason_of(error)}); choose float32"
        ) from error


def _port(node: Any) -> GraphPort:
    shape = tuple(None if length.is_dynamic else length.get_length() for length in node.partial_shape)
    return GraphPort(node.any_name, np.dtype(node.element_type.to_dtype()), shape)
