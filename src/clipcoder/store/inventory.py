"""What the store holds, and removing it while others work."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from filelock import FileLock, Timeout

from clipcoder.errors import InvalidInputError
from clipcoder.files import system_reason
from clipcoder.store.label import read_label
from clipcoder.store.parquet import opened
from clipcoder.store.part import SUFFIX
from clipcoder.store.part_folder import DAMAGED, LOCK

_PATIENCE: Final = 60.0  # seconds; a merge takes less
_REMOVED: Final = ".removed-"
_UNKNOWN: Final = "unknown"


@dataclass(frozen=True)
class StoredEncoder:
    """The features of one encoder.

    Attributes:
        name: its name, ``"unknown"`` where the folder does not say (any more).
        fingerprint: of weights, preprocessing and precision; the name of the folder.
        precision: the arithmetic of the model.
        dim: the length of an embedding, 0 where it is not known.
        images: rows for images.
        texts: rows for texts.
        damaged: parts that have been set aside.
        bytes: what all of it takes on the disk.
        made: when the first features were kept, in ISO 8601, UTC; empty where it is not known.
        used: when they were last asked for, in seconds since 1970.
    """

    name: str
    fingerprint: str
    precision: str
    dim: int
    images: int
    texts: int
    damaged: int
    bytes: int
    made: str
    used: float


def stored_encoders(folder: Path) -> list[StoredEncoder]:
    """Return what a store holds, the encoder that was used last in front.

    Raises:
        InvalidInputError: the folder may not be looked into.
    """
    found = []
    try:
        for encoder in _encoder_folders(folder):
            with suppress(FileNotFoundError):  # cleared by another process right now
                found.append(_stored(encoder))
    except OSError as error:
        raise InvalidInputError(
            f"cannot look into '{folder}': {system_reason(error)}; its owner may"
        ) from error
    return sorted(found, key=lambda encoder: -encoder.used)


def clear(folder: Path, encoders: Iterable[StoredEncoder]) -> int:
    """Remove the features of encoders and return how many bytes that freed.

    Each folder is renamed before it is emptied: another process finds it gone at once and begins a new one.

    Raises:
        InvalidInputError: another process is merging and does not come to an end, or the folder may not be
            written to.
    """
    if not folder.is_dir():
        return 0
    try:
        with FileLock(folder / LOCK, timeout=_PATIENCE):
            return sum(_remove(folder / encoder.fingerprint) for encoder in encoders) + _leftovers(folder)
    except Timeout as error:
        raise InvalidInputError(
            f"another process has been merging features in '{folder}' for {_PATIENCE:.0f} s; try again later"
        ) from error
    except OSError as error:
        raise InvalidInputError(f"cannot clear '{folder}': {system_reason(error)}; its owner may") from error
    except NotImplementedError as error:
        raise InvalidInputError(
            f"cannot clear '{folder}', which lies on a file system without locks; remove it when no process "
            "uses it"
        ) from error


def _encoder_folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]


def _stored(folder: Path) -> StoredEncoder:
    label = read_label(folder)
    return StoredEncoder(
        name=label.identity.name if label else _UNKNOWN,
        fingerprint=folder.name,
        precision=label.identity.precision if label else _UNKNOWN,
        dim=label.identity.dim if label else 0,
        images=_rows(folder / "images"),
        texts=_rows(folder / "texts"),
        damaged=len(list((folder / DAMAGED).glob("*"))),
        bytes=_used_bytes(folder),
        made=label.made if label else "",
        used=label.used if label else folder.stat().st_mtime,
    )


def _rows(folder: Path) -> int:
    """Count the rows of all parts; one that is removed at this moment, or is damaged, counts none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = 0
    for path in folder.glob(f"*{SUFFIX}"):
        with suppress(OSError, pa.ArrowException):
            rows += pq.read_metadata(opened(path)).num_rows
    return rows


def _remove(folder: Path) -> int:
    removed = folder.with_name(f"{_REMOVED}{uuid4().hex}")
    with suppress(FileNotFoundError):  # another process has cleared it before
        folder.rename(removed)
    return _emptied(removed)


def _leftovers(folder: Path) -> int:
    """Remove what was renamed by a process that was killed before it had emptied it."""
    return sum(map(_emptied, folder.glob(f"{_REMOVED}*")))


def _emptied(folder: Path) -> int:
    freed = _used_bytes(folder)
    shutil.rmtree(folder, ignore_errors=True)
    return freed


def _used_bytes(folder: Path) -> int:
    """Return what the files in a folder take, to the bottom."""
    return sum(map(_file_size, folder.rglob("*")))


def _file_size(path: Path) -> int:
    """Return the size of a file; 0 for a folder, and for what has been removed since it was listed."""
    with suppress(FileNotFoundError):
        return path.stat().st_size if path.is_file() else 0
    return 0
