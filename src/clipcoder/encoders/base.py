"""The seam between clipcoder and any model that puts images and texts into one space."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from PIL import Image

ImageInput = str | os.PathLike[str] | bytes | Image.Image
"""What counts as an image: a path, the bytes of an image file, or a PIL image."""

IMAGE_TYPES: Final = (str, os.PathLike, bytes, Image.Image)
"""The same for ``isinstance``."""

FloatArray = npt.NDArray[np.float32]


@runtime_checkable
class Encoder(Protocol):
    """A dual encoder. Any object with these five members can be handed in; nothing else about it is known."""

    @property
    def name(self) -> str:
        """The name that ``load_encoder`` knows it by, or any other short name."""

    @property
    def dim(self) -> int:
        """Length of an embedding."""

    @property
    def logit_scale(self) -> float:
        """What cosines are multiplied with before the softmax (CLIP: 100)."""

    def encode_images(self, images: Sequence[ImageInput]) -> FloatArray:
        """Return float32 unit rows of shape (n_images, dim).

        Raises:
            UnreadableImageError: an image cannot be decoded.
        """

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Return float32 unit rows of shape (n_texts, dim)."""
