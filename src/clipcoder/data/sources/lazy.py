"""Sequences of images that are nothing but a rule how to get each one."""

from __future__ import annotations

import os
from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import overload

import numpy as np

from clipcoder.data.dataset import Chosen, ImageFile


class LazyImages(Sequence[ImageFile]):
    """Images of which each is looked up, or read, when it is asked for, and not kept."""

    @abstractmethod
    def at(self, position: int) -> ImageFile:
        """Return the image at a position, 0 <= position < len(self)."""

    @overload
    def __getitem__(self, index: int) -> ImageFile: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[ImageFile]: ...

    def __getitem__(self, index: int | slice) -> ImageFile | Sequence[ImageFile]:
        chosen = range(len(self))[index]  # which raises IndexError, and counts negative ones from the end
        return self.at(chosen) if isinstance(chosen, int) else Chosen(self, np.array(chosen, dtype=np.intp))


class Below(LazyImages):
    """Image files by their paths below a folder; an absolute path stands for itself.

    Args:
        folder: where the paths begin.
        paths: with "/" between names, such as the keys of a split, which are then held once.

    Example:
        >>> Below(Path("pets"), ("cat/1.jpg", "cat/2.jpg"))[-1]
        'pets/cat/2.jpg'
    """

    def __init__(self, folder: Path, paths: Sequence[str]) -> None:
        self._folder = str(folder)
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    def at(self, position: int) -> str:
        """Return the path of an image."""
        return os.path.join(self._folder, self._paths[position])  # noqa: PTH118 - ten times as fast


class Together(LazyImages):
    """Several sequences of images one after the other.

    >>> list(Together([["a.jpg"], [], ["b.jpg", "c.jpg"]])[1:])
    ['b.jpg', 'c.jpg']
    """

    def __init__(self, parts: Sequence[Sequence[ImageFile]]) -> None:
        self._parts = parts
        self._ends = list(accumulate(map(len, parts)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def at(self, position: int) -> ImageFile:
        """Return the image at a position of the whole."""
        part = bisect_right(self._ends, position)
        return self._parts[part][position - (self._ends[part - 1] if part else 0)]
