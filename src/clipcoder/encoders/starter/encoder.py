"""The encoder that ships in the package: small, offline, and at home with real photos.

Image tower: EfficientNet-Lite2, trained on ImageNet, with the shared space written into its ONNX graph.
Text tower: a table of word pieces distilled from a sentence encoder and WordNet's definitions. ``training/``
makes all of it; the model card beside the weights says what it is for and what it cannot do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np
import numpy.typing as npt
from PIL import Image
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from clipcoder.encoders.ahead import InStages
from clipcoder.encoders.base import FloatArray, ImageInput, Precision
from clipcoder.encoders.engine import onnxruntime
from clipcoder.encoders.images import DRAFT_ROOM, REDUCING_GAP, open_image
from clipcoder.encoders.inputs import check_batch_size, listed_texts
from clipcoder.encoders.machine import engine_threads
from clipcoder.encoders.starter.text_space import TextSpace
from clipcoder.encoders.starter.word_table import WordTable
from clipcoder.errors import InvalidInputError

FILES: Final = ("config.json", "image.onnx", "text.safetensors", "tokenizer.json")
"""What a folder of the encoder holds."""

_VERSION: Final = 1  # of how features are computed here; another one makes other fingerprints
_IMAGE_BATCH: Final = 16
_TEXT_BATCH: Final = 4096
_MARGIN: Final = 32  # pixels around the centre crop, as EfficientNet is evaluated


class StarterEncoder(InStages):
    """A ``StagedEncoder`` on ONNX Runtime and NumPy alone; threads may share it.

    It computes in float32. In bfloat16, about twice as fast where a processor has it, one photo of a hundred
    gets another label, which is too many; ``bench/agreement.py`` measures it.

    Args:
        image_model: from pixels (n, 2, size, size, 3) to features (n, dim).
        words: from texts to vectors.
        space: from these to features.
        image_size: side of the two views in pixels.
        logit_scale: what cosines are multiplied with.
        folder: where all this comes from.
        batch_size: images that the model takes at a time.

    Example:
        >>> encoder = StarterEncoder.load()
        >>> encoder.encode_texts(["a photo of a cat", "a photo of a rocket"]).shape == (2, encoder.dim)
        True
    """

    name = "starter"
    precision: Precision = "float32"
    logit_bias: float | None = None

    def __init__(
        self,
        image_model: onnxruntime.InferenceSession,
        words: WordTable,
        space: TextSpace,
        *,
        image_size: int,
        logit_scale: float,
        folder: Path,
        batch_size: int = _IMAGE_BATCH,
    ) -> None:
        self._image_model = image_model
        self._words = words
        self._space = space
        self._image_size = image_size
        self._folder = folder
        self.logit_scale = logit_scale
        self.batch_size = batch_size
        self.dim = space.relative_basis.shape[1] + space.regression.shape[1]

    @classmethod
    def load(
        cls,
        folder: Path | None = None,
        *,
        device: str | None = None,
        precision: Precision | Literal["auto"] = "float32",
        batch_size: int = _IMAGE_BATCH,
    ) -> Self:
        """Load the encoder.

        Args:
            folder: what ``training`` wrote; by default the folder in the package.
            device: ``"cpu"``, the only one it computes on.
            precision: ``"float32"``, the only one it computes in, or ``"auto"``, which comes to the same.
            batch_size: images that the model takes at a time.

        Raises:
            InvalidInputError: a file of the folder is missing or damaged, or another device or precision.
        """
        _check_offered(device, precision)
        check_batch_size(batch_size)
        folder = folder or Path(str(resources.files("clipcoder"))) / "assets" / "starter"
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            weights = load_file(folder / "text.safetensors")
            words = WordTable(
                Tokenizer.from_file(str(folder / "tokenizer.json")),
                weights["packed"],
                weights["scales"],
                weights["pairs"],
            )
            return cls(
                image_session(str(folder / "image.onnx")),
                words,
                TextSpace.restored(weights, config["text_space"]),
                image_size=config["image_size"],
                logit_scale=config["logit_scale"],
                folder=folder,
                batch_size=batch_size,
            )
        except Exception as error:  # each of the four readers has its own family of errors for a damaged file
            raise InvalidInputError(
                f"the starter encoder in {folder} should be the four files that training writes, but they do "
                f"not load ({type(error).__name__}: {error}): install the package again"
            ) from error

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Return float32 unit rows of shape (n_texts, dim).

        Raises:
            InvalidInputError: one string came instead of a list of strings.
        """
        texts = listed_texts(texts)
        rows = np.empty((len(texts), self.dim), dtype=np.float32)
        for start in range(0, len(texts), _TEXT_BATCH):
            batch = texts[start : start + _TEXT_BATCH]
            rows[start : start + len(batch)] = self._space(self._words(batch))
        return rows

    def prepare_image(self, image: ImageInput) -> npt.NDArray[np.uint8]:
        """Return the two views of an image, uint8 of shape (2, size, size, 3); see ``two_views``.

        Raises:
            UnreadableImageError: the image cannot be decoded.
        """
        enough = DRAFT_ROOM * (self._image_size + _MARGIN)
        return two_views(open_image(image, at_least=(enough, enough)), self._image_size)

    def encode_prepared(self, prepared: Sequence[npt.NDArray[np.uint8]]) -> FloatArray:
        """Return float32 unit rows of shape (n, dim) for what ``prepare_image`` returned."""
        if not prepared:
            return np.empty((0, self.dim), dtype=np.float32)
        rows: FloatArray = self._image_model.run(None, {"pixels": np.stack(prepared)})[0]
        return rows

    def fingerprint(self) -> str:
        """Return a hexadecimal digest of the files of the encoder and of how they are used."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        digest = hashlib.sha256(f"starter {_VERSION}".encode())
        for name in FILES:
            digest.update(hashlib.sha256((self._folder / name).read_bytes()).digest())
        return digest.hexdigest()


def _check_offered(device: str | None, precision: str) -> None:
    if device not in (None, "cpu"):
        raise InvalidInputError(f"the starter encoder computes on the device 'cpu', not on {device!r}")
    if precision not in ("float32", "auto"):
        raise InvalidInputError(
            f"the starter encoder computes in float32, not in {precision!r}, which would change too many of "
            "its labels; leave the precision out"
        )


def two_views(image: Image.Image, size: int) -> npt.NDArray[np.uint8]:
    """Return what the image tower looks at, uint8 of shape (2, size, size, 3): the middle, and all squeezed.

    The middle is what is left when the shorter side measures size + 32 and 16 pixels are cut off at each end.
    On held-out classes the two together are better than either.
    """
    side = min(image.size) * size / (size + _MARGIN)
    left, top = ((full - side) / 2 for full in image.size)
    boxes = (left, top, left + side, top + side), (0, 0, *image.size)
    views = (
        image.resize((size, size), Image.Resampling.BICUBIC, box=box, reducing_gap=REDUCING_GAP)
        for box in boxes
    )
    return np.stack([np.asarray(view) for view in views])


def image_session(model: str | bytes) -> onnxruntime.InferenceSession:
    """Return a session for the image graph, as quiet as ONNX Runtime allows."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = engine_threads()
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
