"""From a photo to the pixels that an image tower was trained on, as open_clip's ``preprocess_cfg.json`` says.

Resizing and cropping round as torchvision does, so that features agree with open_clip's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from PIL import Image

from clipcoder.arrays import FloatArray
from clipcoder.encoders.base import ImageInput
from clipcoder.encoders.images import DRAFT_ROOM, REDUCING_GAP, open_image
from clipcoder.encoders.json_file import JsonFile, is_count, is_number, is_positive

ResizeMode = Literal["shortest", "longest", "squash"]
_RESAMPLING: Final = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
_LONG: Final = 16
"""Times as long as wide: beyond it only the middle is resized, or a thin strip would fill the memory."""


@dataclass(frozen=True)
class Preprocessing:
    """How an image becomes the input of an image tower.

    Attributes:
        size: height and width of the input in pixels.
        mean: of each channel, on the scale of 0 to 1; it is subtracted.
        std: of each channel; it is divided by.
        interpolation: how pixels are resampled.
        resize_mode: ``"shortest"`` fills the input and crops to its centre, ``"longest"`` fits the whole
            image in and pads around it, ``"squash"`` ignores the aspect ratio.
        fill_color: grey level of the padding, 0 to 255.

    Example:
        >>> grey = Preprocessing(size=(2, 2), mean=(0.5,) * 3, std=(0.5,) * 3)
        >>> pixels = grey(Image.new("RGB", (4, 3), "white"))
        >>> pixels.shape, float(pixels.min())
        ((3, 2, 2), 1.0)
    """

    size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"
    resize_mode: ResizeMode = "shortest"
    fill_color: int = 0

    @classmethod
    def read(cls, path: Path) -> Preprocessing:
        """Read a ``preprocess_cfg.json``.

        Raises:
            InvalidInputError: a setting is absent or is none of those that open_clip knows.
        """
        settings = JsonFile.read(path)
        settings.value("mode", lambda v: v == "RGB", '"RGB"', default="RGB")
        size = settings.value("size", _is_size, "a number of pixels, or height and width")
        mean = settings.value("mean", lambda v: _are_three(v, is_number), "three numbers")
        std = settings.value("std", lambda v: _are_three(v, is_positive), "three positive numbers")
        return cls(
            size=(size, size) if isinstance(size, int) else (size[0], size[-1]),
            mean=tuple(mean),
            std=tuple(std),
            interpolation=settings.value("interpolation", _is_one_of(_RESAMPLING), '"bicubic" or "bilinear"'),
            resize_mode=settings.value(
                "resize_mode",
                _is_one_of(("shortest", "longest", "squash")),
                '"shortest", "longest" or "squash"',
                default="shortest",  # older files do not have the key
            ),
            fill_color=settings.value("fill_color", _is_level, "a level from 0 to 255", default=0),
        )

    def read_image(self, image: ImageInput) -> FloatArray:
        """Open an image and return its pixels, float32 of shape (3, height, width); threads may share it.

        A JPEG many times larger than the input is decoded smaller, by a factor that nobody can tell from the
        pixels (``DRAFT_ROOM`` says what was measured).

        Raises:
            UnreadableImageError: the image cannot be decoded.
        """
        height, width = self.size
        return self(open_image(image, at_least=(DRAFT_ROOM * width, DRAFT_ROOM * height)))

    def __call__(self, image: Image.Image) -> FloatArray:
        """Return the pixels of an RGB image, float32 of shape (3, height, width)."""
        pixels = np.empty((3, *self.size), dtype=np.float32)
        for channel, levels in zip(pixels, self._fitted(image).split(), strict=True):
            channel[:] = np.asarray(levels)
        mean, std = np.array([self.mean, self.std], dtype=np.float32)[:, :, None, None]
        pixels /= np.float32(255)
        pixels -= mean
        pixels /= std
        return pixels

    def _fitted(self, image: Image.Image) -> Image.Image:
        height, width = self.size
        if self.resize_mode == "squash":
            return self._resized(image, (width, height))
        if self.resize_mode == "longest":
            return _padded(self._resized(image, self._inside(image)), self.size, self.fill_color)
        image = _middle(image)
        return _centre(self._resized(image, self._around(image)), self.size)

    def _resized(self, image: Image.Image, size: tuple[int, int]) -> Image.Image:
        return image.resize(size, _RESAMPLING[self.interpolation], reducing_gap=REDUCING_GAP)

    def _around(self, image: Image.Image) -> tuple[int, int]:
        """Return the width and height at which an image just covers the input."""
        height, width = self.size
        if height == width:
            short = min(image.size)
            return int(width * image.width / short), int(height * image.height / short)
        ratio = min(image.height / height, image.width / width)
        return max(width, round(image.width / ratio)), max(height, round(image.height / ratio))

    def _inside(self, image: Image.Image) -> tuple[int, int]:
        """Return the width and height at which an image just fits into the input."""
        height, width = self.size
        ratio = max(image.height / height, image.width / width)
        return max(1, round(image.width / ratio)), max(1, round(image.height / ratio))


def _middle(image: Image.Image) -> Image.Image:
    limit = _LONG * min(image.size)
    return _centre(image, (min(image.height, limit), min(image.width, limit)))


def _centre(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    height, width = size
    left, top = round((image.width - width) / 2), round((image.height - height) / 2)
    return image.crop((left, top, left + width, top + height))


def _padded(image: Image.Image, size: tuple[int, int], level: int) -> Image.Image:
    height, width = size
    canvas = Image.new("RGB", (width, height), (level,) * 3)
    canvas.paste(image, ((width - image.width) // 2, (height - image.height) // 2))
    return canvas


def _is_level(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255


def _is_size(value: object) -> bool:
    sides = value if isinstance(value, list) else [value]
    return len(sides) in (1, 2) and all(is_count(side) for side in sides)


def _are_three(value: object, holds: Callable[[object], bool]) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(holds(item) for item in value)


def _is_one_of(choices: Collection[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in choices
