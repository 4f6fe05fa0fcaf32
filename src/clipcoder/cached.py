"""An encoder that encodes nothing twice: features that are kept come from the disk."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from clipcoder.arrays import FloatArray, batches
from clipcoder.encoders.ahead import InStages
from clipcoder.encoders.base import ImageInput, Precision, StagedEncoder
from clipcoder.encoders.inputs import listed_texts
from clipcoder.errors import UnreadableImageError
from clipcoder.store import EncoderIdentity, FeatureStore, Shelf
from clipcoder.store.keys import bytes_key, picture_key, text_key
from clipcoder.store.shelf import Kind

_TEXTS: Final = 4096  # that are encoded before they are kept


@dataclass(frozen=True, eq=False)
class _Miss:
    """An image that has to be encoded: its key, and what the encoder wants to see of it."""

    key: str
    prepared: Any


class CachedEncoder(InStages):
    """A ``StagedEncoder`` in front of another one. Threads may share it.

    An image is known by the bytes of its file, or, if it is a PIL image, by its pixels and what else makes
    its look; a text by its exact characters; and all of them by the encoder's fingerprint, that is, its
    weights, preprocessing and precision. A known image is read, but not decoded. Images that cannot be read
    are not remembered.

    Args:
        encoder: what encodes the rest.
        store: where features are kept; by default a ``FeatureStore`` in its usual place.

    Example:
        >>> import tempfile
        >>> from clipcoder import load_encoder
        >>> store = FeatureStore(Path(tempfile.mkdtemp()))
        >>> encoder = CachedEncoder(load_encoder("starter"), store)
        >>> first = encoder.encode_texts(["a photo of a cat"])
        >>> store.close()
        >>> np.array_equal(first, encoder.encode_texts(["a photo of a cat"]))  # from the disk
        True
    """

    def __init__(self, encoder: StagedEncoder, store: FeatureStore | None = None) -> None:
        self._encoder = encoder
        self._store = store or FeatureStore()
        self._lock = threading.Lock()
        self._identity: EncoderIdentity | None = None

    @property
    def name(self) -> str:
        """The name of the encoder behind."""
        return self._encoder.name

    @property
    def dim(self) -> int:
        """Length of an embedding."""
        return self._encoder.dim

    @property
    def logit_scale(self) -> float:
        """What cosines are multiplied with before the softmax."""
        return self._encoder.logit_scale

    @property
    def logit_bias(self) -> float | None:
        """What is added to scaled cosines before a sigmoid, if anything."""
        return self._encoder.logit_bias

    @property
    def precision(self) -> Precision:
        """The arithmetic of the model."""
        return self._encoder.precision

    @property
    def batch_size(self) -> int:
        """Images that the model takes at a time."""
        return self._encoder.batch_size

    def fingerprint(self) -> str:
        """Return the fingerprint of the encoder behind, which is asked once."""
        return self._known_as().fingerprint

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Return float32 unit rows of shape (n_texts, dim).

        Raises:
            InvalidInputError: a single text instead of a list of them.
        """
        listed = listed_texts(texts)
        keys = [text_key(text) for text in listed]
        return _through(
            self._shelf("texts"), keys, lambda at: self._encoder.encode_texts([listed[i] for i in at]), _TEXTS
        )

    def prepare_image(self, image: ImageInput) -> Any:
        """Return the feature of a known image, and what the encoder wants to see of any other.

        Raises:
            UnreadableImageError: the image cannot be decoded.
        """
        keyed = _keyed(image)
        if keyed is None:
            (row,) = self._encoder.encode_prepared([self._encoder.prepare_image(image)])
            return row
        key, content = keyed
        (row,), (found,) = self._shelf("images").get([key])
        return row if found else _Miss(key, self._prepared(content, image))

    def encode_prepared(self, prepared: Sequence[Any]) -> FloatArray:
        """Return float32 unit rows of shape (n, dim) for what ``prepare_image`` returned."""
        rows = np.empty((len(prepared), self.dim), dtype=np.float32)
        misses: list[_Miss] = []
        places: list[int] = []
        for i, item in enumerate(prepared):
            if isinstance(item, _Miss):
                misses.append(item)
                places.append(i)
            else:
                rows[i] = item
        rows[places] = self._encoded(misses)
        return rows

    def _encoded(self, misses: Sequence[_Miss]) -> FloatArray:
        """Encode what is still not known: since it was prepared, the same image may have been encoded."""
        keys = [miss.key for miss in misses]
        return _through(
            self._shelf("images"),
            keys,
            lambda at: self._encoder.encode_prepared([misses[i].prepared for i in at]),
            max(1, len(misses)),
        )

    def _prepared(self, content: bytes | Image.Image, image: ImageInput) -> Any:
        try:
            return self._encoder.prepare_image(content)
        except UnreadableImageError as error:
            if content is image or isinstance(image, (bytes, Image.Image)):
                raise
            raise UnreadableImageError(f"'{os.fspath(image)}'", error.reason) from error

    def _shelf(self, kind: Kind) -> Shelf:
        return self._store.shelf(self._known_as(), kind)

    def _known_as(self) -> EncoderIdentity:
        with self._lock:
            if self._identity is None:
                self._identity = identity_of(self._encoder)
            return self._identity


def identity_of(encoder: StagedEncoder) -> EncoderIdentity:
    """Return all that the features of an encoder depend on, and its name."""
    return EncoderIdentity(encoder.name, encoder.fingerprint(), encoder.dim, encoder.precision)


def _keyed(image: ImageInput) -> tuple[str, bytes | Image.Image] | None:
    """Return the key of an image and what has been read of it; None where it cannot be read."""
    try:
        if isinstance(image, Image.Image):
            return picture_key(image), image
        content = image if isinstance(image, bytes) else Path(image).read_bytes()
        return bytes_key(content), content
    except Exception:  # whatever is wrong with it, the encoder says it better
        return None


def _through(
    shelf: Shelf, keys: Sequence[str], encode: Callable[[Sequence[int]], FloatArray], at_a_time: int
) -> FloatArray:
    """Return the rows of keys, encoding and keeping those that are not on the shelf, each key once.

    Args:
        shelf: where features are kept.
        keys: n keys, of which some may be the same.
        encode: returns the rows of the inputs at some positions.
        at_a_time: how many are encoded before they are kept.
    """
    rows, found = shelf.get(keys)
    first: dict[str, int] = {}
    for i in np.flatnonzero(~found).tolist():
        first.setdefault(keys[i], i)
    new = list(first.values())
    for batch in batches(len(new), at_a_time):
        encoded = encode(new[batch])
        shelf.put([keys[i] for i in new[batch]], encoded)  # which checks that there is a row for each
        rows[new[batch]] = encoded
    copies = np.flatnonzero(~found).tolist()
    rows[copies] = rows[[first[keys[i]] for i in copies]]
    return rows
