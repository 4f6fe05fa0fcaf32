"""ONNX files on disk: many weights lie beside the graph, for one file holds no more than 2 GB."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import onnx

_LARGE: Final = 1_900_000_000  # bytes of weights, beyond which they need a file beside the graph


def save(model: onnx.ModelProto, path: Path) -> None:
    """Write a graph; more than 1.9 GB of weights go to ``data_file``."""
    import onnx

    large = _weight_bytes(model) > _LARGE
    onnx.save(model, path, save_as_external_data=large, location=data_file(path).name if large else None)


def data_file(model: Path) -> Path:
    """Return where the weights of a large graph lie.

    >>> data_file(Path("model.onnx")).name
    'model.onnx.data'
    """
    return model.with_name(f"{model.name}.data")


def _weight_bytes(model: onnx.ModelProto) -> int:
    return sum(weight.ByteSize() for weight in model.graph.initializer)
