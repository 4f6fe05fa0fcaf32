"""A graph on disk as a function from arrays to rows of features, whatever engine computes it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, batches
from clipcoder.encoders.machine import cores
from clipcoder.errors import InvalidInputError

Array = npt.NDArray[Any]
Feeds = Mapping[str, Array]
"""An array of shape (n, ...) for each input of a graph."""

_MOST_WORKERS: Final = 16  # as many as images usually come at a time
_TOLD: Final = 200  # characters of an engine's message


@dataclass(frozen=True)
class GraphPort:
    """An input or output of a graph: name, dtype, and shape with None where any length will do."""

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


class Graph(ABC):
    """A graph whose first output is a matrix of features; threads may share it.

    Many exports take a fixed number of rows, most often one. Then several threads compute at the same time,
    which is faster on a processor with several cores than one row on all of them.

    Args:
        path: the file.
        inputs: its inputs.
        output: its first output.
        dim: the width that the output must have.
        batch_size: rows that are computed at a time, where the graph does not fix their number itself.

    Attributes:
        inputs: the inputs by name.

    Raises:
        InvalidInputError: the output is no such matrix.
    """

    def __init__(
        self, path: Path, inputs: Sequence[GraphPort], output: GraphPort, *, dim: int, batch_size: int
    ) -> None:
        self.path = path
        self.dim = dim
        self.inputs = {port.name: port for port in inputs}
        self._fixed = fixed_rows(inputs)
        self._step = self._fixed or batch_size
        known = len(output.shape) == 2 and output.shape[1] in (None, dim)
        if not known or output.dtype.kind != "f":
            raise self._wrong_output(f"{output.dtype} {_shape(output.shape)}")

    def run(self, arrays: Feeds) -> FloatArray:
        """Return the features of n rows.

        Args:
            arrays: an array of shape (n, ...) for each input; its dtype is made the input's own.

        Returns:
            float32 of shape (n, dim), as the graph computes them.

        Raises:
            InvalidInputError: the graph fails on them, or its output has another shape.
        """
        count = len(next(iter(arrays.values())))
        parts = [{name: rows[b] for name, rows in arrays.items()} for b in batches(count, self._step)]
        several = self._fixed and len(parts) > 1
        rows = self._workers.map(self._run, parts) if several else map(self._run, parts)
        return np.concatenate([np.empty((0, self.dim), np.float32), *rows])

    @abstractmethod
    def _compute(self, feeds: Feeds) -> Array:
        """Return the first output; threads call it at the same time."""

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(worker_count(), thread_name_prefix="clipcoder-graph")

    def _run(self, arrays: Feeds) -> FloatArray:
        count = len(next(iter(arrays.values())))
        lacking = (self._fixed or count) - count
        feeds = {
            name: _filled_up(rows.astype(self.inputs[name].dtype, copy=False), lacking)
            for name, rows in arrays.items()
        }
        try:
            output = self._compute(feeds)
        except Exception as error:  # the engines' own exceptions have no common base below it
            raise InvalidInputError(f"'{self.path}' cannot be run: {reason_of(error)}") from error
        if output.shape != (count + lacking, self.dim):
            raise self._wrong_output(_shape(output.shape))
        return output[:count].astype(np.float32)

    def _wrong_output(self, came: str) -> InvalidInputError:
        return InvalidInputError(
            f"the first output of '{self.path}' must be a row of embed_dim = {self.dim} features for each "
            f"input, but it is {came}; the file belongs to another model"
        )


def fixed_rows(inputs: Sequence[GraphPort]) -> int | None:
    """Return the number of rows that a graph insists on, None if it takes any."""
    return next((port.shape[0] for port in inputs if port.shape and port.shape[0]), None)


def worker_count() -> int:
    """Return how many threads compute at the same time where a graph takes few rows.

    >>> worker_count() >= 1
    True
    """
    return min(cores(), _MOST_WORKERS)


def reason_of(error: Exception) -> str:
    """Return the end of an engine's message, which is what tells something, on one line.

    >>> reason_of(RuntimeError("[Engine] : 1 : FAIL : the shapes do not fit."))
    'the shapes do not fit'
    """
    text = " ".join(str(error).split()) or type(error).__name__
    text = text.rsplit(" : ", 1)[-1].rstrip(".")
    return text if len(text) <= _TOLD else "... " + text[-_TOLD:].partition(" ")[2]


def _shape(lengths: Sequence[int | None]) -> str:
    return f"({', '.join('?' if length is None else str(length) for length in lengths)})"


def _filled_up(rows: Array, lacking: int) -> Array:
    """Repeat the last row, for a graph that takes a fixed number of them."""
    return np.concatenate([rows, np.repeat(rows[-1:], lacking, axis=0)]) if lacking else rows
