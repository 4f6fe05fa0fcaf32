"""Images and texts on which two forms of one model are compared; made by rule, the same on every machine.

A quarter of the images each: shapes on noise whose amplitude falls with frequency, as in photos; the same
noise as blots of glaring light and shadow; a head and shoulders; and a thing on plain ground. The texts are
captions, names and prompts of 0 to 60 words. They tell how far an arithmetic moves features, not how good a
model is, so nothing on them needs to be real; but it must be as hard. Noise and gradients alone move a third
as far as photos do: measured with the image tower of DINOv2, whose activations have outliers, in int8.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from clipcoder.arrays import FloatArray

LEAST_COSINE: Final = 0.9995
"""What every feature of the probe must keep to that of float32, or a form of the model is not offered.

It is to keep those of photos at 0.999: among many photos there are some that move twice as far as any image
of the probe.
"""

VERSION: Final = 1
"""To be raised whenever the images or texts change: what was judged by others has to be judged again."""

_SIDE: Final = (240, 320)  # height and width: what a resized photo comes from, and not square

_THINGS: Final = ("dog", "castle", "bowl of soup", "lighthouse", "violin", "sports car", "lotus flower")
_PROMPTS: Final = (
    "{}",
    "a photo of a {}",
    "a blurry black and white photo of the {} at night",
    "A {}, which is often seen near water and has a smooth, shiny surface.",
)
_OTHERS: Final = (
    "",
    "Two children in red jackets are running through the snow while their father takes a picture.",
    "42",
    "una foto de un gato",
    "sunrise; mist; mountains!",
    "a close-up of old leather",
    "people",
    "the " * 60,
)

PROBE_TEXTS: Final = tuple(prompt.format(thing) for thing in _THINGS for prompt in _PROMPTS) + _OTHERS
"""36 texts."""


def probe_images(count: int = 24) -> list[Image.Image]:
    """Return RGB images of 320 x 240 pixels; the first ones are the same whatever the count.

    Example:
        >>> [image.size for image in probe_images(2)]
        [(320, 240), (320, 240)]
    """
    draw = (_shapes, _blots, _portrait, _thing)
    return [draw[i % len(draw)](np.random.default_rng(i)) for i in range(count)]


def least_cosine(features: FloatArray, reference: FloatArray) -> float:
    """Return the smallest cosine between rows of the same place, -1 where features are not finite.

    Args:
        features: of shape (n, d), n > 0, of any length.
        reference: of the same shape.

    Example:
        >>> least_cosine(np.float32([[2, 0], [3, 4]]), np.float32([[1, 0], [0, 1]])).__round__(3)
        0.8
    """
    a, b = np.asarray(features, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosines = np.einsum("nd,nd->n", a, b) / lengths
    return float(np.nan_to_num(cosines, nan=-1.0).min())


def _noise(rng: np.random.Generator) -> FloatArray:
    """Colour noise with amplitude 1 / frequency ** 2, levels from 0 to 1."""
    height, width = _SIDE
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(height), np.fft.rfftfreq(width), indexing="ij"))
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.normal(size=(3, *_SIDE))) / frequency**2
    levels = np.fft.irfft2(spectrum, s=_SIDE).transpose(1, 2, 0)
    scaled: FloatArray = ((levels - levels.min()) / np.ptp(levels)).astype(np.float32)
    return scaled


def _image(levels: FloatArray) -> Image.Image:
    return Image.fromarray((levels.clip(0, 1) * 255).astype(np.uint8))


def _blots(rng: np.random.Generator) -> Image.Image:
    """Noise so rich in contrast that most of it is as bright or as dark as can be."""
    levels = _noise(rng)
    return _image((levels - levels.mean(axis=(0, 1))) * 4 + 0.5)


def _shapes(rng: np.random.Generator) -> Image.Image:
    """Ellipses and boxes in plain colours, on noise."""
    image = _image(_noise(rng))
    canvas = ImageDraw.Draw(image)
    for kind in (canvas.ellipse, canvas.rectangle) * 4:
        left, top = rng.integers(0, _SIDE[1] - 40), rng.integers(0, _SIDE[0] - 40)
        width, height = rng.integers(20, 120, size=2)
        kind((int(left), int(top), int(left + width), int(top + height)), fill=_colour(rng))
    return image


def _portrait(rng: np.random.Generator) -> Image.Image:
    """Draw a head with eyes and a mouth, and shoulders, before noise."""
    image = _image(_noise(rng))
    canvas = ImageDraw.Draw(image)
    x = int(rng.integers(100, 220))
    canvas.polygon([(x - 80, 240), (x - 40, 155), (x + 40, 155), (x + 80, 240)], fill=_colour(rng))
    canvas.ellipse((x - 45, 40, x + 45, 160), fill=_colour(rng))
    for eye in (x - 18, x + 18):
        canvas.ellipse((eye - 7, 80, eye + 7, 92), fill="black")
    canvas.arc((x - 20, 100, x + 20, 135), 10, 170, fill="darkred", width=5)
    return image


def _thing(rng: np.random.Generator) -> Image.Image:
    """Something round and many-coloured on plain ground."""
    image = Image.new("RGB", _SIDE[::-1], _colour(rng))
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).ellipse((90, 50, 230, 190), fill=255)
    image.paste(_shapes(rng), mask=mask)
    return image


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = rng.integers(0, 256, size=3).tolist()
    return red, green, blue
