"""Tables of class and text, such as a spreadsheet saves as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from clipcoder.errors import InvalidInputError
from clipcoder.importers.content import Content, LineKind, look_ready
from clipcoder.kinds import TEXT_KINDS

DELIMITERS: Final = (",", ";", "\t")

_TEXT_COLUMNS: Final = ("text", "sentence", "snippet")
_OPTIONAL: Final = ("kind", "other")
_KINDS: Final[tuple[LineKind, ...]] = (*TEXT_KINDS, "one_to_one")


def read_table(text: str, path: Path) -> Content:
    r"""Return the texts of a table with a header, delimited by commas, semicolons or tabs.

    The columns ``class`` and ``text`` are needed. Where the texts are in a column called ``sentence``, they
    are taken as they stand, and in one called ``snippet``, sentences are made of them; ``text`` is either,
    whatever most of them look like. ``kind`` says what a text is, an attribute where it is blank or absent;
    ``other`` names the class that a text tells its class apart from. Other columns are not read.

    Args:
        text: the table.
        path: where it is from, for messages.

    Raises:
        InvalidInputError: no such header, or a row that does not fit; the sentence names its line.

    Example:
        >>> table = "class;text;other\ncrow;black all over;swan\nowl;large eyes;\n"
        >>> content = read_table(table, Path("birds.csv"))
        >>> [(line.class_name, line.kind, line.other) for line in content.lines]
        [('crow', 'one_to_one', 'swan'), ('owl', 'attribute', '')]
    """
    columns, delimiter = _header(text, path)
    (text_column,) = [name for name in columns if name in _TEXT_COLUMNS]
    content = Content(path, "csv")
    for number, row in _rows(text, delimiter, len(columns), path):
        cells = dict(zip(columns, row, strict=True))
        spot = f"line {number} of '{path}'"
        if not cells["class"]:
            raise InvalidInputError(f"{spot} must name a class, but that cell is blank")
        kind = _kind(cells.get("kind", ""), cells.get("other", ""), spot)
        content.add(cells["class"], cells[text_column], kind, cells.get("other", ""))
    content.ready = text_column == "sentence" or (text_column == "text" and look_ready(content.lines))
    return content


def _header(text: str, path: Path) -> tuple[list[str], str]:
    """Return the names of the columns and the delimiter with which they make sense."""
    for delimiter in DELIMITERS:
        with suppress(InvalidInputError, StopIteration):  # quotes that make no sense with this delimiter
            columns = [name.casefold() for name in next(_records(text, delimiter, path))[1]]
            if _is_header(columns):
                return columns, delimiter
    first = text.split("\n", 1)[0].strip()
    raise InvalidInputError(
        f"the first line of '{path}' must name the columns class and text (or sentence, or snippet), and may "
        f"name kind and other, each once, with commas, semicolons or tabs between, but it is {first[:80]!r}"
    )


def _is_header(columns: Sequence[str]) -> bool:
    known = [name for name in columns if name in ("class", *_TEXT_COLUMNS, *_OPTIONAL)]
    texts = [name for name in known if name in _TEXT_COLUMNS]
    return "class" in known and len(texts) == 1 and len(set(known)) == len(known)


def _rows(text: str, delimiter: str, width: int, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows below the header with their line numbers; blank ones are passed over."""
    records = _records(text, delimiter, path)
    next(records)
    for number, cells in records:
        if not any(cells):
            continue
        if len(cells) != width:
            raise InvalidInputError(
                f"line {number} of '{path}' must have {width} cells as the first one does, but it has "
                f"{len(cells)}; put a text with {_called(delimiter)} in it between double quotes"
            )
        yield number, cells


def _records(text: str, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise InvalidInputError(f"line {reader.line_num} of '{path}' cannot be read: {error}") from error


def _kind(given: str, other: str, spot: str) -> LineKind:
    """Return the kind of a row's text; with another class in the row it tells the two apart."""
    name = given.casefold().replace("-", "_") or ("one_to_one" if other else "attribute")
    if name not in _KINDS:
        raise InvalidInputError(
            f"{spot} must have a kind among {', '.join(_KINDS)}, but it has {given[:80]!r}"
        )
    if (name == "one_to_one") != bool(other):
        raise InvalidInputError(
            f"{spot} must name another class exactly where its kind is one_to_one, but the kind is {name} "
            f"and the other class is {other[:80]!r}"
        )
    return name


def _called(delimiter: str) -> str:
    return {",": "a comma", ";": "a semicolon", "\t": "a tab"}[delimiter]
