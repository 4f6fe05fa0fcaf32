"""Putting a whole folder in its place at once, and clearing away what a killed process has left beside it."""

from __future__ import annotations

import glob
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from clipcoder.errors import InvalidInputError
from clipcoder.files import alone

_SUFFIX: Final = ".exporting"
_LOCKED, _NEW, _BEFORE = "room", "new", "before"


@contextmanager
def put_in_place(folder: Path) -> Iterator[Path]:
    """Hand out an empty folder beside the place, and move it there when the block ends without an error.

    What was at the place before is removed after that, and stays as it is if anything fails.

    Raises:
        InvalidInputError: nothing can be written beside the place.

    Example:
        >>> place = Path(tempfile.mkdtemp()) / "place"
        >>> with put_in_place(place) as work:
        ...     _ = (work / "answer.txt").write_text("42")
        ...     place.exists()
        False
        >>> [file.name for file in place.iterdir()]
        ['answer.txt']
    """
    place = folder.resolve()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        room = Path(tempfile.mkdtemp(prefix=f".{place.name}-", suffix=_SUFFIX, dir=place.parent))
    except OSError as error:
        reason = str(error.strerror).lower()
        raise InvalidInputError(f"'{folder}' cannot be written: {reason}; name another place") from error
    try:
        with alone(room / _LOCKED):
            (room / _NEW).mkdir()
            yield room / _NEW
            _exchange(place, room)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def clear_abandoned(folder: Path) -> None:
    """Remove what processes that were killed have left beside a place.

    One may have been killed between its last two moves: then what it took away is put back.
    """
    from filelock import FileLock, Timeout

    place = folder.resolve()
    for room in place.parent.glob(f".{glob.escape(place.name)}-*{_SUFFIX}"):
        try:
            with FileLock(room / f"{_LOCKED}.lock", timeout=0):
                _put_back(place, room)
                shutil.rmtree(room, ignore_errors=True)
        except (Timeout, OSError, NotImplementedError):  # it is in use, not ours, or nobody can know
            continue


def _exchange(place: Path, room: Path) -> None:
    if place.exists():
        place.rename(room / _BEFORE)
    try:
        (room / _NEW).rename(place)
    finally:
        _put_back(place, room)


def _put_back(place: Path, room: Path) -> None:
    """Undo the first of two moves if the second one has not been made."""
    if (room / _BEFORE).exists() and not place.exists():
        (room / _BEFORE).rename(place)
