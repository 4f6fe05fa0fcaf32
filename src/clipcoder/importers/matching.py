"""Which classes of a file are which of the user's: by name, whatever the spelling, never by position."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from clipcoder.bank.names import name_key
from clipcoder.generators.names import parse_name, search_key, singulars

_COMMA_OUTSIDE_BRACKETS = re.compile(r",(?![^(\[]*[)\]])")


@dataclass(frozen=True, slots=True)
class Matching:
    """The classes of a file beside the user's.

    Attributes:
        found: by the name in the file, the user's name of the same class.
        missing: the user's classes that the file lacks, or of which it is not sure which it has.
        besides: the file's classes that are none of the user's.
        ambiguous: of a missing class, the classes of the file that it could be.
    """

    found: Mapping[str, str]
    missing: tuple[str, ...]
    besides: tuple[str, ...]
    ambiguous: Mapping[str, tuple[str, ...]]

    @property
    def respelled(self) -> dict[str, str]:
        """By the user's name, what the file writes where more than case, underscores and spaces differ."""
        return {user: file for file, user in self.found.items() if name_key(file) != name_key(user)}


def match_classes(held: Sequence[str], wanted: Sequence[str]) -> Matching:
    """Match the classes of a file with those of the user.

    Four looks are taken, each at what the ones before have not settled: names that are the same but for
    case, underscores and spaces; but for accents, hyphens and the like; by one of several names with commas
    between them; and in the plural or singular. A remark in brackets belongs to its name. Where a class could
    be several of the other side, it is none.

    Args:
        held: the file's classes.
        wanted: the user's classes.

    Example:
        >>> held = ["tench, Tinca tinca", "Sea horses", "owl"]
        >>> matching = match_classes(held, ["sea_horse", "tench", "emu"])
        >>> matching.found
        {'tench, Tinca tinca': 'tench', 'Sea horses': 'sea_horse'}
        >>> matching.missing, matching.besides
        (('emu',), ('owl',))
    """
    found: dict[str, str] = {}
    candidates: dict[str, list[str]] = {}
    for keys in _LOOKS:
        settled = set(found.values())
        users = [name for name in wanted if name not in settled]
        files = [name for name in held if name not in found]
        candidates, rivals = _sharing(users, files, keys), _sharing(files, users, keys)
        for user, could_be in candidates.items():
            if len(could_be) == 1 and len(rivals[could_be[0]]) == 1:
                found[could_be[0]] = user
    matched = set(found.values())
    return Matching(
        found,
        tuple(name for name in wanted if name not in matched),
        tuple(name for name in held if name not in found),
        {user: tuple(files) for user, files in candidates.items() if user not in matched},
    )


def listing(names: Sequence[str], most: int = 4) -> str:
    """Return names as part of a sentence, those beyond a number as that number.

    >>> listing(["owl", "emu", "crow"], most=2)
    "'owl', 'emu' and 1 more"
    """
    shown = ", ".join(repr(name) for name in names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def _same(name: str) -> set[str]:
    return {name_key(name)}


def _same_letters(name: str) -> set[str]:
    return {search_key(name)} - {""}


def _same_alias(name: str) -> set[str]:
    return _same_letters(name) | {search_key(alias) for alias in _aliases(name)} - {""}


def _same_singular(name: str) -> set[str]:
    """Return the keys of a name and of what its last word may be the plural of."""
    plurals = (alias.casefold() for alias in _aliases(name))
    return _same_alias(name) | {search_key(one) for plural in plurals for one in singulars(plural)} - {""}


_LOOKS: Final[tuple[Callable[[str], set[str]], ...]] = (_same, _same_letters, _same_alias, _same_singular)
"""From strict to lenient; what two names share in one look they share in the next."""


def _aliases(name: str) -> Iterator[str]:
    """Yield the names between commas, each with its remark.

    >>> list(_aliases("the crane (machine, tall), derrick"))
    ['crane machine, tall', 'derrick']
    """
    for part in _COMMA_OUTSIDE_BRACKETS.split(name):
        alias = parse_name(part)
        yield f"{alias.name} {alias.remark}".strip()


def _sharing(
    names: Sequence[str], others: Sequence[str], keys: Callable[[str], set[str]]
) -> dict[str, list[str]]:
    """Return for each name the others with which it has a key in common, if there are any."""
    having: dict[str, list[str]] = defaultdict(list)
    for other in others:
        for key in keys(other):
            having[key].append(other)
    shared = {
        name: dict.fromkeys(other for key in keys(name) for other in having.get(key, ())) for name in names
    }
    return {name: list(found) for name, found in shared.items() if found}
