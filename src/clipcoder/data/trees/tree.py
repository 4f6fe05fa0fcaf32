"""What folders and archives have in common: files by paths with "/", none of which leads out."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Final

from clipcoder.data.dataset import ImageFile
from clipcoder.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Listing:
    """What lies directly in a folder.

    Attributes:
        files: names of files.
        folders: names of folders.
    """

    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.files or self.folders)


_ELSEWHERE: Final = re.compile(r"[\\\0]|^[A-Za-z]:")  # what Windows makes of them, and what no path can hold

NOTHING: Final = Listing()
"""What lies in a folder that is not there."""


class Tree(ABC):
    """Files below one place.

    All paths are relative, with "/" between names; "" is the place itself.
    """

    @abstractmethod
    def listing(self, folder: str = "") -> Listing:
        """Return what lies directly in a folder; nothing where there is no such folder.

        Raises:
            InvalidInputError: it cannot be read, or leads out.
        """

    @abstractmethod
    def image(self, path: str) -> ImageFile:
        """Return where the image is that this path names: a path, or its bytes."""

    @abstractmethod
    def read(self, path: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            InvalidInputError: it cannot be read.
        """

    @abstractmethod
    def at(self, folder: str) -> Tree:
        """Return the files below a folder, which need not be there.

        Raises:
            InvalidInputError: the path leads out.
        """

    @abstractmethod
    def place(self, path: str = "") -> str:
        """Return where a path is, for messages."""

    def has(self, path: str) -> bool:
        """Return whether there is a file of this path."""
        folder, _, name = path.rpartition("/")
        return name in self.listing(folder).files


def checked_path(path: str, source: str) -> str:
    """Return a path that leads nowhere but down.

    Args:
        path: with "/" between names.
        source: where the path was read, for messages.

    Raises:
        InvalidInputError: it is absolute, or goes up.

    Example:
        >>> checked_path("./cat/1.jpg", "list.txt")
        'cat/1.jpg'
    """
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or ".." in parts or _ELSEWHERE.search(path):
        raise InvalidInputError(
            f"{source} names the path {path!r}, which leads out of the data set; fetch a copy to be trusted"
        )
    return "/".join(parts)


def joined(folder: str, path: str) -> str:
    """Return a path below a folder.

    >>> joined("", "cat"), joined("train", "cat")
    ('cat', 'train/cat')
    """
    return f"{folder}/{path}" if folder and path else folder or path
