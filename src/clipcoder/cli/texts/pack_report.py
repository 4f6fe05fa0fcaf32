"""What ``clipcoder texts show --pack`` says of the knowledge that ships."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import click

from clipcoder.cli.texts.reporting import heading, one_line, table
from clipcoder.knowledge.pack import Pack, Shelf
from clipcoder.knowledge.resolving import Taken, resolve


@dataclass(frozen=True)
class PackReport:
    """What the pack has, or what it gives for some classes.

    Attributes:
        pack: the pack.
        taken: what it gives for the classes that were named; empty where none was.
    """

    pack: Pack
    taken: tuple[Taken, ...]

    @classmethod
    def of(cls, pack: Pack, dataset: str, names: Sequence[str]) -> PackReport:
        """Report on all of the pack, on a data set, or on what the pack gives for class names.

        Raises:
            UnknownNameError: the pack has no such data set.
        """
        asked = names or (tuple(pack[dataset].classes) if dataset else ())
        lead = pack[dataset].name if dataset else ""
        return cls(pack, resolve(asked, pack, lead=lead) if asked else ())

    def as_record(self) -> dict[str, Any]:
        """Return the report as a JSON object."""
        if self.taken:
            return {"format": "knowledge-pack", "classes": [_class_record(one) for one in self.taken]}
        sets = [dict(zip(_COLUMNS, row, strict=True)) for row in map(_counts, self.pack)]
        return {"format": "knowledge-pack", "sets": sets}

    def print(self) -> None:
        """Print the report for a reader."""
        if self.taken:
            for one in self.taken:
                heading(one_line(_told(one)))
                for kind, text in _texts(one):
                    click.echo(f"  {kind:<10} {one_line(text)}")
            return
        known = sum(len(shelf.classes) for shelf in self.pack)
        listed = sum(len(shelf.listed) for shelf in self.pack)
        click.secho(f"knowledge pack: {known:,} of {listed:,} classes", bold=True)
        table(["data set", *_COLUMNS[1:]], map(_counts, self.pack))


_COLUMNS = ("set", "classes", "known", "attributes", "analogues", "synonyms", "pairs")


def _counts(shelf: Shelf) -> tuple[str, int, int, int, int, int, int]:
    entries = shelf.classes.values()
    counts = (sum(len(getattr(entry, kind)) for entry in entries) for kind in _COLUMNS[3:6])
    attributes, analogues, synonyms = counts
    known = len(shelf.classes)
    return shelf.name, len(shelf.listed), known, attributes, analogues, synonyms, len(shelf.pairs)


def _told(one: Taken) -> str:
    if one.shelf and one.entry:
        return f"{one.name}: {one.entry.class_name} of {one.shelf.name}, {one.entry.sense}"
    if one.rivals:
        return (
            f"{one.name}: may be {' or '.join(one.rivals)}; name one of these, or say what it is in brackets"
        )
    return f"{one.name}: not in the pack"


def _texts(one: Taken) -> Iterator[tuple[str, str]]:
    """Yield kind and text of all that is known of a class."""
    if not (one.shelf and one.entry):
        return
    for kind, texts in (
        ("attribute", one.entry.attributes),
        ("analogue", one.entry.analogues),
        ("synonym", one.entry.synonyms),
    ):
        yield from ((kind, text) for text in texts)
    for other, texts in one.shelf.told_apart(one.entry.class_name).items():
        yield from ((f"not {other}:", text) for text in texts)


def _class_record(one: Taken) -> dict[str, Any]:
    """Return what is known of a class, under the keys of the pack's files."""
    record: dict[str, Any] = {"name": one.name}
    if one.rivals:
        record["rivals"] = list(one.rivals)
    if one.shelf and one.entry:
        record |= {"set": one.shelf.name, "class": one.entry.class_name, "sense": one.entry.sense}
        record |= {kind: list(getattr(one.entry, kind)) for kind in _COLUMNS[3:6]}
        apart = one.shelf.told_apart(one.entry.class_name)
        record["differences"] = {other: list(texts) for other, texts in apart.items()}
    return record
