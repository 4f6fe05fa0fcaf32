"""Random views of labelled images, whose features are averaged: augmentation at training time.

As Tip-Adapter and the paper (section 4.1) take their support features: a crop of half to all of the area, of
a shape between 3:4 and 4:3, and every second one mirrored. Which views an image has depends on the image and
a seed alone, so that they are the same in every run and a feature cache knows them again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Final

import numpy as np
from PIL import Image

from clipcoder.arrays import FloatArray, unit_rows
from clipcoder.encoders.ahead import encode_ahead
from clipcoder.encoders.base import Encoder, ImageInput
from clipcoder.encoders.images import open_image
from clipcoder.encoders.inputs import listed_images
from clipcoder.errors import InvalidInputError, UnreadableImageError
from clipcoder.store.keys import picture_key

_AREA: Final = (0.5, 1.0)
_LOG_RATIO: Final = (np.log(3 / 4), np.log(4 / 3))
_LARGE: Final = (1024, 1024)  # pixels, well above what any encoder looks at


def encode_views(
    encoder: Encoder, images: object, views: int, *, seed: int = 0, batch_size: int | None = None
) -> FloatArray:
    """Encode each image as the mean of its views: the image itself and some random ones.

    Args:
        encoder: as in ``encoders.ahead.encode_ahead``.
        images: paths, bytes of image files or PIL images, n of them.
        views: how many random views are added, 0 or more.
        seed: which ones.
        batch_size: as in ``encode_ahead``.

    Returns:
        float32 unit rows of shape (n, dim).

    Raises:
        UnreadableImageError: an image cannot be decoded.
        InvalidInputError: a single image instead of a list of them, or a number of views that is none.
    """
    if isinstance(views, bool) or not isinstance(views, int) or views < 0:
        raise InvalidInputError(f"views must be a whole number, 0 or more, not {views!r}")
    listed = listed_images(images)  # type: ignore[arg-type]
    sums = np.zeros((len(listed), encoder.dim), dtype=np.float32)
    every = (view for image in listed for view in _with_views(image, views, seed))
    with closing(encode_ahead(encoder, every, batch_size=batch_size)) as outcomes:
        for at, (_, outcome) in enumerate(outcomes):
            if isinstance(outcome, UnreadableImageError):
                raise outcome
            sums[at // (views + 1)] += outcome
    return unit_rows(sums, "the mean features of views")


def random_views(image: Image.Image, count: int, *, seed: int = 0) -> Iterator[Image.Image]:
    """Yield random views of an image, of the shorter side's length both ways.

    >>> [view.size for view in random_views(Image.new("RGB", (40, 30)), 2)]
    [(30, 30), (30, 30)]
    """
    dice = np.random.default_rng([seed, int(picture_key(image)[:16], 16)])
    side = min(image.size)
    for _ in range(count):
        box = _crop(image.size, dice)
        view = image.resize((side, side), Image.Resampling.BICUBIC, box=box)
        yield view.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if dice.random() < 0.5 else view


def _with_views(image: ImageInput, views: int, seed: int) -> Iterator[ImageInput]:
    yield image
    if views:
        yield from random_views(open_image(image, at_least=_LARGE), views, seed=seed)


def _crop(size: tuple[int, int], dice: np.random.Generator) -> tuple[float, float, float, float]:
    """Return a box within an image of a random area and shape, as far as the image allows it."""
    area = dice.uniform(*_AREA) * size[0] * size[1]
    ratio = np.exp(dice.uniform(*_LOG_RATIO))
    width = min(np.sqrt(area * ratio), size[0])
    height = min(np.sqrt(area / ratio), size[1])
    left, top = dice.uniform(0, size[0] - width), dice.uniform(0, size[1] - height)
    return float(left), float(top), float(left + width), float(top + height)
