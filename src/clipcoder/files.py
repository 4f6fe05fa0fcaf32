"""Files that processes share: complete or not there at all, and one writer at a time."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

IMAGE_SUFFIXES: Final = frozenset(
    ".avif .bmp .gif .jfif .jp2 .jpe .jpeg .jpg .pgm .png .ppm .tif .tiff .webp".split()  # noqa: SIM905
)
"""Suffixes that make a file in a folder an image; a file that is named itself is read whatever its suffix."""

_SUFFIX = ".tmp"
_ABANDONED = 3600.0  # seconds after which nobody writes at a draft any more


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a binary file that gets its name once the block has ended well and the bytes are on the disk.

    Until then it is a hidden file in the same folder, which a failing block removes.

    Raises:
        OSError: the folder is absent or cannot be written to, or the disk is full.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "answer.txt"
        >>> with whole_file(path) as file:
        ...     file.write(b"42"), path.exists()
        (2, False)
        >>> path.read_bytes()
        b'42'
    """
    draft = path.with_name(f".{path.name}.{uuid4().hex[:8]}{_SUFFIX}")
    try:
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock of a file, which lies beside it, as long as the block runs.

    Where no lock can be had, as in a folder that may not be written to, the block runs without one: nothing
    can be written there either, by this process or by another one.
    """
    from filelock import FileLock

    lock = FileLock(f"{path}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except (OSError, NotImplementedError):  # the latter: a file system without locks
        yield
        return
    try:
        yield
    finally:
        lock.release()


def remove_abandoned(folder: Path) -> None:
    """Remove the drafts that killed processes have left in a folder."""
    for draft in folder.glob(f".*{_SUFFIX}"):
        with suppress(OSError):  # another process may remove it at the same time
            if time.time() - draft.stat().st_mtime > _ABANDONED:
                draft.unlink()


def system_reason(error: OSError) -> str:
    """Return why the system refuses something, as the middle of a sentence.

    >>> system_reason(FileNotFoundError(2, "No such file or directory"))
    'no such file or directory'
    """
    if error.errno:
        return os.strerror(error.errno).lower()  # libraries put words of their own around it
    return first_sentence(error.strerror or error).lower()


def first_sentence(said: object) -> str:
    r"""Return what an error of another library says first, on one line and without its full stop.

    >>> first_sentence("No magic bytes in the footer.\nThis is not a Parquet file.")
    'No magic bytes in the footer'
    """
    return re.split(r"\.(?:\s|$)|\n", str(said).strip(), maxsplit=1)[0]


def sync_folder(folder: Path) -> None:
    """Make a new name survive a power cut, on systems that open folders."""
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
