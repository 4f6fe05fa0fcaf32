"""An ONNX file as a function from arrays to rows of features, run on as many rows at a time as it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnxruntime

from clipcoder.arrays import FloatArray, batches
from clipcoder.errors import InvalidInputError

Array = npt.NDArray[Any]

_DTYPES: Final[Mapping[str, type[np.generic]]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}
_FATAL = 4  # log level: whatever goes wrong comes as an exception, and not on standard error too


@dataclass(frozen=True)
class GraphInput:
    """An input of a graph: its name, its dtype, and its shape with None where any length will do."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int | None, ...]

    def takes(self, kind: str, shape: Sequence[int | None]) -> bool:
        """Whether the dtype is of a kind (``"f"``, ``"i"``) and all lengths but the first allow a shape."""
        return (
            self.dtype.kind == kind
            and len(self.shape) == len(shape)
            and all(
                None in (own, need) or own == need
                for own, need in zip(self.shape[1:], shape[1:], strict=True)
            )
        )

    def __str__(self) -> str:
        return f"{self.name} {self.dtype} {_shape(self.shape)}"


class OnnxGraph:
    """A graph whose first output is a matrix of features; threads may share it.

    Args:
        path: an ONNX file.
        dim: the width that its output must have.
        batch_size: rows that are computed at a time, where the graph does not fix their number itself.

    Attributes:
        inputs: the inputs by name.
        batch_size: rows that are computed at a time. Many exports take exactly one.

    Raises:
        InvalidInputError: the file is no graph that ONNX Runtime can run, or has another output.
    """

    def __init__(self, path: Path, *, dim: int, batch_size: int) -> None:
        self.path = path
        self.dim = dim
        self._session = _open(path)
        self.inputs: dict[str, GraphInput] = {
            node.name: self._input(node) for node in self._session.get_inputs()
        }
        self._check_output()
        self._fixed = next((i.shape[0] for i in self.inputs.values() if i.shape and i.shape[0]), None)
        self.batch_size = self._fixed or batch_size

    def run(self, arrays: Mapping[str, Array]) -> FloatArray:
        """Return the features of n rows.

        Args:
            arrays: an array of shape (n, ...) for each input; its dtype is made the input's own.

        Returns:
            float32 of shape (n, dim), as the graph computes them.

        Raises:
            InvalidInputError: the graph fails on them, or its output has another shape.
        """
        count = len(next(iter(arrays.values())))
        rows = [self._run({k: a[b] for k, a in arrays.items()}) for b in batches(count, self.batch_size)]
        return np.concatenate([np.empty((0, self.dim), np.float32), *rows])

    def _run(self, arrays: Mapping[str, Array]) -> FloatArray:
        count = len(next(iter(arrays.values())))
        lacking = (self._fixed or count) - count
        feeds = {name: _filled_up(a.astype(self.inputs[name].dtype), lacking) for name, a in arrays.items()}
        try:
            output = self._session.run([self._output.name], feeds)[0]
        except Exception as error:  # ONNX Runtime's own exceptions have no common base below it
            raise InvalidInputError(f"'{self.path}' cannot be run: {_reason(error)}") from error
        if output.shape != (count + lacking, self.dim):
            raise self._wrong_output(_shape(output.shape))
        features: FloatArray = output[:count].astype(np.float32)
        return features

    def _input(self, node: Any) -> GraphInput:
        if node.type not in _DTYPES:
            raise InvalidInputError(
                f"'{self.path}' takes {node.name} as {node.type}, but only {', '.join(_DTYPES)} can be "
                "handed in; export it again with one of these"
            )
        return GraphInput(node.name, np.dtype(_DTYPES[node.type]), _lengths(node.shape))

    def _check_output(self) -> None:
        self._output = self._session.get_outputs()[0]
        shape = _lengths(self._output.shape)
        known = len(shape) == 2 and shape[1] in (None, self.dim)
        if not known or self._output.type not in ("tensor(float)", "tensor(float16)"):
            raise self._wrong_output(f"{self._output.type} {_shape(shape)}")

    def _wrong_output(self, came: str) -> InvalidInputError:
        return InvalidInputError(
            f"the first output of '{self.path}' must be a row of embed_dim = {self.dim} features for each "
            f"input, but it is {came}; the file belongs to another model"
        )


def _open(path: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # as above
        raise InvalidInputError(
            f"'{path}' is no ONNX model that ONNX Runtime can load ({_reason(error)}); get the file again"
        ) from error


def _lengths(shape: Sequence[object]) -> tuple[int | None, ...]:
    """Return a shape with None for the lengths that have a name only."""
    return tuple(length if isinstance(length, int) and length > 0 else None for length in shape)


def _shape(lengths: Sequence[int | None]) -> str:
    return f"({', '.join('?' if length is None else str(length) for length in lengths)})"


def _filled_up(rows: Array, lacking: int) -> Array:
    """Repeat the last row, for a graph that takes a fixed number of them."""
    return np.concatenate([rows, np.repeat(rows[-1:], lacking, axis=0)]) if lacking else rows


def _reason(error: Exception) -> str:
    """Return the end of ONNX Runtime's message, which is what tells something, on one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text.rsplit(" : ", 1)[-1].rstrip(".")[:200]
