"""Features of the images of a benchmark: each image is encoded once, however many methods ask for it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, IntArray
from clipcoder.data.dataset import Split
from clipcoder.encoders.ahead import encode_ahead
from clipcoder.encoders.base import Encoder, ImageInput
from clipcoder.errors import UnreadableImageError

T = TypeVar("T")


class Watch(Protocol):
    """Passes on what a long run yields, and shows how far it is."""

    def __call__(self, outcomes: Iterator[T], count: int, doing: str) -> Iterator[T]:
        """Pass the outcomes on, of which there will be ``count``."""


def unwatched(outcomes: Iterator[T], count: int, doing: str) -> Iterator[T]:
    """Pass the outcomes on and show nothing.

    >>> list(unwatched(iter("ab"), 2, "reading"))
    ['a', 'b']
    """
    return outcomes


@dataclass(frozen=True, eq=False)
class EncodedImages:
    """Images of a split, by the keys that they have there.

    Attributes:
        features: unit rows of the images that could be read, float32 of shape (r, d).
        readable: which of the n images could be read, booleans of shape (n,).
        failed: the keys of the others.
        seconds: how long it took.
    """

    features: FloatArray
    readable: npt.NDArray[np.bool_]
    failed: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, eq=False)
class Labelled:
    """Labelled images that something may be learned from.

    Attributes:
        features: unit rows, float32 of shape (n, d).
        labels: the class of each, of shape (n,).
        left_out: the keys of those that could not be read.
    """

    features: FloatArray
    labels: IntArray
    left_out: tuple[str, ...] = ()


def encode_split(encoder: Encoder, split: Split, watch: Watch = unwatched, doing: str = "") -> EncodedImages:
    """Encode the images of a split, past those that cannot be read; no label is looked at.

    Args:
        encoder: with a feature cache before it, nothing is encoded twice.
        split: the images.
        watch: shows how far it is.
        doing: what it says.
    """
    return _encode(encoder, split.keys, iter(split.images), watch, doing)


class EncodedPool:
    """The labelled images of several draws, each encoded once.

    Args:
        encoder: as in ``encode_split``.
        draws: splits of one data set, which may have images in common.
        watch: shows how far it is.
        doing: what it says.
    """

    def __init__(
        self, encoder: Encoder, draws: Iterable[Split], watch: Watch = unwatched, doing: str = ""
    ) -> None:
        place = {key: (draw, i) for draw in draws for i, key in enumerate(draw.keys)}
        images = (draw.images[i] for draw, i in place.values())
        encoded = _encode(encoder, tuple(place), images, watch, doing)
        readable = (key for key, could in zip(place, encoded.readable.tolist(), strict=True) if could)
        self._features = encoded.features
        self._row = {key: row for row, key in enumerate(readable)}

    def labelled(self, draw: Split) -> Labelled:
        """Return the features and labels of one of the draws."""
        known = np.array([key in self._row for key in draw.keys], dtype=bool)
        rows = [self._row[key] for key in draw.keys if key in self._row]
        left_out = tuple(key for key in draw.keys if key not in self._row)
        return Labelled(self._features[rows], draw.labels[known], left_out)


def _encode(
    encoder: Encoder, keys: Sequence[str], images: Iterator[ImageInput], watch: Watch, doing: str
) -> EncodedImages:
    begun = time.perf_counter()
    readable = np.ones(len(keys), dtype=bool)
    features = np.empty((len(keys), encoder.dim), dtype=np.float32)
    with closing(encode_ahead(encoder, images)) as outcomes:
        for i, (_, outcome) in enumerate(watch(outcomes, len(keys), doing)):
            if isinstance(outcome, UnreadableImageError):
                readable[i] = False
            else:
                features[i] = outcome
    failed = tuple(keys[i] for i in np.flatnonzero(~readable).tolist())
    kept = features if readable.all() else features[readable]
    return EncodedImages(kept, readable, failed, time.perf_counter() - begun)
