"""Random views of labelled images, whose features are averaged: augmentation at training time.

As Tip-Adapter and the paper (section 4.1) take their support features: a crop of half to all of the area, of
a shape between 3:4 and 4:3, and every second one mirrored. The image itself is one of the views, as it is
what will be compared. Which views an image has depends on its pixels and a seed alone, so that they are the
same in every run, wherever the image comes from, and a feature cache knows them again.

They are there for encoders that they help. The starter is not one: on Caltech-101's val photos, after three
draws of training photos, 1, 5 or 10 views changed the top-1 accuracy of ``auto`` by -0.2 to 0.0 points at 1
and 4 shots and that of ``gda`` by -0.1 to +0.2, all of which may be chance, and that of ``tip-adapter`` by
-0.6 to 0.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from numbers import Integral
from typing import Final

import numpy as np
from PIL import Image

from clipcoder.arrays import FloatArray, unit_rows
from clipcoder.encoders.ahead import encode_ahead
from clipcoder.encoders.base import Encoder, ImageInput
from clipcoder.encoders.images import open_image
from clipcoder.encoders.inputs import listed_images
from clipcoder.errors import InvalidInputError, UnreadableImageError
from clipcoder.store.keys import bytes_key

_AREA: Final = (0.5, 1.0)
_LOG_RATIO: Final = (np.log(3 / 4), np.log(4 / 3))
_SIDE: Final = 512  # pixels, at most: what most encoders look at, so that the views that wait stay small


def encode_views(
    encoder: Encoder, images: object, views: int, *, seed: int = 0, batch_size: int | None = None
) -> FloatArray:
    """Encode each image as the mean of its views: the image itself and some random ones.

    Beside the result a few batches of views are in memory, however many images there are.

    Args:
        encoder: as in ``encoders.ahead.encode_ahead``.
        images: paths, bytes of image files or PIL images, n of them.
        views: how many random views are added, 0 or more; the first ones of a larger number are the same.
        seed: which ones, 0 or more.
        batch_size: as in ``encode_ahead``.

    Returns:
        float32 unit rows of shape (n, dim).

    Raises:
        UnreadableImageError: an image cannot be decoded; of several the first is named.
        InvalidInputError: a single image instead of a list of them, or a number of views or a seed that is
            none.
    """
    _check_whole("views", views)
    _check_whole("the seed of views", seed)
    listed = listed_images(images)  # type: ignore[arg-type]
    sums = np.zeros((len(listed), encoder.dim), dtype=np.float32)
    every = (view for image in listed for view in _with_views(image, int(views), int(seed)))
    with closing(encode_ahead(encoder, every, batch_size=batch_size)) as outcomes:
        for at, (_, outcome) in enumerate(outcomes):
            if isinstance(outcome, UnreadableImageError):
                raise outcome
            sums[at // (views + 1)] += outcome
    return unit_rows(sums, "the mean features of views")


def random_views(image: Image.Image, count: int, *, seed: int = 0) -> Iterator[Image.Image]:
    """Yield random views of an image in RGB, squares of its shorter side or of 512 pixels.

    >>> [view.size for view in random_views(Image.new("RGB", (40, 30)), 2)]
    [(30, 30), (30, 30)]
    """
    dice = np.random.default_rng([seed, int(bytes_key(image.tobytes())[:16], 16)])
    side = min(*image.size, _SIDE)
    for _ in range(count):
        box = _crop(image.size, dice)
        view = image.resize((side, side), Image.Resampling.BICUBIC, box=box)
        yield view.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if dice.random() < 0.5 else view


def _with_views(image: ImageInput, views: int, seed: int) -> Iterator[ImageInput]:
    yield image
    if views:
        yield from random_views(_opened(image), views, seed=seed)


def _opened(image: ImageInput) -> Image.Image:
    """Open an image at full size: a JPEG decoded smaller has other pixels than the same in memory."""
    opened = open_image(image)
    factor = min(opened.size) // (2 * _SIDE)
    return opened.reduce(factor) if factor > 1 else opened


def _crop(size: tuple[int, int], dice: np.random.Generator) -> tuple[float, float, float, float]:
    """Return a box within an image of a random area and shape, as far as the image allows it."""
    area = dice.uniform(*_AREA) * size[0] * size[1]
    ratio = np.exp(dice.uniform(*_LOG_RATIO))
    width = min(np.sqrt(area * ratio), size[0])
    height = min(np.sqrt(area / ratio), size[1])
    left, top = dice.uniform(0, size[0] - width), dice.uniform(0, size[1] - height)
    return float(left), float(top), float(left + width), float(top + height)


def _check_whole(what: str, number: object) -> None:
    if isinstance(number, bool) or not isinstance(number, Integral) or number < 0:
        raise InvalidInputError(f"{what} must be a whole number, 0 or more, not {number!r}")
