"""Keys and embeddings as Parquet, in the plainest form that there is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

FloatArray = npt.NDArray[np.float32]


def embedding_schema(column: str, dim: int) -> pa.Schema:
    """Return two columns without nulls: a string, and ``embedding``, a list of ``dim`` float32.

    Example:
        >>> embedding_schema("path", 512).names
        ['path', 'embedding']
    """
    import pyarrow as pa

    number = pa.field("element", pa.float32(), nullable=False)
    return pa.schema(
        [
            pa.field(column, pa.string(), nullable=False),
            pa.field("embedding", pa.list_(number, dim), nullable=False),
        ]
    )


def embedding_table(strings: Sequence[str], features: FloatArray, schema: pa.Schema) -> pa.Table:
    """Return strings and embeddings, float32 of shape (n, dim), as a table of an ``embedding_schema``."""
    import pyarrow as pa

    numbers, embedding = _number_array(features), schema.field("embedding").type
    embeddings = pa.FixedSizeListArray.from_arrays(numbers, type=embedding)
    return pa.Table.from_arrays([_string_array(strings), embeddings], schema=schema)


# pa.array would import pandas wherever it is installed, to see whether it was handed some of it. That takes a
# second, and fails while the interpreter exits, when what waits is written.


def _number_array(features: FloatArray) -> pa.FloatArray:
    import pyarrow as pa

    numbers = np.ascontiguousarray(features, np.float32)
    return pa.FloatArray.from_buffers(pa.float32(), numbers.size, [None, pa.py_buffer(numbers)])


def _string_array(strings: Sequence[str]) -> pa.StringArray:
    import pyarrow as pa

    coded = [string.encode() for string in strings]
    ends = np.cumsum([0, *map(len, coded)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(coded), pa.py_buffer(ends), pa.py_buffer(b"".join(coded)))


def embedding_rows(table: pa.Table) -> FloatArray:
    """Return the embeddings of a table, of shape (n, dim)."""
    embeddings = table.column("embedding")
    numbers = embeddings.combine_chunks().flatten().to_numpy()
    rows: FloatArray = numbers.reshape(-1, embeddings.type.list_size)
    return rows


def opened(path: Path) -> pa.OSFile:
    """Open a file for one reading, so that others may remove it; no memory map, which a cut would kill.

    Raises:
        OSError: it is gone, or may not be read.
    """
    import pyarrow as pa

    return pa.OSFile(os.fsencode(path))  # bytes, for not every name is text


def write_tables(file: BinaryIO, schema: pa.Schema, tables: Iterable[pa.Table], *, group_bytes: int) -> None:
    """Write tables as they come, in row groups of one size whatever the sizes of the tables.

    Args:
        file: a file to write to.
        schema: an ``embedding_schema`` and what the file shall say beside it, its metadata.
        tables: tables of that schema.
        group_bytes: what the embeddings of a row group shall take.
    """
    import pyarrow.parquet as pq

    rows = max(1, group_bytes // (4 * schema.field("embedding").type.list_size))
    plain = {
        "compression": "none",
        "use_dictionary": False,
        "write_statistics": False,
    }  # they do not compress
    with pq.ParquetWriter(file, schema, write_page_checksum=True, **plain) as writer:
        for table in regrouped(tables, rows):
            writer.write_table(table, row_group_size=rows)


def regrouped(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Yield the same rows in tables of ``rows`` rows, of which the last one may have fewer.

    Example:
        >>> import pyarrow as pa
        >>> [len(t) for t in regrouped([pa.table({"n": range(n)}) for n in (1, 5, 1)], 3)]
        [3, 3, 1]
    """
    import pyarrow as pa

    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(map(len, waiting)) < rows:
            continue
        joined = pa.concat_tables(waiting)
        whole = len(joined) - len(joined) % rows
        for start in range(0, whole, rows):
            yield joined.slice(start, rows)
        waiting = [joined.slice(whole)]
    if sum(map(len, waiting)):
        yield pa.concat_tables(waiting)
