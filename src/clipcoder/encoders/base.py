"""The seam between clipcoder and any model that puts images and texts into one space."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final, Literal, Protocol, get_args, runtime_checkable

import numpy as np
import numpy.typing as npt
from PIL import Image

ImageInput = str | os.PathLike[str] | bytes | Image.Image
"""What counts as an image: a path, the bytes of an image file, or a PIL image."""

IMAGE_TYPES: Final = (str, os.PathLike, bytes, Image.Image)
"""The same for ``isinstance``."""

FloatArray = npt.NDArray[np.float32]

Precision = Literal["float32", "float16", "bfloat16", "int8"]
"""The arithmetic of a model; features are float32 whatever it is."""

PRECISIONS: Final[tuple[Precision, ...]] = get_args(Precision)


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


@runtime_checkable
class StagedEncoder(Encoder, Protocol):
    """An encoder that takes images in two stages, so that threads can decode while the model computes.

    Every encoder of ``load_encoder`` is one. ``clipcoder.encoders.ahead`` runs the stages side by side, and a
    feature cache goes between them.
    """

    @property
    def precision(self) -> Precision:
        """The arithmetic of the model."""

    @property
    def batch_size(self) -> int:
        """Images that the model takes at a time."""

    @property
    def logit_bias(self) -> float | None:
        """What is added to scaled cosines before a sigmoid, where the model was trained with one (SigLIP)."""

    def fingerprint(self) -> str:
        """Return a hexadecimal digest of all that features depend on: weights, preprocessing, precision."""

    def prepare_image(self, image: ImageInput) -> Any:
        """Return what the model wants to see of an image; threads may call it at the same time.

        Raises:
            UnreadableImageError: the image cannot be decoded.
        """

    def encode_prepared(self, prepared: Sequence[Any]) -> FloatArray:
        """Return float32 unit rows of shape (n, dim) for what ``prepare_image`` returned."""
