"""Tables in Parquet, with columns of paths or of the bytes of image files; these are read when needed."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from clipcoder.data.dataset import ImageFile
from clipcoder.data.sources.columns import Columns, column_of, no_column
from clipcoder.data.sources.labels import Label, checked_label
from clipcoder.data.sources.lazy import LazyImages
from clipcoder.data.sources.sheets import Sheet, path_sheet
from clipcoder.errors import InvalidInputError
from clipcoder.files import first_sentence, system_reason

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

PARQUET_SUFFIXES: Final = (".parquet", ".pq")

_NOTES: Final = (
    b"huggingface"  # the key of the metadata under which Hugging Face's `datasets` describes columns
)


def parquet_sheet(file: Path, name: str, base: Path, columns: Columns) -> Sheet:
    """Read a Parquet file but for the bytes of its images.

    Args:
        file: the file. Its images are a column of paths, of bytes, or of both as Hugging Face's ``datasets``
            writes them.
        name: what it is called in the data set.
        base: the folder that paths are relative to.
        columns: what the columns are called. Without a word, the only column of bytes has the images.

    Raises:
        InvalidInputError: it is no such table, or an image that it names is not there.
    """
    title = f"'{file}'"
    with _reading(file) as parquet:
        schema = parquet.schema_arrow
        image, label = _image_column(schema, columns, title), _label_column(schema, columns, title)
        split = column_of("split", schema.names, columns, title)
        path = [] if _holds_bytes(schema.field(image).type) else [image]
        table = parquet.read(columns=list(dict.fromkeys([*path, label, *([split] if split else [])])))
        images = ParquetImages(file, image, parquet.metadata, base)
    held = {column: _cells(table, column, title) for column in table.column_names}
    splits = [str(value) for value in held[split]] if split else None
    if path:
        return path_sheet(name, base, [str(cell) for cell in held[image]], held[label], splits)
    return Sheet(name, images, [f"{name}/{row}" for row in range(len(images))], held[label], splits)


def names_of_labels(files: Sequence[Path], columns: Columns) -> list[str] | None:
    """Return the class names that Hugging Face's ``datasets`` has written into Parquet files, if it has.

    Raises:
        InvalidInputError: files with different names.
    """
    found: list[list[str] | None] = []
    for file in files:
        if file.suffix.lower() in PARQUET_SUFFIXES:
            with _reading(file) as parquet:
                schema = parquet.schema_arrow
            found.append(_class_labels(schema).get(_label_column(schema, columns, f"'{file}'")))
    if any(names != found[0] for names in found):
        raise InvalidInputError(
            f"'{files[0].parent}' has tables with different class names in them; read them apart"
        )
    return found[0] if found else None


class ParquetImages(LazyImages):
    """The bytes of image files in a column of a Parquet file.

    A row is read with the others of its row group, of which the last one is kept, so that images are had at
    the speed of the disk in their order, and in any other order more slowly.

    Args:
        file: the file.
        column: the column; bytes, or a struct of bytes and, where they are null, a path.
        metadata: of the file, which is read once.
        base: the folder that such paths are relative to.
    """

    def __init__(self, file: Path, column: str, metadata: pq.FileMetaData, base: Path) -> None:
        self._file = file
        self._column = column
        self._metadata = metadata
        self._base = base
        self._ends = list(
            accumulate(metadata.row_group(group).num_rows for group in range(metadata.num_row_groups))
        )
        self._lock = Lock()
        self._kept: tuple[int, pa.ChunkedArray | None] = (-1, None)

    def __len__(self) -> int:
        return int(self._metadata.num_rows)

    def at(self, position: int) -> ImageFile:
        """Return the bytes of an image; no bytes where the table has none."""
        group = bisect_right(self._ends, position)
        row = position - (self._ends[group - 1] if group else 0)
        cell: dict[str, Any] | bytes | None = self._group(group)[row].as_py()
        if not isinstance(cell, dict):
            return bytes(cell or b"")
        if cell["bytes"] is None and cell.get("path"):
            return str(self._base / cell["path"])
        return bytes(cell["bytes"] or b"")

    def _group(self, group: int) -> pa.ChunkedArray:
        with self._lock:
            if self._kept[0] != group:
                with _reading(self._file, self._metadata) as parquet:
                    table = parquet.read_row_group(group, columns=[self._column])
                self._kept = (group, table.column(self._column))
            return self._kept[1]


def _image_column(schema: pa.Schema, columns: Columns, title: str) -> str:
    """Return the column of images: named, or the only one of bytes, or one with a usual name."""
    of_bytes: list[str] = [field.name for field in schema if _holds_bytes(field.type)]
    if "image" not in columns and len(of_bytes) == 1:
        return of_bytes[0]
    found = column_of("image", schema.names, columns, title)
    if found is None:
        raise no_column("image", schema.names, title)
    return found


def _label_column(schema: pa.Schema, columns: Columns, title: str) -> str:
    """Return the column of labels: named, or with the usual name, or the only one with class names."""
    found = column_of("label", schema.names, columns, title)
    described = list(_class_labels(schema))
    if found is None and len(described) != 1:
        raise no_column("label", schema.names, title)
    return described[0] if found is None else found


def _holds_bytes(kind: pa.DataType) -> bool:
    from pyarrow import types

    if types.is_struct(kind):
        position = kind.get_field_index("bytes")
        return position >= 0 and _holds_bytes(kind.field(position).type)
    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _class_labels(schema: pa.Schema) -> dict[str, list[str]]:
    """Return the class names of each column that Hugging Face's ``datasets`` has described with some."""
    try:
        features = json.loads((schema.metadata or {})[_NOTES])["info"]["features"]
        return {
            column: [str(name) for name in notes["names"]]
            for column, notes in features.items()
            if isinstance(notes, dict) and notes.get("_type") == "ClassLabel" and column in schema.names
        }
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
    ):  # there are no notes, or they are of another form
        return {}


def _cells(table: pa.Table, column: str, title: str) -> list[Label]:
    """Return the values of a column, texts or whole numbers."""
    cells = table.column(column).to_pylist()
    return [checked_label(cell, row, column, title) for row, cell in enumerate(cells)]


@contextmanager
def _reading(file: Path, metadata: pq.FileMetaData | None = None) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file for the length of a block.

    Raises:
        InvalidInputError: it cannot be read, or is no Parquet.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file, metadata=metadata) as parquet:
            yield parquet
    except OSError as error:
        raise InvalidInputError(f"cannot read the table '{file}': {system_reason(error)}") from error
    except pa.ArrowException as error:
        raise InvalidInputError(
            f"'{file}' is no whole Parquet file: {first_sentence(error)}; write or fetch it again"
        ) from error
