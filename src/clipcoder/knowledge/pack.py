"""The pack on disk: two files of JSON lines for each data set, read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final, TypeVar

from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.generators.catalog import catalogue_names
from clipcoder.knowledge.entries import ClassKnowledge, PairKnowledge, class_of, pair_of
from clipcoder.knowledge.index import NameIndex

Entry = TypeVar("Entry", ClassKnowledge, PairKnowledge)

_ALIASES: Final = {"imagenet_v2": "imagenet"}
_PROMPTS: Final = {"fgvc_aircraft_families": "fgvc_aircraft"}


class Shelf:
    """What the pack holds of one data set; each file is read once, when it is first needed.

    Args:
        name: the data set, such as ``"oxford_pets"``.
        assets: the folder that has ``class_names`` and ``knowledge``.
    """

    def __init__(self, name: str, assets: Traversable) -> None:
        self.name = name
        self._assets = assets

    @property
    def prompts(self) -> str:
        """The entry of the prompt catalogue with the templates for this data set."""
        name = _PROMPTS.get(self.name, self.name)
        return name if name in catalogue_names() else "generic"

    @cached_property
    def listed(self) -> Mapping[str, str]:
        """The data set's name for each class, or where it has none ``""``, in the order of the labels."""
        text = (self._assets / "class_names" / f"{self.name}.txt").read_text(encoding="utf-8")
        rows = (line.partition("\t") for line in text.splitlines() if line.strip())
        return {class_name: own for class_name, _, own in rows}

    @property
    def class_names(self) -> tuple[str, ...]:
        """All classes of the data set, in the order of the labels, whether the pack knows them or not."""
        return tuple(self.listed)

    @cached_property
    def classes(self) -> Mapping[str, ClassKnowledge]:
        """What is known of each class; a class of which nothing is written is missing."""
        return {entry.class_name: entry for entry in self._entries("jsonl", class_of)}

    @cached_property
    def pairs(self) -> Mapping[tuple[str, str], PairKnowledge]:
        """What tells classes apart, by their names, in the order of the data set."""
        return {(entry.class_name, entry.other): entry for entry in self._entries("pairs.jsonl", pair_of)}

    def named(self, name: str) -> tuple[str, ...]:
        """Return the classes that bear a name, in words or in the data set's files; no text is read."""
        return self._by_name.find(name)

    def called(self, name: str) -> tuple[str, ...]:
        """Return the known classes that bear a name or have it as a synonym; their own names go first."""
        by_name = tuple(known for known in self.named(name) if known in self.classes)
        return by_name or self._by_synonym.find(name)

    def lists(self, name: str) -> bool:
        """Tell whether a name is that of a class, just as it is spelled; no text is read."""
        return self._by_name.spells(name)

    def spells(self, name: str) -> bool:
        """Tell whether a name is that of a class or a synonym, just as it is spelled."""
        return self.lists(name) or self._by_synonym.spells(name)

    @cached_property
    def _by_name(self) -> NameIndex:
        return NameIndex({name: filter(None, (name, own)) for name, own in self.listed.items()})

    @cached_property
    def _by_synonym(self) -> NameIndex:
        return NameIndex({name: entry.synonyms for name, entry in self.classes.items()})

    def differences(self, class_name: str, other: str) -> tuple[str, ...]:
        """Return what one sees of a class and not of another; nothing where the pack does not say."""
        if pair := self.pairs.get((class_name, other)):
            return pair.differences
        pair = self.pairs.get((other, class_name))
        return pair.other_differences if pair else ()

    def told_apart(self, class_name: str) -> dict[str, tuple[str, ...]]:
        """Return, by each class from which a class is told apart, what one sees of it and not of that one."""
        others = {other for pair in self.pairs if class_name in pair for other in pair} - {class_name}
        return {other: self.differences(class_name, other) for other in self.listed if other in others}

    def lines(self, ending: str) -> list[str] | None:
        """Return the lines of a file of this data set, or None where it is not written yet.

        Raises:
            InvalidInputError: the file is not UTF-8.
        """
        path = self._assets / "knowledge" / f"{self.name}.{ending}"
        try:
            return path.read_text(encoding="utf-8").splitlines() if path.is_file() else None
        except UnicodeDecodeError as error:
            raise InvalidInputError(f"{path} must be UTF-8, but {error}; save it anew") from error

    def _entries(self, ending: str, read: Callable[[str], Entry]) -> Iterator[Entry]:
        for number, line in enumerate(self.lines(ending) or (), start=1):
            try:
                yield read(line)
            except InvalidInputError as error:
                raise InvalidInputError(
                    f"{self.name}.{ending}, line {number}: {error}; mend it, or install the package again"
                ) from error


class Pack:
    """All that ships.

    Args:
        assets: the folder that has ``class_names`` and ``knowledge``.

    >>> load_pack()["eurosat"].classes["forest"].sense
    'land covered with trees'
    """

    def __init__(self, assets: Traversable) -> None:
        names = sorted(file.name for file in (assets / "class_names").iterdir())
        self._shelves = {
            name.removesuffix(".txt"): Shelf(name.removesuffix(".txt"), assets) for name in names
        }

    def __getitem__(self, name: str) -> Shelf:
        """Return the shelf of a data set.

        Raises:
            UnknownNameError: there is no such data set.
        """
        if shelf := self.get(name):
            return shelf
        raise UnknownNameError("set of the knowledge pack", name, self._shelves)

    def get(self, name: str) -> Shelf | None:
        """Return the shelf of a data set, or None where there is no such data set."""
        return self._shelves.get(_ALIASES.get(name, name))

    def __iter__(self) -> Iterator[Shelf]:
        return iter(self._shelves.values())


@cache
def load_pack() -> Pack:
    """Return the pack of the package; nothing but the names of its files is read yet."""
    return Pack(resources.files("clipcoder") / "assets")
