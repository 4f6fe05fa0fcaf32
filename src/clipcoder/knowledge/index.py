"""Names of one data set, whatever their case, accents, plurals, hyphens and underscores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from clipcoder.generators.names import parse_name, search_key, singulars

_STRUCTURED: Final = frozenset("(),[]")


class NameIndex:
    """Finds what people call a thing.

    Args:
        names: each thing with its names.

    >>> index = NameIndex({"Siamese": ["Siamese"], "sea horse": ["sea horse", "seahorse_fish"]})
    >>> index.find("Sea-Horses"), index.find("siamese"), index.find("sphynx")
    (('sea horse',), ('Siamese',), ())
    >>> index.spells("Sea-Horses"), index.spells("siamese")
    (False, True)
    """

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        self._exact: dict[str, dict[str, None]] = {}
        self._loose: dict[str, dict[str, None]] = {}
        for thing, called in names.items():
            for name in called:
                self._add(thing, name)

    def spells(self, name: str) -> bool:
        """Tell whether a thing has just this name, neither in singular instead of plural nor the reverse."""
        return search_key(name) in self._exact

    def find(self, name: str) -> tuple[str, ...]:
        """Return the things that a name may mean, as it is spelled or else in singular or plural."""
        key = search_key(name)
        if key in self._exact:
            return tuple(self._exact[key])
        found: dict[str, None] = {}
        for spelling in (key, *singulars(key)):
            found |= self._exact.get(spelling, {}) | self._loose.get(spelling, {})
        return tuple(found)

    def _add(self, thing: str, name: str) -> None:
        for spelling in _names_in(name):
            if key := search_key(spelling):
                self._exact.setdefault(key, {})[thing] = None
                for singular in singulars(key) if key.endswith(("s", "men")) else ():  # few are plurals
                    self._loose.setdefault(singular, {})[thing] = None


def _names_in(name: str) -> Iterable[str]:
    """Return a name and, where it has a remark in brackets or other names behind commas, each of them too."""
    if _STRUCTURED.isdisjoint(name):
        return (name,)
    parsed = parse_name(name)
    return filter(None, (name, parsed.name, *parsed.aliases))
