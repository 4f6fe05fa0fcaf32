"""Real CLIPs without torch: two ONNX files, a tokenizer and the settings that open_clip writes with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, get_args

from clipcoder.arrays import FloatArray, unit_rows
from clipcoder.encoders.ahead import InStages
from clipcoder.encoders.base import ImageInput, Precision
from clipcoder.encoders.inputs import check_batch_size, listed_texts
from clipcoder.encoders.onnx.derived_graphs import DerivedGraph
from clipcoder.encoders.onnx.folder import FILES, OnnxFolder, Tower
from clipcoder.encoders.onnx.graph import Feeds, Graph
from clipcoder.encoders.onnx.onnxruntime_graph import OnnxGraph, check_device
from clipcoder.encoders.onnx.openvino_graph import OpenVinoGraph
from clipcoder.encoders.onnx.preprocessing import Preprocessing
from clipcoder.encoders.onnx.quantize import RECIPE, Derived
from clipcoder.encoders.onnx.towers import TEXT_BATCH, ImageTower, TextTower
from clipcoder.encoders.precision import AUTO, check_offered, fastest_precision
from clipcoder.encoders.probe import PROBE_TEXTS, probe_images

__all__ = ["FILES", "OnnxEncoder"]

_OFFERED: Final[dict[str, list[Precision]]] = {
    "cpu": ["float32", "bfloat16", "int8", "float16"],
    "cuda": ["float32", "float16"],
}
_WORTH_TRYING: Final[dict[str, list[Precision]]] = {
    "cpu": ["float32", "bfloat16", "int8"],  # processors compute float16 in float32
    "cuda": ["float32", "float16"],
}
CLIP_LOGIT_SCALE: Final = 100.0
"""CLIP's training clips the scale to 100, and the published models ended there (Radford et al., 2021)."""

_IMAGES: Final = 16  # at a time: enough to keep the cores busy, few enough to stay small in memory


class OnnxEncoder(InStages):
    """A dual encoder from a folder of ONNX exports; threads may share it.

    Args:
        folder: holds ``config.json`` (open_clip's model configuration), ``visual/preprocess_cfg.json``,
            ``visual/model.onnx``, ``textual/tokenizer.json`` and ``textual/model.onnx``; ``OnnxFolder`` says
            which further keys ``config.json`` may have. Large graphs have their weights in files beside them.
        name: what it is called; by default ``onnx:`` and the folder.
        device: ``"cpu"``, or ``"cuda"`` where ONNX Runtime is installed with it.
        precision: ``"float32"`` as the files are; ``"bfloat16"``, computed by OpenVINO on processors that
            have it; ``"int8"`` and ``"float16"``, in graphs that are made once and kept in the cache folder;
            ``"auto"``, the fastest of those that stay near float32, measured once. In int8 activations are
            rounded to steps of their range over the whole batch, so that features depend a little on what
            else is in it. A folder whose files are written in fewer bits already is computed as it is.
        batch_size: images that are computed at a time; 16 by default.
        logit_scale: what cosines are multiplied with, if ``config.json`` is silent; CLIP's 100 by default.
        logit_bias: what is added to them before a sigmoid, if ``config.json`` is silent.

    Attributes:
        name: what it is called.
        dim: length of an embedding, ``embed_dim`` in ``config.json``.
        logit_scale: what cosines are multiplied with before the softmax.
        logit_bias: what is added to scaled cosines before a sigmoid; None where that is not known.
        precision: the arithmetic, also where ``"auto"`` chose it.
        batch_size: images that are computed at a time.

    Raises:
        InvalidInputError: a file is absent, broken, or belongs to another model; or the model cannot be
            computed here as wished.
        MissingExtraError: the precision needs the extra ``fast``.

    Example:
        >>> OnnxEncoder("no/such/folder")
        Traceback (most recent call last):
            ...
        clipcoder.errors.InvalidInputError: there is no folder 'no/such/folder' to load an ONNX encoder from
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        name: str | None = None,
        device: str = "cpu",
        precision: Precision | Literal["auto"] = "float32",
        batch_size: int | None = None,
        logit_scale: float | None = None,
        logit_bias: float | None = None,
    ) -> None:
        check_device(device)
        if batch_size is not None:
            check_batch_size(batch_size)
        self._folder = OnnxFolder.read(Path(folder).expanduser())
        self.name = name if name is not None else f"onnx:{folder}"
        self.dim = self._folder.dim
        self.logit_scale = self._folder.logit_scale or logit_scale or CLIP_LOGIT_SCALE
        self.logit_bias = logit_bias if self._folder.logit_bias is None else self._folder.logit_bias
        self.batch_size = batch_size or _IMAGES
        self._device = device
        self._preprocess = Preprocessing.read(self._folder.path / "visual/preprocess_cfg.json")
        self.precision = self._settled(precision)
        self._images = self._image_tower(self._opened("visual", self._image_probe))
        self._texts = self._text_tower(self._opened("textual", self._text_probe))

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Return float32 unit rows of shape (n_texts, dim).

        Args:
            texts: sentences; what is longer than the model's context is cut off.

        Raises:
            InvalidInputError: a single text instead of a list of them.
        """
        return unit_rows(self._texts(listed_texts(texts)), f"text features of {self.name}")

    def prepare_image(self, image: ImageInput) -> FloatArray:
        """Return the pixels that the image tower takes, float32 of shape (3, height, width).

        Raises:
            UnreadableImageError: the image cannot be decoded.
        """
        return self._preprocess.read_image(image)

    def encode_prepared(self, prepared: Sequence[FloatArray]) -> FloatArray:
        """Return float32 unit rows of shape (n, dim) for what ``prepare_image`` returned."""
        return unit_rows(self._images(prepared), f"image features of {self.name}")

    def fingerprint(self) -> str:
        """Return a hexadecimal digest of all that features depend on, wherever the folder lies.

        All files of both towers are read when it is first asked for.
        """
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        return self._folder.fingerprint(self.precision, recipe=RECIPE if self._derived else 0)

    @property
    def _derived(self) -> Derived | None:
        """The precision of graphs that are made of the files; None where the files are computed."""
        made: tuple[Derived, ...] = get_args(Derived)
        return next((p for p in made if p == self.precision != self._folder.precision), None)

    def _settled(self, asked: Precision | Literal["auto"]) -> Precision:
        """Return the precision to compute in."""
        own = self._folder.precision
        offered = _OFFERED[self._device] if own == "float32" else [own]
        if asked == AUTO:
            candidates = _WORTH_TRYING[self._device] if own == "float32" else [own]
            model = self._folder.fingerprint("float32") if len(candidates) > 1 else ""
            return fastest_precision(self._in_precision, candidates, model=model, device=self._device)
        if asked == "float32":  # the default, so that folders in fewer bits open without further words
            return own
        check_offered(asked, offered, f"{self.name!r} on {self._device}")
        return next(precision for precision in offered if precision == asked)

    def _in_precision(self, precision: Precision) -> OnnxEncoder:
        return OnnxEncoder(
            self._folder.path,
            name=self.name,
            device=self._device,
            precision=precision,
            batch_size=self.batch_size,
            logit_scale=self.logit_scale,
            logit_bias=self.logit_bias,
        )

    def _opened(self, tower: Tower, probe: Callable[[], Feeds]) -> Graph:
        path = self._folder.graph(tower)
        rows = self.batch_size if tower == "visual" else TEXT_BATCH
        if self.precision == "bfloat16" and self._folder.precision == "float32":
            return OpenVinoGraph(path, dim=self.dim, batch_size=rows)
        if precision := self._derived:
            derived = DerivedGraph(path, self._folder.digest(tower), precision, self.dim, probe)
            return derived.open(lambda made: self._onnx_graph(made, rows))
        return self._onnx_graph(path, rows)

    def _onnx_graph(self, path: Path, rows: int) -> OnnxGraph:
        return OnnxGraph(path, dim=self.dim, batch_size=rows, device=self._device)

    def _image_tower(self, graph: Graph) -> ImageTower:
        return ImageTower(graph, self._preprocess.size)

    def _text_tower(self, graph: Graph) -> TextTower:
        return TextTower(graph, self._folder)

    def _image_probe(self) -> Feeds:
        tower = self._image_tower(self._onnx_graph(self._folder.graph("visual"), self.batch_size))
        return tower.feeds([self.prepare_image(image) for image in probe_images()])

    def _text_probe(self) -> Feeds:
        return self._text_tower(self._onnx_graph(self._folder.graph("textual"), TEXT_BATCH)).feeds(
            PROBE_TEXTS
        )
