"""The files of an export: settings, tokenizer and graphs, in the layout that ``OnnxFolder`` reads."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from clipcoder.encoders.export.graphs import export_image_tower, export_text_tower
from clipcoder.encoders.export.tokenizer import text_settings, write_tokenizer
from clipcoder.encoders.onnx.quantize import Derived, converted
from clipcoder.encoders.probe import PROBE_TEXTS, probe_images
from clipcoder.errors import InvalidInputError

if TYPE_CHECKING:
    import torch

    from clipcoder.encoders.pytorch.open_clip import OpenClipEncoder

ExportPrecision = Literal["float32", "float16", "int8"]
EXPORT_PRECISIONS: Final[tuple[ExportPrecision, ...]] = get_args(ExportPrecision)

_COPIES: Final = {
    "float32": 1,
    "float16": 4,
    "int8": 4,
}  # of the float32 weights, at most, on the disk at once


def write_folder(
    original: OpenClipEncoder, folder: Path, precision: ExportPrecision, *, opset: int | None = None
) -> bool:
    """Write all files of the layout into a folder that is there.

    Args:
        original: the model, in float32 on the processor.
        folder: an empty folder.
        precision: in which the graphs are written.
        opset: of ONNX; by default the one that the installed torch writes best.

    Returns:
        Whether the text graph takes texts of any length.

    Raises:
        InvalidInputError: the tokenizer or a tower cannot be written in this form, or there is too little
            room for it.
        OSError: the disk is full, or fails.
    """
    model = original.towers.model
    _check_room(model, folder, precision)
    tokenizer: Any = original.towers.tokenize  # one of open_clip's
    write_tokenizer(tokenizer, folder / "textual")
    exact = folder if precision == "float32" else folder / "float32"
    export_image_tower(model, exact / "visual/model.onnx", opset=opset)
    is_dynamic = export_text_tower(
        model, exact / "textual/model.onnx", length=tokenizer.context_length, opset=opset
    )
    if precision != "float32":
        _convert(original, exact, folder, precision)
        shutil.rmtree(exact)
    write_json(folder / "visual/preprocess_cfg.json", original.towers.settings["preprocess"])
    write_json(folder / "config.json", _config(original, precision, is_dynamic=is_dynamic))
    return is_dynamic


def _check_room(model: torch.nn.Module, folder: Path, precision: ExportPrecision) -> None:
    """Refuse to begin what the disk will not hold; in the end, engines say that in words of their own."""
    n_bytes = 4 * sum(weights.numel() for weights in model.parameters())
    needed, free = int(_COPIES[precision] * n_bytes), shutil.disk_usage(folder).free
    if free < needed:
        raise InvalidInputError(
            f"an export in {precision} needs about {needed / 1e6:,.0f} MB of room while it is made, and the "
            f"disk has {free / 1e6:,.0f} MB; make room, or name a folder on another one"
        )


def write_json(path: Path, values: Any) -> None:
    """Write a JSON file for people to read, too."""
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _config(original: OpenClipEncoder, precision: ExportPrecision, *, is_dynamic: bool) -> dict[str, Any]:
    """Return open_clip's configuration of the model, and what it does not say."""
    config = original.towers.settings["model"]
    text = text_settings(original.towers.tokenize, config["text_cfg"])
    bias = {} if original.logit_bias is None else {"logit_bias": original.logit_bias}
    return {
        **config,
        "text_cfg": {**text, "dynamic_length": is_dynamic},
        "logit_scale": original.logit_scale,
        **bias,
        "precision": precision,
    }


def _convert(original: OpenClipEncoder, exact: Path, folder: Path, precision: Derived) -> None:
    """Write both float32 graphs in another precision, judged by the probe."""
    import torch

    pixels = torch.stack([original.prepare_image(image) for image in probe_images()]).numpy()
    ids = original.towers.tokenize(list(PROBE_TEXTS)).numpy()
    for tower, probe in (("visual", {"image": pixels}), ("textual", {"text": ids})):
        graph = f"{tower}/model.onnx"
        try:
            converted(exact / graph, precision, folder / graph, dim=original.dim, probe=probe)
        except InvalidInputError as error:  # it names a file that nobody will find
            told = str(error).replace(str(exact / graph), f"{original.name}, {tower} tower")
            raise InvalidInputError(told) from error
