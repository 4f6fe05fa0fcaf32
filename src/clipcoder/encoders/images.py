"""Opening whatever counts as an image, the same way for every encoder."""

from __future__ import annotations

import io
import os

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from clipcoder.encoders.base import IMAGE_TYPES, ImageInput
from clipcoder.errors import InvalidInputError, UnreadableImageError

_WHITE = (255, 255, 255, 255)


def open_image(source: ImageInput) -> Image.Image:
    """Decode an image completely, upright and in RGB; transparent pixels lie on white.

    Args:
        source: a path, the bytes of an image file, or a PIL image. Of an animation the first frame is taken.

    Raises:
        UnreadableImageError: there is no such file, or it holds no image that Pillow can decode to its end.
        InvalidInputError: something else than these three.

    Example:
        >>> open_image(Image.new("L", (4, 3), 128)).getpixel((0, 0))
        (128, 128, 128)
    """
    if not isinstance(source, IMAGE_TYPES):
        raise InvalidInputError(
            "an image must be a path, the bytes of an image file or a PIL image, not "
            f"{type(source).__name__}; PIL.Image.fromarray makes one of an array"
        )
    try:
        image = source if isinstance(source, Image.Image) else Image.open(_readable(source))
        return _rgb(ImageOps.exif_transpose(image))
    except Exception as error:  # Pillow's plugins raise whatever a broken file makes them stumble over
        raise UnreadableImageError(_described(source), _reason(error)) from error


def _readable(source: str | os.PathLike[str] | bytes) -> io.BytesIO | str | os.PathLike[str]:
    return io.BytesIO(source) if isinstance(source, bytes) else source


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        image = _eight_bit(image)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layer.size, _WHITE), layer)
    return image.convert("RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """Scale deep grey levels to 0..255; Pillow alone would cut them off at 255."""
    levels = np.asarray(image, dtype=np.float32)
    scale = 255 / 65535 if levels.max(initial=0) > 255 else 1
    return Image.fromarray((levels * scale).clip(0, 255).astype(np.uint8))


def _described(source: ImageInput) -> str:
    if isinstance(source, bytes):
        return f"in {len(source):,} bytes"
    return "that was handed in" if isinstance(source, Image.Image) else f"'{os.fspath(source)}'"


def _reason(error: Exception) -> str:
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case IsADirectoryError():
            return "it is a folder"
        case PermissionError():
            return "it may not be read"
        case UnidentifiedImageError():
            return "it is no image in a format that Pillow knows"
        case Image.DecompressionBombError():
            return f"it has more than {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels"
    return " ".join(str(error).split()) or type(error).__name__
