"""Tables of labelled images: CSV and Parquet with columns of paths, labels and perhaps splits."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from clipcoder.data.sources.columns import Columns, column_of, needed_column
from clipcoder.data.sources.files_named import common_folder
from clipcoder.data.sources.found import Found
from clipcoder.data.sources.labels import checked_label
from clipcoder.data.sources.parquet_sheet import PARQUET_SUFFIXES, names_of_labels, parquet_sheet
from clipcoder.data.sources.sheets import Sheet, by_split, path_sheet
from clipcoder.data.sources.split_names import SplitNames
from clipcoder.errors import InvalidInputError
from clipcoder.files import system_reason

TABLE_SUFFIXES: Final = (".csv", ".tsv", *PARQUET_SUFFIXES)
"""How the names of tables end."""

_DELIMITERS: Final = ",;\t"  # the second one is what spreadsheets write where the comma is in numbers


def read_table(
    files: Sequence[Path], base: Path | None, columns: Columns, splits: SplitNames | None, title: str
) -> Found:
    """Read tables of paths, or in Parquet of the bytes of image files, and of labels.

    Args:
        files: CSV with commas, semicolons or tabs, or Parquet; one or more.
        base: the folder that paths are relative to; by default that of their table.
        columns: what the columns are called, if not ``path`` or ``image``, ``label`` and ``split``.
        splits: the value of each split in its column, or, without such a column, a pattern for its files.
        title: what they are, for messages.

    Returns:
        The path below ``base`` as the key of each image; of one that came as bytes, file and row. With them
        come the class names that Hugging Face's ``datasets`` writes into Parquet, where it wrote it.

    Raises:
        InvalidInputError: a file that cannot be read or is no such table, a row without a path or label, an
            image that is not there or has two rows, or splits that are not clear.
    """
    folder = common_folder(files)
    sheets = []
    for file in files:
        home = file.absolute().parent if base is None else base.absolute()
        read = parquet_sheet if file.suffix.lower() in PARQUET_SUFFIXES else csv_sheet
        sheets.append(read(file, file.absolute().relative_to(folder).as_posix(), home, columns))
    return Found(by_split(sheets, splits, title), names_of_labels(files, columns))


def csv_sheet(file: Path, name: str, base: Path, columns: Columns) -> Sheet:
    """Read a CSV file; the case of its header does not matter.

    Args:
        file: the file, in UTF-8.
        name: what it is called in the data set.
        base: the folder that paths are relative to.
        columns: what the columns are called.

    Raises:
        InvalidInputError: as in ``read_table``.
    """
    text = _text(file)
    header = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=header.count))
    try:
        there, *rows = [row for row in reader if any(map(str.strip, row))] or [[]]
    except csv.Error as error:
        raise InvalidInputError(f"line {reader.line_num} of '{file}' is no CSV: {error}") from error
    held = _columns(rows, [name.strip().lower() for name in there], columns, f"'{file}'")
    return path_sheet(name, base, held["image"], held["label"], held.get("split"))


def _columns(
    rows: Sequence[Sequence[str]], there: Sequence[str], columns: Columns, title: str
) -> dict[str, list[str]]:
    """Return the cells of each column that is asked for, none of them empty."""
    named = {role: name.lower() for role, name in columns.items()}
    wanted = {role: needed_column(role, there, named, title) for role in ("image", "label")}
    split = column_of("split", there, named, title)
    if split is not None:
        wanted["split"] = split
    held: dict[str, list[str]] = {}
    for role, column in wanted.items():
        position = there.index(column)
        cells = (row[position].strip() if position < len(row) else "" for row in rows)
        held[role] = [str(checked_label(cell, i, column, title)) for i, cell in enumerate(cells)]
    return held


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInputError(f"cannot read the table '{file}': {system_reason(error)}") from error
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"cannot read the table '{file}': save it as UTF-8") from error
