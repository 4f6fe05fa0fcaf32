"""Images and texts on which two forms of one model are compared; made by rule, the same on every machine.

A quarter of the images each: noise whose amplitude falls with frequency, as in photos, once even and once
coarse; gradients of colour; and shapes on noise. The texts are captions, names and prompts of 0 to 60 words.
They tell how far an arithmetic moves features, not how good a model is, so nothing on them needs to be real.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from clipcoder.arrays import FloatArray

LEAST_COSINE: Final = 0.999
"""What every feature of the probe must keep to that of float32, or a form of the model is not offered."""

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
    draw = (_noise, _coarse_noise, _gradient, _shapes)
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


def _noise(rng: np.random.Generator, *, steepness: float = 1.0) -> Image.Image:
    """Colour noise with amplitude 1 / frequency ** steepness, stretched to all levels."""
    height, width = _SIDE
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(height), np.fft.rfftfreq(width), indexing="ij"))
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.normal(size=(3, *_SIDE))) / frequency**steepness
    return _image(np.fft.irfft2(spectrum, s=_SIDE).transpose(1, 2, 0).astype(np.float32))


def _coarse_noise(rng: np.random.Generator) -> Image.Image:
    return _noise(rng, steepness=2.0)


def _gradient(rng: np.random.Generator) -> Image.Image:
    """From one colour to another across the image, and waves of a third over it."""
    y, x = np.mgrid[0 : 1 : _SIDE[0] * 1j, 0 : 1 : _SIDE[1] * 1j][..., None]
    start, end, wave = rng.uniform(size=(3, 3))
    slope = x * rng.uniform() + y * rng.uniform()
    ripple = np.sin(2 * np.pi * rng.uniform(1, 12) * slope)
    return _image((start + (end - start) * slope + 0.3 * wave * ripple).astype(np.float32))


def _shapes(rng: np.random.Generator) -> Image.Image:
    """Ellipses and boxes in plain colours, on noise."""
    image = _coarse_noise(rng)
    canvas = ImageDraw.Draw(image)
    for kind in (canvas.ellipse, canvas.rectangle) * 4:
        left, top = rng.integers(0, _SIDE[1] - 40), rng.integers(0, _SIDE[0] - 40)
        width, height = rng.integers(20, 120, size=2)
        red, green, blue = rng.integers(0, 256, size=3).tolist()
        kind((int(left), int(top), int(left + width), int(top + height)), fill=(red, green, blue))
    return image


def _image(levels: FloatArray) -> Image.Image:
    low, high = levels.min(), levels.max()
    return Image.fromarray(((levels - low) * (255 / (high - low))).astype(np.uint8))
