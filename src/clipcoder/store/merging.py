"""Many small parts into one, so that ten million rows are a few dozen files, and each row moves seldom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from clipcoder.store.digests import key_heads
from clipcoder.store.identity import EncoderIdentity
from clipcoder.store.parquet import embedding_table
from clipcoder.store.part import DamagedPartError, Part, part_schema, write_part

if TYPE_CHECKING:
    import pyarrow as pa

_FANOUT: Final = 8
_FULL: Final = 1 << 17  # rows from which on a part is left as it is


class MergeError(Exception):
    """A part that turned out to be damaged while it was merged; nothing has been written.

    Args:
        part: the part.
        reason: what is wrong with it.
    """

    def __init__(self, part: Part, reason: str) -> None:
        super().__init__(reason)
        self.part = part


def due(parts: Sequence[Part]) -> list[Part]:
    """Return the parts that should become one: at least eight that are about as large as each other.

    A part of n rows is in tier ``floor(log8 n)``, and eight of a tier make one of the next; so each row is
    written at most six times, and no tier has more than seven parts. Parts of 131,072 rows stay as they are.
    """
    growing = sorted((part for part in parts if len(part) < _FULL), key=_tier)
    tiers = (list(tier) for _, tier in groupby(growing, key=_tier))
    return next((tier for tier in tiers if len(tier) >= _FANOUT), [])


def merge(folder: Path, identity: EncoderIdentity, parts: Sequence[Part]) -> Path:
    """Write the rows of some parts, each key once, as one part, and then remove the others.

    A reader that finds a part gone looks for its rows in the new one. One group of rows is in memory at a
    time.

    Raises:
        MergeError: a part is damaged.
        OSError: a part is gone, or the folder cannot be written to.
    """
    merged = write_part(folder, identity, _tables(identity, parts))
    for part in parts:
        part.path.unlink(missing_ok=True)
    return merged


def _tables(identity: EncoderIdentity, parts: Sequence[Part]) -> Iterator[pa.Table]:
    schema = part_schema(identity)
    for i, part in enumerate(parts):
        for group in range(part.groups):
            try:
                content = part.read(group)
            except DamagedPartError as error:
                raise MergeError(part, str(error)) from error
            heads = key_heads(content.keys)
            new = np.ones(len(heads), dtype=bool)
            for earlier in parts[:i]:
                new &= earlier.find(heads) < 0
            kept = np.flatnonzero(new)
            yield embedding_table([content.keys[k] for k in kept], content.features[kept], schema)


def _tier(part: Part) -> int:
    return (max(1, len(part)).bit_length() - 1) // 3
