"""From class names as people type them to what the pack knows of them.

A name may mean different things in different data sets. So the names decide together: first is asked the set
that knows most of them, among equals the one that spells most of them so (glass is no pair of glasses), and
then the smallest, for its texts tell apart what is most alike. Of several classes of one set that share a
name, a remark in the name (``crane (bird)``) or a domain may tell which is meant; otherwise none is taken.
Two names share a class, whose texts tell them apart by nothing, only where no other set knows either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from clipcoder.generators.names import parse_name, search_key
from clipcoder.knowledge.entries import ClassKnowledge
from clipcoder.knowledge.pack import Pack, Shelf

_OTHER_VIEWS: Final = frozenset(("dtd", "eurosat", "ucf101"))
"""Surfaces, land from above and what people do: asked last among equals, for most names are of things."""

_LEAST_SHARE: Final[Mapping[str, float]] = {"eurosat": 0.5, "everyday_waste": 0.4}
"""How much of a set must be named before it is asked: rivers and forests are not mostly seen from space, nor
are glass and paper mostly in bins."""

_EVERYDAY: Final = "everyday_"
"""How the names of shelves begin that are no data sets: everyday names are seldom of one such shelf alone."""

_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_NO_HINTS: Final = frozenset(
    ("and", "breed", "for", "kind", "model", "sort", "species", "the", "type", "with")
)


Known = Mapping[str, tuple[str, ...]]
"""The classes of a data set that names may mean, by these names."""

Found = Sequence[tuple[Shelf, tuple[str, ...]]]
"""The data sets that know a name, first asked first, each with the classes that it may mean there."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What the pack gives for a name.

    Attributes:
        name: the class, as the user wrote it.
        shelf: the data set whose class it is, or None.
        entry: what is known of it, or None.
        rivals: the classes that it may mean, where that is not clear.
    """

    name: str
    shelf: Shelf | None = None
    entry: ClassKnowledge | None = None
    rivals: tuple[str, ...] = ()


def resolve(names: Sequence[str], pack: Pack, *, lead: str = "", hint: str = "") -> tuple[Taken, ...]:
    """Return what the pack gives for each name, in the order of the names.

    Args:
        names: all classes, as the user wrote them.
        pack: what is known.
        lead: the data set to ask first, whatever it knows.
        hint: what all classes are, such as ``"a type of bird"``; a remark of a name's own goes before it.

    >>> from clipcoder.knowledge.pack import load_pack
    >>> [taken] = resolve(["Vineyards"], load_pack(), lead="eurosat")
    >>> taken.entry and taken.entry.class_name
    'permanent crop land'
    """
    first = pack.get(lead)
    shelves = sorted(pack, key=lambda shelf: (shelf.name in _OTHER_VIEWS, len(shelf.listed)))
    for shelf in [first] if first else shelves:
        if all(map(shelf.lists, names)):  # as those of a whole data set are: nothing else need be read
            known = {name: shelf.called(name) for name in names}
            if _is_asked(shelf, known, first) and all(len(classes) == 1 for classes in known.values()):
                return tuple(Taken(name, shelf, shelf.classes[known[name][0]]) for name in names)
    spellings = {name: _spellings(name) for name in names}
    found = [(shelf, _known(shelf, spellings)) for shelf in shelves]
    asked = [(shelf, known) for shelf, known in found if _is_asked(shelf, known, first)]
    asked = _first_asked_first(asked, first, spellings)
    found_of = {name: [(s, known[name]) for s, known in asked if name in known] for name in names}
    chosen = _one_name_each(found_of, hint)
    return tuple(chosen[name] for name in names)


def _is_asked(shelf: Shelf, known: Known, first: Shelf | None) -> bool:
    share = 0 if shelf is first else _LEAST_SHARE.get(shelf.name, 0)
    return len({name for classes in known.values() for name in classes}) >= share * len(shelf.listed)


def _first_asked_first(
    asked: Sequence[tuple[Shelf, Known]], first: Shelf | None, spellings: Mapping[str, tuple[str, ...]]
) -> list[tuple[Shelf, Known]]:
    """Sort data sets by how much they know and how much of that they spell so; equal ones keep in order."""
    together: dict[str, set[str]] = {}
    for shelf, known in asked:
        together.setdefault(_group(shelf), set()).update(known)

    def place(pair: tuple[Shelf, Known]) -> tuple[bool, int, int, int]:
        shelf, known = pair
        spelled = sum(any(map(shelf.spells, spellings[name])) for name in known)
        return shelf is not first, -len(together[_group(shelf)]), -len(known), -spelled

    return sorted(asked, key=place)


def _group(shelf: Shelf) -> str:
    """Return what decides together: each data set alone, the shelves of everyday things as one."""
    return _EVERYDAY if shelf.name.startswith(_EVERYDAY) else shelf.name


def _spellings(name: str) -> tuple[str, ...]:
    """Return a name as it stands, then without a remark, then its other names behind commas."""
    parsed = parse_name(name)
    return tuple(dict.fromkeys((name, parsed.name, *parsed.aliases)))


def _known(shelf: Shelf, spellings: Mapping[str, tuple[str, ...]]) -> Known:
    """Return the classes that each name may mean, by names; a name that means none is missing."""
    called = ((name, next(filter(None, map(shelf.called, ways)), ())) for name, ways in spellings.items())
    return {name: classes for name, classes in called if classes}


def _one_name_each(found: Mapping[str, Found], hint: str) -> dict[str, Taken]:
    """Choose for each name, own names first; one whose class is given away gets what another set knows."""
    given: set[tuple[str, tuple[str, ...]]] = set()
    chosen: dict[str, Taken] = {}
    for name in sorted(found, key=lambda name: not any(shelf.lists(name) for shelf, _ in found[name][:1])):
        left = [(shelf, classes) for shelf, classes in found[name] if (shelf.name, classes) not in given]
        taken = chosen[name] = _taken(name, left or found[name], hint)
        if taken.shelf and taken.entry:
            given.add((taken.shelf.name, (taken.entry.class_name,)))
    return chosen


def _taken(name: str, found: Found, hint: str) -> Taken:
    """Choose among data sets, the one that goes first before others, and among the classes of each."""
    words = _words(parse_name(name).remark) or _words(hint)
    for shelf, classes in found if words else ():
        meant = [c for c in classes if words & _words(f"{c} {shelf.classes[c].sense}")]
        if len(meant) == 1:
            return Taken(name, shelf, shelf.classes[meant[0]])
    for shelf, classes in found[:1]:
        if len(classes) > 1:
            return Taken(name, rivals=classes)
        return Taken(name, shelf, shelf.classes[classes[0]])
    return Taken(name)


def _words(text: str) -> set[str]:
    return {search_key(word) for word in _WORD.findall(text)} - _NO_HINTS
