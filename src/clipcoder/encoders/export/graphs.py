"""The towers of a model of open_clip as ONNX graphs, for any number of rows, and for texts of any length."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clipcoder.encoders.pytorch.hub import quiet_libraries
from clipcoder.encoders.pytorch.text_tower import text_tower
from clipcoder.errors import ClipcoderError, InvalidInputError

if TYPE_CHECKING:
    import torch

_LENGTH = 9  # of the texts that a tower is traced with: any but 0, 1 and the context length


def export_image_tower(model: Any, path: Path, *, opset: int | None = None) -> None:
    """Write the image tower: float32 ``image`` (n, 3, height, width) to unit rows ``features`` (n, dim).

    Args:
        model: a model of open_clip in float32 on the CPU.
        path: the file; weights of more than 2 GB lie beside it, in ``PATH.data``.
        opset: of ONNX; by default the one that the installed torch writes best.

    Raises:
        InvalidInputError: torch cannot express the tower in ONNX.
    """
    import torch

    height, width = _sides(model.visual.image_size)
    pixels = torch.zeros(2, 3, height, width)
    _export(_unit(model.encode_image, model), {"image": pixels}, {"image": {0: "n"}}, path, opset)


def export_text_tower(model: Any, path: Path, *, length: int, opset: int | None = None) -> bool:
    """Write the text tower: int64 ``text`` (n, length) to unit rows ``features`` (n, dim).

    Args:
        model: a model of open_clip in float32 on the CPU.
        path: as for the image tower.
        length: tokens of a text.
        opset: as for the image tower.

    Returns:
        Whether the graph takes texts of any length up to that, for it does not look behind their end token.

    Raises:
        InvalidInputError: torch cannot express the tower in ONNX.
    """
    import torch

    tower = text_tower(model)
    ids = torch.ones(2, _LENGTH if tower.is_cut else length, dtype=torch.long)
    dynamic = {0: "n", 1: "length"} if tower.is_cut else {0: "n"}
    _export(_unit(tower, tower), {"text": ids}, {"text": dynamic}, path, opset)
    return bool(tower.is_cut)


def _export(
    module: torch.nn.Module,
    inputs: dict[str, torch.Tensor],
    dynamic: dict[str, dict[int, str]],
    path: Path,
    opset: int | None,
) -> None:
    import torch

    try:
        with warnings.catch_warnings(action="ignore"), quiet_libraries(), torch.inference_mode():
            program = torch.onnx.export(
                module,
                kwargs=inputs,
                input_names=list(inputs),
                output_names=["features"],
                dynamic_shapes=dynamic,
                opset_version=opset,
                dynamo=True,
                verbose=False,
            )
            _check_dynamic(program, dynamic)
            path.parent.mkdir(parents=True, exist_ok=True)
            program.save(path)
    except (OSError, ClipcoderError):
        raise
    except Exception as error:  # the exporter lets through whatever its stages stumble over
        raise InvalidInputError(
            f"torch cannot write the {path.parent.name} tower in ONNX ({_reason(error)}); choose another "
            "model"
        ) from error


def _check_dynamic(program: Any, dynamic: dict[str, dict[int, str]]) -> None:
    """Refuse a graph in which torch has fixed a length to that of the example."""
    for node in program.model.graph.inputs:
        fixed = [axis for i, axis in dynamic[node.name].items() if isinstance(node.shape[i], int)]
        if fixed:
            raise InvalidInputError(
                f"torch cannot write a tower in ONNX whose {node.name} has any {' and '.join(fixed)}; choose "
                "another model"
            )


def _reason(error: BaseException) -> str:
    """Return the first words of the error at the bottom; those above it are advice on torch's code."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split())[:160] or type(error).__name__


def _unit(encode: Any, parent: torch.nn.Module) -> torch.nn.Module:
    """Return a module of one tower that ends in unit rows."""
    from torch import nn

    class UnitRows(nn.Module):  # type: ignore[misc]  # torch is not there when types are checked
        def __init__(self) -> None:
            super().__init__()
            self.parent = parent

        def forward(self, **inputs: torch.Tensor) -> torch.Tensor:
            (rows,) = inputs.values()
            return nn.functional.normalize(encode(rows), dim=-1)

    return UnitRows().eval()


def _sides(size: int | tuple[int, int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])
