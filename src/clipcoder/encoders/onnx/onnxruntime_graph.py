"""ONNX files on ONNX Runtime, in whatever arithmetic they are written, on processors and NVIDIA cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from clipcoder.encoders.engine import onnxruntime
from clipcoder.encoders.machine import cores, engine_threads
from clipcoder.encoders.onnx.graph import Array, Feeds, Graph, GraphPort, fixed_rows, reason_of, worker_count
from clipcoder.errors import InvalidInputError

_DTYPES: Final[Mapping[str, type[np.generic]]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}
_PROVIDERS: Final = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_FATAL = 4  # log level: whatever goes wrong comes as an exception, and not on standard error too

DEVICES: Final = tuple(_PROVIDERS)

_WAITING: Final = ("session.intra_op.allow_spinning", "0")
"""Threads that wait sleep, and leave the cores to those that decode the next images."""

_CRASHES: Final = "MatmulTransposeFusion"  # on attention in float16, at least up to ONNX Runtime 1.32


class OnnxGraph(Graph):
    """A graph on ONNX Runtime; threads may share it.

    Args:
        path: an ONNX file; weights that it names beside it are read too.
        dim: the width that its output must have.
        batch_size: rows that are computed at a time, where the graph does not fix their number itself.
        device: ``"cpu"`` or ``"cuda"``.

    Raises:
        InvalidInputError: the file is no graph that ONNX Runtime can run, or has another output, or the
            device cannot be had.
    """

    def __init__(self, path: Path, *, dim: int, batch_size: int, device: str = "cpu") -> None:
        check_device(device)
        session = open_session(path, device=device)
        inputs = [port_of(path, node) for node in session.get_inputs()]
        output = port_of(path, session.get_outputs()[0])
        super().__init__(path, inputs, output, dim=dim, batch_size=batch_size)
        if fixed_rows(inputs) and device == "cpu":  # rows go to threads; each has its share of the cores
            del session  # or the weights would be in memory twice
            session = open_session(path, threads=max(1, cores() // worker_count()))
        self._session, self._output = session, output.name

    def _compute(self, feeds: Feeds) -> Array:
        features: Array = self._session.run([self._output], feeds)[0]
        return features


def check_device(device: str) -> None:
    """Refuse a device that ONNX Runtime, as it is installed, cannot compute on.

    Raises:
        InvalidInputError: it cannot.

    Example:
        >>> check_device("tpu")
        Traceback (most recent call last):
            ...
        clipcoder.errors.InvalidInputError: an ONNX encoder computes on 'cpu' or 'cuda', not on 'tpu'
    """
    if device not in _PROVIDERS:
        choices = " or ".join(map(repr, _PROVIDERS))
        raise InvalidInputError(f"an ONNX encoder computes on {choices}, not on {device!r}")
    if _PROVIDERS[device] not in onnxruntime.get_available_providers():
        raise InvalidInputError(
            f"this ONNX Runtime cannot compute on {device!r}: install onnxruntime-gpu in place of "
            "onnxruntime, or choose 'cpu'"
        )


def open_session(path: Path, *, device: str = "cpu", threads: int = 0, folded_to: Path | None = None) -> Any:
    """Return an ``onnxruntime.InferenceSession``.

    Args:
        path: an ONNX file.
        device: ``"cpu"`` or ``"cuda"``.
        threads: that a call computes with; 0 is as many as suit the machine.
        folded_to: where a copy of the graph goes whose constant parts are computed already.

    Raises:
        InvalidInputError: it is no graph that ONNX Runtime can run.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    options.intra_op_num_threads = threads or engine_threads()
    options.add_session_config_entry(*_WAITING)
    if folded_to is not None:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(folded_to)
        weights = f"{folded_to.name}.data"  # a file of their own, as they may be too many for one
        options.add_session_config_entry("session.optimized_model_external_initializers_file_name", weights)
    providers = [_PROVIDERS[device]]
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=providers, disabled_optimizers=[_CRASHES]
        )
    except Exception as error:  # ONNX Runtime's own exceptions have no common base below it
        raise InvalidInputError(
            f"'{path}' is no ONNX model that ONNX Runtime can load ({reason_of(error)}); get the file again"
        ) from error
    if session.get_providers()[0] not in providers:  # it goes on without a card, and says so in its log only
        raise InvalidInputError(
            "ONNX Runtime finds no NVIDIA card that it can use, or not the CUDA libraries it was built for; "
            "choose the device 'cpu'"
        )
    return session


def port_of(path: Path, node: Any) -> GraphPort:
    """Return an input or output of a session.

    Raises:
        InvalidInputError: its type is none that features are made of or from.
    """
    if node.type not in _DTYPES:
        raise InvalidInputError(
            f"'{path}' has {node.name} as {node.type}, but only {', '.join(_DTYPES)} can be handed in and "
            "taken out; export it again with one of these"
        )
    return GraphPort(node.name, np.dtype(_DTYPES[node.type]), _lengths(node.shape))


def _lengths(shape: Sequence[object]) -> tuple[int | None, ...]:
    """Return a shape with None for the lengths that have a name only."""
    return tuple(length if isinstance(length, int) and length > 0 else None for length in shape)
