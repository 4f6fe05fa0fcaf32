"""Lists in plain text, one thing a line, as older data sets come with."""

from __future__ import annotations

from collections.abc import Iterator

from clipcoder.data.datasets_catalog import DatasetFacts
from clipcoder.data.trees.overlay import Overlay
from clipcoder.errors import InvalidInputError


def lines_of(facts: DatasetFacts, tree: Overlay, file: str) -> Iterator[tuple[str, str]]:
    """Yield the first word and the rest of each line of a file that is not empty.

    Raises:
        InvalidInputError: the file is not there or is no text, or a line has only one word.
    """
    source = f"'{tree.place(file)}'"
    try:
        lines = needed(facts, tree, file).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise corrupt(facts, source, "it is no text in UTF-8") from error
    for count, line in enumerate(lines, 1):
        first, _, rest = line.strip().partition(" ")
        if first and not rest.strip():
            raise corrupt(facts, source, f"line {count} is {line.strip()[:60]!r}")
        if first:
            yield first, rest.strip()


def needed(facts: DatasetFacts, tree: Overlay, file: str) -> bytes:
    """Return what is in a file that a data set needs.

    Raises:
        InvalidInputError: it is not there, or cannot be read.
    """
    if not tree.has(file):
        address = facts.split_address if file == facts.split_file else facts.home
        raise InvalidInputError(
            f"{facts.title} needs the list {file}, but there is no '{tree.place(file)}'; put it there, from "
            f"{address}"
        )
    return tree.read(file)


def number(facts: DatasetFacts, text: str, source: str) -> int:
    """Return a number that is written in a file.

    Raises:
        InvalidInputError: it is none.
    """
    if not text.isdecimal():
        raise corrupt(facts, source, f"{text[:60]!r} is in the place of a number")
    return int(text)


def corrupt(facts: DatasetFacts, source: str, reason: str) -> InvalidInputError:
    """Return the error that a file is not what it should be."""
    return InvalidInputError(
        f"{source} is not as {facts.title} has it: {reason}; fetch it again from {facts.home}"
    )
