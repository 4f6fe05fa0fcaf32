"""The strict protocol's guard: nothing that is learned from may be among the images that are evaluated.

Two images are the same where their keys are, or their bytes. Files are compared by size, then by a digest of
their bytes, so that most of them are never opened.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from clipcoder.data.dataset import Dataset, ImageFile, Split
from clipcoder.errors import InvalidInputError
from clipcoder.store.keys import bytes_key

SHOWN: Final = 3
"""How many shared images a message names."""


def check_keys(dataset: Dataset, evaluated: str) -> None:
    """Refuse a data set that lists an evaluated image in another split as well.

    Args:
        dataset: all of its splits are looked at.
        evaluated: the split that is predicted.

    Raises:
        InvalidInputError: there is such an image.
    """
    asked = set(dataset.split(evaluated).keys)
    for name, split in dataset.splits.items():
        if name != evaluated:
            _refuse(dataset, evaluated, name, [(key, key) for key in split.keys if key in asked])


def check_bytes(dataset: Dataset, evaluated: str, learned: Mapping[str, Iterable[Split]]) -> None:
    """Refuse images to learn from that are files of the same bytes as evaluated ones, whatever their names.

    Args:
        dataset: what they are of.
        evaluated: the split that is predicted.
        learned: by the name of their split, the images that something is or may be learned from.

    Raises:
        InvalidInputError: there is such an image.
    """
    asked = _Fingerprints(dataset.split(evaluated))
    for name, splits in learned.items():
        twins = {key: twin for split in splits for key, twin in asked.twins(split)}
        _refuse(dataset, evaluated, name, list(twins.items()))


class _Fingerprints:
    """The bytes of a split's images, as far as anybody has asked for their like."""

    def __init__(self, split: Split) -> None:
        self._split = split
        self._of_size: dict[int, list[int]] = defaultdict(list)
        self._digests: dict[int, dict[str | None, str]] = {}
        for i, image in enumerate(split.images):
            self._of_size[_size(image)].append(i)

    def twins(self, other: Split) -> Iterator[tuple[str, str]]:
        """Yield the key of each image of another split with the bytes of one of these, and the latter's."""
        for key, image in zip(other.keys, other.images, strict=True):
            size = _size(image)
            if size in self._of_size and size > 0:
                twin = self._with(size).get(_digest(image))
                if twin is not None:
                    yield key, twin

    def _with(self, size: int) -> dict[str | None, str]:
        """Return the keys of the images of a size by the digests of their bytes."""
        if size not in self._digests:
            keys = {_digest(self._split.images[i]): self._split.keys[i] for i in self._of_size[size]}
            keys.pop(None, None)
            self._digests[size] = keys
        return self._digests[size]


def _size(image: ImageFile) -> int:
    """Return how many bytes an image has; 0 of one that is missing, of which the encoder will tell."""
    if isinstance(image, bytes):
        return len(image)
    try:
        return os.stat(image).st_size  # noqa: PTH116 - half the time of Path, for a million images
    except OSError:
        return 0


def _digest(image: ImageFile) -> str | None:
    """Return a digest of an image's bytes; None if they cannot be read, of which the encoder will tell."""
    try:
        return bytes_key(image if isinstance(image, bytes) else Path(image).read_bytes())
    except OSError:
        return None


def _refuse(dataset: Dataset, evaluated: str, other: str, shared: list[tuple[str, str]]) -> None:
    if not shared:
        return
    named = [key if key == twin else f"{key} (there {twin})" for key, twin in shared[:SHOWN]]
    listed = ", ".join([*named, "..."] if len(shared) > SHOWN else named)
    raise InvalidInputError(
        f"the strict protocol learns from no image that is evaluated, but {len(shared):,} of the {other} "
        f"split of {dataset.title} are in its {evaluated} split too: {listed}; "
        "mend the splits"
    )
