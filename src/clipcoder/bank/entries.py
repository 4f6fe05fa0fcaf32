"""The texts that banks hold, one by one, and what makes one fit to be held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Self, TypeVar

from clipcoder.bank.names import checked_text
from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.kinds import TEXT_KINDS, TextKind
from clipcoder.source import GIVEN, Source


@dataclass(frozen=True, slots=True)
class BankText:
    """One text about one class.

    Attributes:
        text: the sentence, as it is encoded.
        class_name: the class it is about.
        kind: name, synonym, attribute or analogue.
        source: where it came from.
    """

    text: str
    class_name: str
    kind: TextKind
    source: Source = GIVEN

    @property
    def classes(self) -> tuple[str]:
        """The class it is about."""
        return (self.class_name,)

    @property
    def key(self) -> tuple[str, ...]:
        """What no two texts of a bank may share: a class has a text once, whatever its kind."""
        return *self.classes, self.text

    def renamed(self, names: Mapping[str, str]) -> Self:
        """Return the text with its class named anew; ``names`` has the new name by the old one."""
        return replace(self, class_name=names[self.class_name])


@dataclass(frozen=True, slots=True)
class PairText:
    """One text that says how ``class_name`` differs from ``other``.

    Attributes:
        text: the sentence, as it is encoded.
        class_name: the class it is about.
        other: the class it tells it apart from.
        source: where it came from.
    """

    text: str
    class_name: str
    other: str
    source: Source = GIVEN

    @property
    def classes(self) -> tuple[str, str]:
        """The class it is about, and the one it tells it apart from."""
        return self.class_name, self.other

    @property
    def key(self) -> tuple[str, ...]:
        """What no two texts of a bank may share."""
        return *self.classes, self.text

    def renamed(self, names: Mapping[str, str]) -> Self:
        """Return the text with both classes named anew; ``names`` has the new name by the old one."""
        return replace(self, class_name=names[self.class_name], other=names[self.other])


Entry = TypeVar("Entry", bound=BankText | PairText)
Kind = TypeVar("Kind", bound=str)

_FACTS = tuple(field.name for field in fields(Source) if field.name != "generator")


def check_entries(entries: Iterable[BankText | PairText], known: Mapping[str, int]) -> None:
    """Refuse texts that no bank of these classes can hold.

    Raises:
        InvalidInputError: a text or a source that is blank or no valid Unicode, a text twice, or a class
            paired with itself.
        UnknownNameError: an unknown kind, or a class that is not among the known.
    """
    seen: set[tuple[str, ...]] = set()
    for entry in entries:
        about = " and ".join(repr(name) for name in entry.classes)
        checked_text(entry.text, f"a text on {about}")
        _check_source(entry.source, f"the source of a text on {about}")
        _check_classes(entry.classes, known)
        if isinstance(entry, BankText) and entry.kind not in TEXT_KINDS:
            raise UnknownNameError(f"kind of text on {about},", str(entry.kind), TEXT_KINDS)
        if entry.key in seen:
            raise InvalidInputError(
                f"a text may stand once on {about}, but {entry.text!r} came twice; drop one"
            )
        seen.add(entry.key)


def distinct(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Keep the first of all texts with the same key.

    >>> len(distinct([BankText("a cat", "cat", "name"), BankText("a cat", "cat", "synonym")]))
    1
    """
    first: dict[tuple[str, ...], Entry] = {}
    for entry in entries:
        first.setdefault(entry.key, entry)
    return tuple(first.values())


def checked_kinds(kinds: Kind | Iterable[Kind], known: Sequence[Kind]) -> tuple[Kind, ...]:
    """Return kinds of text as a tuple; a single one may come without a list.

    Raises:
        UnknownNameError: a kind that is not among the known.

    >>> checked_kinds("name", ["name", "synonym"])
    ('name',)
    """
    listed = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    for kind in listed:
        if kind not in known:
            raise UnknownNameError("kind of text", str(kind), known)
    return listed


def _check_source(source: Source, spot: str) -> None:
    checked_text(source.generator, spot)
    for fact in _FACTS:
        checked_text(getattr(source, fact), f"the {fact} of {spot}", blank=True)


def _check_classes(names: Sequence[str], known: Mapping[str, int]) -> None:
    for name in names:
        if name not in known:
            raise UnknownNameError("class", str(name), known)
    if len(set(names)) < len(names):
        raise InvalidInputError(
            f"a pair must be of two classes, but it has {names[0]!r} twice; name another one"
        )
