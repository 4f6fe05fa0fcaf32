"""Tables of labelled images once they are read, whatever their format, and their rows by split."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from clipcoder.data.dataset import Chosen, ImageFile
from clipcoder.data.sources.found import Labelled
from clipcoder.data.sources.labels import Label
from clipcoder.data.sources.lazy import Below, Together
from clipcoder.data.sources.split_names import SplitNames, files_by_split, values_by_split
from clipcoder.errors import InvalidInputError


@dataclass(frozen=True, eq=False)
class Sheet:
    """The rows of a table.

    Attributes:
        file: its path below the folder that has all tables, with "/".
        images: one for each row.
        keys: what names the image of each row.
        labels: as they are written.
        splits: the value of each row in the column of splits; None where there is no such column.
    """

    file: str
    images: Sequence[ImageFile]
    keys: Sequence[str]
    labels: Sequence[Label]
    splits: Sequence[str] | None = None


def path_sheet(
    file: str, base: Path, paths: Sequence[str], labels: Sequence[Label], splits: Sequence[str] | None
) -> Sheet:
    """Return the rows of a table of paths, which are their keys.

    Args:
        file: the table, as in ``Sheet``.
        base: the folder that paths are relative to. One that is absolute and below it becomes relative.
        paths: with "/" or, as Windows writes them, backslashes between names.
        labels: as they are written.
        splits: as in ``Sheet``.

    Raises:
        InvalidInputError: an image that is not there, or has two rows.
    """
    keys = [_key(path, base) for path in paths]
    row_of: dict[str, int] = {}
    for row, key in enumerate(keys):
        first = row_of.setdefault(key, row)
        if first != row:
            what = "the same" if labels[first] == labels[row] else "another"
            raise InvalidInputError(
                f"'{file}' has {key!r} in row {first + 1} and, with {what} label, in row {row + 1}; keep "
                "one of them"
            )
    images = Below(base, keys)
    missing = [row for row in range(len(keys)) if not os.path.isfile(images.at(row))]  # noqa: PTH113
    if missing:
        raise InvalidInputError(
            f"'{file}' names {len(missing)} of {len(keys)} images that are not there, such as "
            f"'{images.at(missing[0])}' in row {missing[0] + 1}; fetch them, or say with root where "
            "paths begin"
        )
    return Sheet(file, images, keys, labels, splits)


def by_split(sheets: Sequence[Sheet], splits: SplitNames | None, title: str) -> dict[str, Labelled]:
    """Return the rows of each split, in the order of the tables.

    Args:
        sheets: the tables; a column of splits, where they have one, decides, or else their files.
        splits: as in ``values_by_split`` and ``files_by_split``.
        title: what the tables are, for messages.

    Raises:
        InvalidInputError: splits that are not clear, or tables of which only some have a column of splits.
    """
    with_column = [sheet for sheet in sheets if sheet.splits is not None]
    if 0 < len(with_column) < len(sheets):
        raise InvalidInputError(
            f"the tables of {title} must all have a column of splits, or none of them, but "
            f"'{with_column[0].file}' has one and another one has not; read them apart"
        )
    found: dict[str, list[Sheet]] = {}
    if with_column:
        values = list(dict.fromkeys(value for sheet in sheets for value in sheet.splits or ()))
        split_of = values_by_split(values, splits, title)
        for sheet in sheets:
            for split, part in _parts(sheet, split_of).items():
                found.setdefault(split, []).append(part)
    else:
        by_file = {sheet.file: sheet for sheet in sheets}
        for split, files in files_by_split(list(by_file), splits, title).items():
            found[split] = [by_file[file] for file in files]
    return {split: _joined(parts) for split, parts in found.items()}


def _parts(sheet: Sheet, split_of: Mapping[str, str]) -> dict[str, Sheet]:
    """Return the rows of a table that are of each split."""
    rows: dict[str, list[int]] = {}
    for row, value in enumerate(sheet.splits or ()):
        if value in split_of:
            rows.setdefault(split_of[value], []).append(row)
    return {split: _taken(sheet, chosen) for split, chosen in rows.items()}


def _taken(sheet: Sheet, rows: Sequence[int]) -> Sheet:
    images = Chosen(sheet.images, np.array(rows, dtype=np.intp))
    return Sheet(sheet.file, images, [sheet.keys[i] for i in rows], [sheet.labels[i] for i in rows])


def _joined(sheets: Sequence[Sheet]) -> Labelled:
    images = sheets[0].images if len(sheets) == 1 else Together([sheet.images for sheet in sheets])
    labels = [label for sheet in sheets for label in sheet.labels]
    return Labelled(images, labels, tuple(key for sheet in sheets for key in sheet.keys))


def _key(path: str, base: Path) -> str:
    key = os.path.normpath(path.replace("\\", "/"))
    if os.path.isabs(key) and Path(key).is_relative_to(base):  # noqa: PTH117
        key = os.path.relpath(key, base)
    return key.replace(os.sep, "/")
