"""The encoder that ships in the package: small, offline, and at home with real photos.

Image tower: EfficientNet-Lite2, trained on ImageNet, with the shared space written into its ONNX graph.
Text tower: a table of word pieces distilled from a sentence encoder and WordNet's definitions. ``training/``
makes all of it; the model card beside the weights says what it is for and what it cannot do.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import onnxruntime
from PIL import Image
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from clipcoder.encoders.base import FloatArray, ImageInput
from clipcoder.encoders.images import open_image
from clipcoder.encoders.inputs import listed_images, listed_texts
from clipcoder.encoders.text_space import TextSpace
from clipcoder.encoders.word_table import WordTable
from clipcoder.errors import InvalidInputError

_IMAGE_BATCH: Final = 16
_TEXT_BATCH: Final = 4096
_MARGIN: Final = 32  # pixels around the centre crop, as EfficientNet is evaluated


class StarterEncoder:
    """The five members of ``Encoder``, on ONNX Runtime and NumPy alone.

    Example:
        >>> encoder = StarterEncoder.load()
        >>> encoder.encode_texts(["a photo of a cat", "a photo of a rocket"]).shape == (2, encoder.dim)
        True
    """

    name = "starter"

    def __init__(
        self,
        image_model: onnxruntime.InferenceSession,
        words: WordTable,
        space: TextSpace,
        *,
        image_size: int,
        logit_scale: float,
    ) -> None:
        self._image_model = image_model
        self._words = words
        self._space = space
        self._image_size = image_size
        self.logit_scale = logit_scale
        self.dim = space.relative_basis.shape[1] + space.regression.shape[1]

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """Load the encoder from a folder that ``training`` wrote; by default the one in the package.

        Raises:
            InvalidInputError: a file of the folder is missing or damaged.
        """
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
            )
        except Exception as error:  # each of the four readers has its own family of errors for a damaged file
            raise InvalidInputError(
                f"the starter encoder in {folder} should be the four files that training writes, but they do "
                f"not load ({type(error).__name__}: {error}): install the package again"
            ) from error

    def encode_images(self, images: Sequence[ImageInput]) -> FloatArray:
        """Return float32 unit rows of shape (n_images, dim).

        Raises:
            UnreadableImageError: an image cannot be decoded.
            InvalidInputError: a single image came instead of a list of them.
        """
        images = listed_images(images)
        rows = np.empty((len(images), self.dim), dtype=np.float32)
        with ThreadPoolExecutor(2) as threads:
            for start in range(0, len(images), _IMAGE_BATCH):
                batch = images[start : start + _IMAGE_BATCH]
                pixels = np.stack(list(threads.map(self._pixels, batch)))
                (rows[start : start + len(batch)],) = self._image_model.run(None, {"pixels": pixels})
        return rows

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

    def _pixels(self, image: ImageInput) -> npt.NDArray[np.uint8]:
        return two_views(open_image(image), self._image_size)


def two_views(image: Image.Image, size: int) -> npt.NDArray[np.uint8]:
    """Return what the image tower looks at, uint8 of shape (2, size, size, 3): the middle, and all squeezed.

    The middle is what is left when the shorter side measures size + 32 and 16 pixels are cut off at each end.
    On held-out classes the two together are better than either.
    """
    side = min(image.size) * size / (size + _MARGIN)
    left, top = ((full - side) / 2 for full in image.size)
    boxes = (left, top, left + side, top + side), (0, 0, *image.size)
    views = (image.resize((size, size), Image.Resampling.BICUBIC, box=box) for box in boxes)
    return np.stack([np.asarray(view) for view in views])


def image_session(model: str | bytes) -> onnxruntime.InferenceSession:
    """Return a session for the image graph, as quiet as ONNX Runtime allows."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
