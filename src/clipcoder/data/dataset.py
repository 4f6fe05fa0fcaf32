"""What a data set is once it has been read: class names, and splits of images with labels."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, overload

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import IntArray
from clipcoder.errors import InvalidInputError, UnknownNameError

ImageFile = str | os.PathLike[str] | bytes
"""Where an image is: a path, or the bytes of a file."""

SPLITS: Final = ("train", "val", "test")
"""The splits that a data set may have, in the order in which they are used."""


@dataclass(frozen=True, eq=False)
class Split:
    """Images with labels.

    Attributes:
        images: paths, or a sequence that reads the bytes of an image when it is indexed.
        labels: positions in ``Dataset.class_names``, integers of shape (n,).
        keys: what names each image on any machine, such as its path within the data set with "/"; unique.

    Raises:
        InvalidInputError: parts of different lengths, or a key that occurs twice.
    """

    images: Sequence[ImageFile]
    labels: IntArray
    keys: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", np.asarray(self.labels, dtype=np.intp))
        lengths = len(self.images), len(self.labels), len(self.keys)
        if len(set(lengths)) > 1:
            raise InvalidInputError(
                "a split needs one label and one key for each image, but it has {} images, {} labels and {} "
                "keys".format(*lengths)
            )
        if len(set(self.keys)) < len(self.keys):
            twice = _first_repeated(self.keys)
            raise InvalidInputError(f"an image belongs in a split once, but {twice!r} is there twice")

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, positions: npt.ArrayLike) -> Split:
        """Return the images at these positions, in their order; nothing is read.

        >>> split = Split(["a.jpg", "b.jpg"], [0, 1], ("a.jpg", "b.jpg"))
        >>> split.take([1]).keys
        ('b.jpg',)
        """
        chosen = np.asarray(positions, dtype=np.intp)
        return Split(
            Chosen(self.images, chosen), self.labels[chosen], tuple(self.keys[i] for i in chosen.tolist())
        )


class Chosen(Sequence[ImageFile]):
    """Some images of a sequence, each taken from it when it is asked for."""

    def __init__(self, images: Sequence[ImageFile], positions: IntArray) -> None:
        whole = images.images if isinstance(images, Chosen) else images
        self.images: Sequence[ImageFile] = whole
        self.positions: IntArray = images.positions[positions] if isinstance(images, Chosen) else positions

    def __len__(self) -> int:
        return len(self.positions)

    @overload
    def __getitem__(self, index: int) -> ImageFile: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[ImageFile]: ...

    def __getitem__(self, index: int | slice) -> ImageFile | Sequence[ImageFile]:
        if isinstance(index, slice):
            return Chosen(self.images, self.positions[index])
        return self.images[int(self.positions[index])]


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set.

    Attributes:
        name: a short name, such as ``"caltech101"`` or that of a folder.
        title: its name for people.
        class_names: as a person would write them, in the order of the labels; unique.
        splits: of ``"train"``, ``"val"`` and ``"test"``, those that it has, at least one.
        prompts: the entry of the prompt catalogue that has its templates.

    Raises:
        InvalidInputError: no class, a name that occurs twice, no split, or a label beyond the names.
        UnknownNameError: a split of another name.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    splits: Mapping[str, Split]
    prompts: str = "generic"

    def __post_init__(self) -> None:
        if not self.class_names or not self.splits:
            raise InvalidInputError(f"{self.title} needs a class and a split, at least one of each")
        if len(set(self.class_names)) < len(self.class_names):
            twice = _first_repeated(self.class_names)
            raise InvalidInputError(f"class names must differ, but {self.title} has {twice!r} twice")
        for name, split in self.splits.items():
            if name not in SPLITS:
                raise UnknownNameError("split", name, SPLITS)
            beyond = (split.labels < 0) | (split.labels >= len(self.class_names))
            if beyond.any():
                raise InvalidInputError(
                    f"{self.title} has {len(self.class_names)} classes, but {split.keys[beyond.argmax()]} of "
                    f"{name} has the label {split.labels[beyond.argmax()]}; labels count from 0"
                )

    def split(self, name: str) -> Split:
        """Return a split.

        Raises:
            UnknownNameError: the data set does not have it.
        """
        if name not in self.splits:
            raise UnknownNameError(f"split of {self.title}", name, tuple(self.splits))
        return self.splits[name]

    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits that class names, keys and labels of all splits decide together.

        >>> split = Split(["a.jpg"], [0], ("a.jpg",))
        >>> Dataset("one", "One", ("cat",), {"test": split}).fingerprint()
        'f105ea56d1820e30'
        """
        digest = hashlib.sha256()
        _add(digest, self.class_names)
        for name in SPLITS:
            if name in self.splits:
                split = self.splits[name]
                _add(digest, [name, *split.keys])
                digest.update(split.labels.astype("<i8").tobytes())
        return digest.hexdigest()[:16]


def _add(digest: hashlib._Hash, texts: Iterable[str]) -> None:
    """Add texts to a digest so that none runs into the next."""
    for text in texts:
        raw = text.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "little") + raw)


def _first_repeated(names: Sequence[str]) -> str:
    seen: set[str] = set()
    return next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]
