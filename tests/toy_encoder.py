"""An encoder whose every number can be worked out by hand: colours are directions in red, green and blue."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from clipcoder.encoders.ahead import encode_listed
from clipcoder.encoders.base import ImageInput, Precision
from clipcoder.encoders.images import open_image
from clipcoder.encoders.inputs import listed_images, listed_texts

FloatArray = npt.NDArray[np.float32]

COLOURS = {
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
    "yellow": (0.6, 0.8, 0.0),
    "tomato": (1.0, 0.0, 0.0),
    "grass": (0.0, 1.0, 0.0),
    "sky": (0.0, 0.0, 1.0),
}


class ColourEncoder:
    """Embeds an image as its mean colour and a text as the sum of the colours it names (grey if none).

    It counts its calls, so that a test can say what was encoded and what was not encoded again.
    """

    name = "colours"
    dim = 3
    logit_scale = 100.0

    def __init__(self) -> None:
        self.text_calls: list[list[str]] = []
        self.batch_sizes: list[int] = []

    def encode_images(self, images: Sequence[ImageInput]) -> FloatArray:
        listed = listed_images(images)
        self.batch_sizes.append(len(listed))
        return _unit_rows([_mean_colour(image) for image in listed])

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        self.text_calls.append(listed_texts(texts))
        return _unit_rows([_named_colour(text) for text in texts])


class StagedColourEncoder(ColourEncoder):
    """The colours of ``ColourEncoder`` in two stages.

    Attributes:
        threads: the names of the threads that prepared.
        batches: how many images ``encode_prepared`` was given, call by call.
    """

    precision: Precision = "float32"
    batch_size = 4
    logit_bias: float | None = None

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[str] = set()
        self.batches: list[int] = []

    def fingerprint(self) -> str:
        return "c0104"

    def encode_images(self, images: Sequence[ImageInput]) -> FloatArray:
        return encode_listed(self, images)

    def prepare_image(self, image: ImageInput) -> Any:
        self.threads.add(threading.current_thread().name)
        return _mean_colour(image)

    def encode_prepared(self, prepared: Sequence[Any]) -> FloatArray:
        self.batches.append(len(prepared))
        return _unit_rows(prepared)


def plain(colour: tuple[int, int, int], size: tuple[int, int] = (8, 6)) -> Image.Image:
    """An image of one colour."""
    return Image.new("RGB", size, colour)


def png(image: Image.Image) -> bytes:
    """The image as the bytes of a PNG file."""
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def _mean_colour(image: ImageInput) -> npt.NDArray[np.float64]:
    return np.asarray(open_image(image), dtype=np.float64).mean(axis=(0, 1)) / 255.0


def _named_colour(text: str) -> npt.NDArray[np.float64]:
    named = [COLOURS[word] for word in re.findall(r"[a-z]+", text.lower()) if word in COLOURS]
    return np.sum(named or [(1.0, 1.0, 1.0)], axis=0)


def _unit_rows(rows: Sequence[npt.NDArray[np.float64]]) -> FloatArray:
    matrix = np.asarray(rows, dtype=np.float64).reshape(-1, 3)
    return (matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)).astype(np.float32)
