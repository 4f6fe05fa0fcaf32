"""Which format a file of texts has, and its content."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, get_args

from clipcoder.errors import UnknownNameError
from clipcoder.importers.banks import is_bank, read_bank
from clipcoder.importers.class_lists import read_class_lists
from clipcoder.importers.content import Content
from clipcoder.importers.reading import as_json, as_text, read_bytes
from clipcoder.importers.reference import is_pickle, is_reference, read_reference
from clipcoder.importers.table import read_table

Format = Literal["reference", "dclip", "cupl", "csv", "bank"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

AUTO: Final = "auto"


def read_content(path: Path, format_name: str, dataset: str | None, names_file: Path | None) -> Content:
    """Read a file as what it is said to be or, where that is ``"auto"``, as what it looks like.

    Args:
        path: the file or folder.
        format_name: one of ``FORMATS``, or ``"auto"``.
        dataset: which data set of a folder with several.
        names_file: the class names for lists by position.

    Raises:
        InvalidInputError: it cannot be read as that.
        UnknownNameError: no such format or data set.
    """
    if format_name not in (AUTO, *FORMATS):
        raise UnknownNameError("format", format_name, (AUTO, *FORMATS))
    if format_name == "reference" or (format_name == AUTO and path.is_dir()):
        return read_reference(path, dataset, names_file)
    raw = read_bytes(path)
    chosen = _format_of(raw, path) if format_name == AUTO else format_name
    if chosen == "reference":
        return read_reference(path, dataset, names_file)
    if chosen == "csv":
        return read_table(as_text(raw, path), path)
    return read_bank(path) if chosen == "bank" else read_class_lists(as_json(raw, path), path, chosen)


def _format_of(raw: bytes, path: Path) -> str:
    """Tell the format of a file by its content; ``""`` is for lists by class of either kind."""
    if is_pickle(raw, path):
        return "reference"
    if path.suffix.lower() != ".json" and as_text(raw, path).lstrip()[:1] not in ("{", "["):
        return "csv"
    document = as_json(raw, path)
    if is_bank(document):
        return "bank"
    return "reference" if is_reference(document, path) else ""
