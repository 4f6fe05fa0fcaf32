"""Tar files read in place: an index of their members, and the bytes of each when it is asked for."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from clipcoder.data.sources.lazy import LazyImages
from clipcoder.errors import InvalidInputError
from clipcoder.files import first_sentence, system_reason

_BLOCK: Final = 512  # bytes; tar files are made of these, and end with two that are all zeros


class Member(NamedTuple):
    """A file in a tar file.

    Attributes:
        name: its path.
        offset: where its bytes begin.
        size: how many there are.
    """

    name: str
    offset: int
    size: int


class TarImages(LazyImages):
    """The bytes of some members of a tar file, which is opened for each of them.

    Args:
        file: the file.
        offsets: where each begins, in bytes, of shape (n,).
        sizes: how long each is, in bytes, of shape (n,).
    """

    def __init__(self, file: Path, offsets: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> None:
        self._file = file
        self._offsets = offsets
        self._sizes = sizes

    def __len__(self) -> int:
        return len(self._offsets)

    def at(self, position: int) -> bytes:
        """Return the bytes of an image.

        Raises:
            InvalidInputError: the file is gone, or cannot be read.
        """
        with _reading(self._file), self._file.open("rb") as stream:
            return content(stream, int(self._offsets[position]), int(self._sizes[position]))


@contextmanager
def tar_members(file: Path) -> Iterator[tuple[BinaryIO, Iterator[Member]]]:
    """Open a plain tar file and go through its files, which takes a read of their headers alone.

    Links, folders and devices are passed over; sparse files too, for their bytes lie apart.

    Yields:
        The file, which may be read between members, and its members in their order.

    Raises:
        InvalidInputError: it cannot be read, or is no plain tar file that goes to its end.
    """
    with _reading(file), file.open("rb") as stream:
        yield stream, _members(stream)


def content(stream: BinaryIO, offset: int, size: int) -> bytes:
    """Return a stretch of a file."""
    stream.seek(offset)
    return stream.read(size)


def _members(stream: BinaryIO) -> Iterator[Member]:
    end = 0
    with tarfile.open(fileobj=stream, mode="r:") as tar:
        while (member := tar.next()) is not None:
            tar.members = []  # type: ignore[attr-defined]  # it would keep all of them
            end = member.offset_data + -(-member.size // _BLOCK) * _BLOCK if member.isreg() else tar.offset
            if member.isreg() and not member.issparse():
                yield Member(member.name, member.offset_data, member.size)
    if content(stream, end, _BLOCK) != bytes(_BLOCK):  # where a broken header is, tarfile sees the end
        raise tarfile.ReadError("it breaks off, or is damaged within")


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidInputError(f"cannot read the shard '{file}': {system_reason(error)}") from error
    except tarfile.TarError as error:
        raise InvalidInputError(
            f"'{file}' is no whole tar file: {first_sentence(error)}; fetch it again, and if it is "
            "compressed, unpack it to a plain one"
        ) from error
