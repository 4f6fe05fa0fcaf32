"""Which column of a table has the images, which their labels, and which their splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from clipcoder.errors import InvalidInputError, UnknownNameError

Columns = Mapping[str, str]
"""What a source calls its columns, by what they hold: ``"image"``, ``"label"`` and ``"split"``."""

USUAL: Final[Mapping[str, Sequence[str]]] = {
    "image": ("path", "image"),
    "label": ("label",),
    "split": ("split",),
}
"""What columns are called where nothing is said."""


def check_columns(columns: Columns) -> None:
    """Refuse columns that hold something else.

    Raises:
        UnknownNameError: a key that is none of the three.
    """
    for role in columns:
        if role not in USUAL:
            raise UnknownNameError("kind of column", role, tuple(USUAL))


def column_of(role: str, there: Sequence[str], columns: Columns, title: str) -> str | None:
    """Return the column that holds what is asked for; None where none does and none was named.

    Args:
        role: ``"image"``, ``"label"`` or ``"split"``.
        there: the columns that there are.
        columns: those that were named.
        title: what has them, for messages.

    Raises:
        UnknownNameError: the column that was named is not there.

    >>> column_of("image", ["path", "label"], {}, "pets.csv")
    'path'
    """
    named = columns.get(role)
    if named is not None:
        if named not in there:
            raise UnknownNameError(f"column of {title}", named, there)
        return named
    return next((name for name in USUAL[role] if name in there), None)


def needed_column(role: str, there: Sequence[str], columns: Columns, title: str) -> str:
    """Return the column that holds what is needed.

    Raises:
        InvalidInputError: there is none.
        UnknownNameError: the column that was named is not there.
    """
    found = column_of(role, there, columns, title)
    if found is None:
        raise no_column(role, there, title)
    return found


def no_column(role: str, there: Sequence[str], title: str) -> InvalidInputError:
    """Return what is wrong with a source that lacks a column."""
    return InvalidInputError(
        f"{title} needs a column {' or '.join(repr(name) for name in USUAL[role])}, but it has "
        f"{', '.join(map(repr, there))[:200] or 'none'}; name the one to take: columns={{{role!r}: ...}}"
    )
