"""What banks of texts and of pairs have in common: classes, texts in the order of these, and a file."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, Self

import numpy as np

from clipcoder.arrays import IntArray
from clipcoder.bank.entries import Entry, check_entries, distinct
from clipcoder.bank.files import read_bank, write_document
from clipcoder.bank.names import checked_names, own_names
from clipcoder.errors import InvalidInputError


@dataclass(frozen=True)
class Bank(ABC, Generic[Entry]):
    """Classes and texts about them; immutable, texts ordered by class. A subclass says what a text is.

    Attributes:
        class_names: the classes, as they were named; their order numbers them.
        texts: all texts.

    Raises:
        InvalidInputError: no class, a class twice, or a text that no bank can hold.
        UnknownNameError: a text of an unknown kind, or about a class that the bank does not have.
    """

    class_names: tuple[str, ...]
    texts: tuple[Entry, ...]

    format_name: ClassVar[str]
    """What its files say that they are."""

    def __post_init__(self) -> None:
        names = checked_names(self.class_names)
        position = {name: i for i, name in enumerate(names)}
        check_entries(self.texts, position)
        ordered = sorted(self.texts, key=lambda t: [position[name] for name in t.classes])
        object.__setattr__(self, "class_names", names)
        object.__setattr__(self, "texts", tuple(ordered))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a bank that ``save`` wrote or a person edited.

        Raises:
            InvalidInputError: the file cannot be read, has another format or version, or is wrong somewhere.
        """
        return read_bank(path, cls.format_name, cls._of_document)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the bank as JSON, one text a line; the same bank gives the same bytes.

        Raises:
            InvalidInputError: the place cannot be written to.
        """
        write_document(path, self.format_name, self._document())

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.texts)

    def merge(self, other: Self) -> Self:
        """Return this bank with the texts of another behind its own, class by class or pair by pair.

        Classes are the same by name, whatever their position and spelling (case, underscores, spaces); the
        other bank may lack some. A text that a class, or a pair, has already is dropped.

        Raises:
            InvalidInputError: the other bank has a class that this one lacks, or is one of another kind.

        >>> from clipcoder.bank import PairBank
        >>> bank = PairBank.from_texts({"crow": {"swan": ["black"]}}, ["crow", "swan"])
        >>> more = PairBank.from_texts({"Crow": {"Swan": ["black", "small"]}}, ["Swan", "Crow"])
        >>> [text.text for text in bank.merge(more).texts]
        ['black', 'small']
        """
        if not isinstance(other, type(self)):
            raise InvalidInputError(
                f"a {type(self).__name__} takes in the texts of another one, not those of a "
                f"{type(other).__name__}"
            )
        own = own_names(other.class_names, self.class_names)
        theirs: Iterable[Entry] = (t.renamed(own) for t in other.texts)  # type: ignore[misc]  # Self of a union
        return replace(self, texts=distinct([*self.texts, *theirs]))

    def _positions(self, names: Iterable[str]) -> IntArray:
        """Return where ``class_names`` has each of these classes, of shape (n,)."""
        position = {name: i for i, name in enumerate(self.class_names)}
        return np.array([position[name] for name in names], dtype=np.intp)

    @abstractmethod
    def _document(self) -> dict[str, Any]:
        """Return the content of the bank's file."""

    @classmethod
    @abstractmethod
    def _of_document(cls, content: dict[str, Any]) -> Self:
        """Make a bank of such a content."""
