"""From labels as sources write them, names or numbers, to positions in a list of class names."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from clipcoder.errors import InvalidInputError

Label = str | int
"""What a source says of an image: the name of its class, or a number that counts from 0."""

ClassNames = Sequence[str] | Mapping[str, str]
"""Names in the order of the labels, or the name of each label; labels that share a name are one class."""


def numbered(
    labels: Sequence[Label], class_names: ClassNames | None, title: str
) -> tuple[tuple[str, ...], dict[Label, int]]:
    """Return the class names, and the position of each label among them.

    Args:
        labels: the labels that occur, each once or more.
        class_names: without them, labels must be names; classes are then in the order of their code points,
            with spaces for underscores.
        title: what the labels are those of, for messages.

    Raises:
        InvalidInputError: numbers without names, or a label that the names do not cover.

    Example:
        >>> numbered(["polar_bear", "cat"], None, "Animals")
        (('cat', 'polar bear'), {'polar_bear': 1, 'cat': 0})
        >>> numbered([1, 0], ["cat", "polar bear"], "Animals")[1]
        {1: 1, 0: 0}
    """
    if isinstance(class_names, str):
        raise InvalidInputError(f"class_names must be a list of names, not the one text {class_names!r}")
    if class_names is None:
        return _by_own_names(labels, title)
    if isinstance(class_names, Mapping):
        return _by_mapping(labels, {str(label): name for label, name in class_names.items()}, title)
    return _by_list(labels, tuple(class_names), title)


def checked_label(cell: object, row: int, column: str, title: str) -> Label:
    """Return a cell of a table if it can be a label: a text, or a whole number.

    Args:
        cell: the value.
        row: where it is, from 0.
        column: the column.
        title: the table, for messages.

    Raises:
        InvalidInputError: there is nothing in it, or something else.
    """
    if cell is None or cell == "":
        raise InvalidInputError(f"row {row + 1} of {title} has no {column}; fill it in, or take the row out")
    if not isinstance(cell, str | int) or isinstance(cell, bool):
        raise InvalidInputError(
            f"the column {column!r} of {title} must hold texts or whole numbers, but row {row + 1} has "
            f"{cell!r}; write the names of the classes into it"
        )
    return cell


def readable(name: str) -> str:
    """Return a class name as a person would write it: underscores are spaces, and letters have their accents.

    macOS writes an accent apart from its letter (Unicode's form NFD), and others do not (NFC, which this is).

    >>> readable("polar_bear ")
    'polar bear'
    """
    return unicodedata.normalize("NFC", " ".join(name.replace("_", " ").split()))


def is_number(label: Label) -> bool:
    """Whether a label is a number, however it is written.

    >>> is_number(7), is_number("007"), is_number("-1"), is_number("7up")
    (True, True, True, False)
    """
    return isinstance(label, int) or (label.isascii() and label.removeprefix("-").isdigit())


def _by_own_names(labels: Sequence[Label], title: str) -> tuple[tuple[str, ...], dict[Label, int]]:
    """Take labels for names; two that differ only in case, underscores, spaces or Unicode's forms are one."""
    if all(is_number(label) for label in labels):
        raise InvalidInputError(
            f"the labels of {title} are numbers, such as {labels[0]!r}; give their names in order: "
            "class_names=['cat', 'dog', ...]"
        )
    spelled: dict[str, str] = {}
    for label in sorted(map(str, labels)):
        spelled.setdefault(_key(label), readable(label))
    position = {key: i for i, key in enumerate(spelled)}
    return tuple(spelled.values()), {label: position[_key(str(label))] for label in labels}


def _by_mapping(
    labels: Sequence[Label], name_of: Mapping[str, str], title: str
) -> tuple[tuple[str, ...], dict[Label, int]]:
    names = tuple(dict.fromkeys(name_of.values()))
    position = {name: i for i, name in enumerate(names)}
    unnamed = next((label for label in labels if str(label) not in name_of), None)
    if unnamed is not None:
        raise InvalidInputError(
            f"class_names must have a name for each label of {title}, but it has none for {unnamed!r}; add it"
        )
    return names, {label: position[name_of[str(label)]] for label in labels}


def _by_list(
    labels: Sequence[Label], names: tuple[str, ...], title: str
) -> tuple[tuple[str, ...], dict[Label, int]]:
    """Take labels for names where all of them are, or else for positions: digits can be names, too."""
    position = {_key(name): i for i, name in enumerate(names)}
    strangers = [label for label in labels if _key(str(label)) not in position]
    if not strangers:
        return names, {label: position[_key(str(label))] for label in labels}
    if not all(is_number(label) for label in labels):
        raise InvalidInputError(
            f"{title} has the label {strangers[0]!r}, which is none of the {len(names)} class names; name it "
            "too, or leave its images out"
        )
    beyond = next((label for label in labels if not 0 <= int(label) < len(names)), None)
    if beyond is not None:
        raise InvalidInputError(
            f"{title} has the label {beyond!r}, but labels count from 0 and there are {len(names)} class "
            f"names; {'leave out images without a label' if int(beyond) < 0 else 'name all classes'}"
        )
    return names, {label: int(label) for label in labels}


def _key(name: str) -> str:
    """Return what the spellings of one name share."""
    return readable(name).casefold()
