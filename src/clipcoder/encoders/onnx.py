"""Real CLIPs without torch: two ONNX files, a tokenizer and the settings that open_clip writes with them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from clipcoder.arrays import FloatArray, batches, unit_rows
from clipcoder.encoders.base import ImageInput
from clipcoder.encoders.images import open_image
from clipcoder.encoders.inputs import listed_images, listed_texts
from clipcoder.encoders.json_file import JsonFile, is_count, is_positive
from clipcoder.encoders.onnx_graph import OnnxGraph
from clipcoder.encoders.preprocessing import Preprocessing
from clipcoder.encoders.tokens import CLIP_LENGTH, TextTokens
from clipcoder.errors import InvalidInputError

FILES: Final = (
    "config.json",
    "visual/preprocess_cfg.json",
    "visual/model.onnx",
    "textual/tokenizer.json",
    "textual/model.onnx",
)
"""What a folder must hold."""

CLIP_LOGIT_SCALE: Final = 100.0
"""CLIP's training clips the scale to 100, and the published models ended there (Radford et al., 2021)."""

_IMAGES, _TEXTS = 16, 64  # at a time: enough to keep two cores busy, few enough to stay small in memory
_MASK: Final = "attention_mask"


class OnnxEncoder:
    """A dual encoder from a folder of ONNX exports, on ONNX Runtime; threads may share it.

    Args:
        folder: holds ``config.json`` (open_clip's model configuration), ``visual/preprocess_cfg.json``,
            ``visual/model.onnx``, ``textual/tokenizer.json`` and ``textual/model.onnx``. In ``config.json``,
            ``logit_scale`` may say what cosines are multiplied with (the factor, not its logarithm).
        name: what it is called; by default ``onnx:`` and the folder.

    Attributes:
        name: what it is called.
        dim: length of an embedding, ``embed_dim`` in ``config.json``.
        logit_scale: what cosines are multiplied with before the softmax; 100 if ``config.json`` is silent.

    Raises:
        InvalidInputError: a file is absent, broken, or belongs to another model.

    Example:
        >>> OnnxEncoder("no/such/folder")
        Traceback (most recent call last):
            ...
        clipcoder.errors.InvalidInputError: there is no folder 'no/such/folder' to load an ONNX encoder from
    """

    def __init__(self, folder: str | os.PathLike[str], *, name: str | None = None) -> None:
        folder = Path(folder)
        _check_files(folder)
        self.name = name if name is not None else f"onnx:{folder}"
        config = JsonFile.read(folder / "config.json")
        text_config = config.section("text_cfg")
        self.dim: int = config.value("embed_dim", is_count, "a positive whole number")
        self.logit_scale = float(
            config.value("logit_scale", is_positive, "a positive number", default=CLIP_LOGIT_SCALE)
        )
        length = text_config.value("context_length", is_count, "a positive whole number", default=CLIP_LENGTH)
        self._preprocess = Preprocessing.read(folder / "visual/preprocess_cfg.json")
        self._tokens = TextTokens(folder / "textual", text_config, length)
        self._visual = OnnxGraph(folder / "visual/model.onnx", dim=self.dim, batch_size=_IMAGES)
        self._textual = OnnxGraph(folder / "textual/model.onnx", dim=self.dim, batch_size=_TEXTS)
        self._pixels = _image_input(self._visual, self._preprocess.size)
        self._ids = _text_input(self._textual, length)

    def encode_images(self, images: Sequence[ImageInput]) -> FloatArray:
        """Return float32 unit rows of shape (n_images, dim).

        Args:
            images: paths, bytes of image files or PIL images.

        Raises:
            UnreadableImageError: an image cannot be decoded.
            InvalidInputError: a single image instead of a list of them.
        """
        listed = listed_images(images)
        rows = [self._encode_images(listed[b]) for b in batches(len(listed), self._visual.batch_size)]
        return np.concatenate([np.empty((0, self.dim), np.float32), *rows])

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Return float32 unit rows of shape (n_texts, dim).

        Args:
            texts: sentences; what is longer than the model's context is cut off.

        Raises:
            InvalidInputError: a single text instead of a list of them.
        """
        ids, mask = self._tokens(listed_texts(texts))
        arrays = {self._ids: ids, _MASK: mask}
        features = self._textual.run({name: arrays[name] for name in self._textual.inputs})
        return unit_rows(features, f"text features of {self.name}")

    def _encode_images(self, images: Sequence[ImageInput]) -> FloatArray:
        pixels = np.stack([self._preprocess(open_image(image)) for image in images])
        return unit_rows(self._visual.run({self._pixels: pixels}), f"image features of {self.name}")


def _check_files(folder: Path) -> None:
    if not folder.is_dir():
        raise InvalidInputError(f"there is no folder '{folder}' to load an ONNX encoder from")
    missing = [file for file in FILES if not (folder / file).is_file()]
    if missing:
        raise InvalidInputError(
            f"'{folder}' lacks {' and '.join(missing)}; an ONNX encoder needs {', '.join(FILES)}"
        )


def _image_input(graph: OnnxGraph, size: tuple[int, int]) -> str:
    """Return the name of the one input of an image tower."""
    pixels = list(graph.inputs.values())
    if len(pixels) == 1 and pixels[0].takes("f", (None, 3, *size)):
        return pixels[0].name
    raise _wrong_inputs(
        graph, f"one input of float pixels (n, 3, {size[0]}, {size[1]}), as preprocess_cfg.json says"
    )


def _text_input(graph: OnnxGraph, length: int) -> str:
    """Return the name of the token ids among the inputs of a text tower; the other one may be a mask."""
    names = [name for name in graph.inputs if name != _MASK]
    fits = all(graph_input.takes("i", (None, length)) for graph_input in graph.inputs.values())
    if fits and len(names) == 1:
        return names[0]
    raise _wrong_inputs(
        graph, f"integer token ids (n, {length}), as config.json says, and at most an {_MASK}"
    )


def _wrong_inputs(graph: OnnxGraph, expected: str) -> InvalidInputError:
    came = ", ".join(map(str, graph.inputs.values()))
    return InvalidInputError(
        f"'{graph.path}' must take {expected}, but it takes {came}; the file belongs to another model"
    )
