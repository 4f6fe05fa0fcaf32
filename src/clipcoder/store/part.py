"""One part of the store: a Parquet file of keys and embeddings that is written once and never changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from clipcoder.files import whole_file
from clipcoder.store.digests import DIGITS, DigestIndex, Heads, heads
from clipcoder.store.identity import FINGERPRINT_KEY, EncoderIdentity
from clipcoder.store.parquet import FloatArray, embedding_rows, embedding_schema, opened, write_tables

if TYPE_CHECKING:
    import pyarrow as pa

RowArray = npt.NDArray[np.int64]

SUFFIX: Final = ".parquet"

_GROUP_BYTES: Final = 1 << 20  # of a row group: little enough to read for one row, enough to read all of them


class DamagedPartError(Exception):
    """A file among the parts that this encoder has not written, or not so."""


@dataclass(frozen=True, eq=False)
class Group:
    """Consecutive rows of a part: their keys, and their embeddings of shape (n, dim)."""

    keys: list[str]
    features: FloatArray


class Part:
    """A part: its index in memory, its embeddings on the disk.

    Args:
        path: the file.
        identity: the encoder that must have made it.

    Raises:
        DamagedPartError: the file is cut off or altered, has other columns, or another encoder made it.
        OSError: it is gone, or cannot be read.
    """

    def __init__(self, path: Path, identity: EncoderIdentity) -> None:
        self.path = path
        with _reading():
            self._metadata = _parquet_file(path).metadata
            _check(self._metadata, identity)
            keys = _parquet_file(path, self._metadata).read(columns=["key"], use_threads=False)["key"]
            self._index = DigestIndex(_column_heads(keys))
        self._starts = np.cumsum([0, *(self._metadata.row_group(i).num_rows for i in range(self.groups))])

    def __len__(self) -> int:
        return int(self._metadata.num_rows)

    @property
    def groups(self) -> int:
        """How many groups of rows it has."""
        return int(self._metadata.num_row_groups)

    def find(self, wanted: Heads) -> RowArray:
        """Return the row of each key, -1 where there is none; ``DigestIndex`` says how sure that is."""
        return self._index.find(wanted)

    def located(self, rows: RowArray) -> tuple[npt.NDArray[np.intp], RowArray]:
        """Return which group holds each row, and the row's position in it."""
        groups = np.searchsorted(self._starts, rows, side="right") - 1
        return groups, rows - self._starts[groups]

    def read(self, group: int) -> Group:
        """Read a group of rows.

        Raises:
            DamagedPartError: the rows are not what was written, or not finite.
            OSError: the file is gone, or cannot be read.
        """
        with _reading():
            table = _parquet_file(self.path, self._metadata).read_row_group(group, use_threads=False)
            content = Group(table["key"].to_pylist(), embedding_rows(table))
        if not np.isfinite(content.features).all():
            raise DamagedPartError("it holds NaN or an infinity")
        return content


def write_part(folder: Path, identity: EncoderIdentity, tables: Iterable[pa.Table]) -> Path:
    """Write a part of tables that have the columns of ``part_schema``, and return its path.

    Raises:
        OSError: the folder is absent or cannot be written to, or the disk is full.
    """
    path = folder / f"{uuid4().hex}{SUFFIX}"
    with whole_file(path) as file:
        write_tables(file, part_schema(identity), tables, group_bytes=_GROUP_BYTES)
    return path


def part_schema(identity: EncoderIdentity) -> pa.Schema:
    """Return the columns of a part, and what its file says about the encoder."""
    return embedding_schema("key", identity.dim).with_metadata(identity.metadata())


def _check(metadata: Any, identity: EncoderIdentity) -> None:
    if metadata.schema.to_arrow_schema() != embedding_schema("key", identity.dim):
        raise DamagedPartError(f"it has other columns than a key and an embedding of length {identity.dim}")
    if (metadata.metadata or {}).get(FINGERPRINT_KEY) != identity.fingerprint.encode():
        raise DamagedPartError("another encoder made it")


def _parquet_file(path: Path, metadata: Any = None) -> Any:
    import pyarrow.parquet as pq

    return pq.ParquetFile(opened(path), metadata=metadata, page_checksum_verification=True)


def _column_heads(keys: pa.ChunkedArray) -> Heads:
    return np.concatenate(
        [np.empty(0, np.uint64), *(heads(_characters(chunk)) for chunk in keys.chunks if chunk)]
    )


def _characters(keys: pa.StringArray) -> npt.NDArray[np.uint8]:
    """Return strings of 64 characters as a matrix of ASCII codes, without a copy."""
    _, offsets, characters = keys.buffers()
    ends = np.frombuffer(offsets, np.int32)[keys.offset : keys.offset + len(keys) + 1]
    if (np.diff(ends) != DIGITS).any():
        raise DamagedPartError("it has keys that are no digests")
    return np.frombuffer(characters, np.uint8)[ends[0] : ends[-1]].reshape(-1, DIGITS)


@contextmanager
def _reading() -> Iterator[None]:
    """Tell a file that is not what it should be from one that the system does not give."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, ValueError, KeyError) as error:
        raise DamagedPartError(str(error)) from error
    except OSError as error:
        if error.errno is None:  # Arrow's word for a file that makes no sense
            raise DamagedPartError(str(error)) from error
        raise
