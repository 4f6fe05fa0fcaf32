"""Texts that name another class than their own; no model is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clipcoder.bank.entries import BankText
from clipcoder.bank.likeness import Words, words_of
from clipcoder.bank.text_bank import TextBank
from clipcoder.generators.names import parse_name


@dataclass(frozen=True, slots=True)
class Mention:
    """A text that names another class than its own.

    Attributes:
        text: the text.
        other: the class that it names.
    """

    text: BankText
    other: str


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of classes as words: whose they are, and how long those are that begin with a word."""

    owners: dict[Words, set[str]]
    lengths: dict[str, list[int]]

    @classmethod
    def of(cls, class_names: Iterable[str]) -> _Names:
        owners: dict[Words, set[str]] = {}
        for class_name in class_names:
            parsed = parse_name(class_name)
            for name in (parsed.name, *parsed.aliases):
                for words in _with_plurals(words_of(name)):
                    owners.setdefault(words, set()).add(class_name)
        lengths: dict[str, set[int]] = {}
        for words in owners:
            lengths.setdefault(words[0], set()).add(len(words))
        return cls(owners, {first: sorted(found, reverse=True) for first, found in lengths.items()})

    def in_text(self, words: Words, own: str) -> Iterator[str]:
        """Yield the classes that a text names besides its own, from left to right, by the longest names."""
        i = 0
        while i < len(words):
            ahead = (words[i : i + length] for length in self.lengths.get(words[i], ()))
            name = next((name for name in ahead if name in self.owners), words[i : i + 1])
            owners = self.owners.get(name, {own})
            if own not in owners:
                yield min(owners)
            i += len(name)


def mentions(bank: TextBank) -> list[Mention]:
    """Return the texts that name another class, in whole words, singular or plural, in the order of the bank.

    The longest name counts: a text on the tabby cat that calls it so does not name the cat.

    >>> bank = TextBank.from_texts({"tabby cat": ["a tabby cat, no dog"], "cat": ["soft"], "dog": ["loud"]})
    >>> [mention.other for mention in mentions(bank)]
    ['dog']
    """
    names = _Names.of(bank.class_names)
    return [
        Mention(t, other)
        for t in bank.texts
        for other in dict.fromkeys(names.in_text(words_of(t.text), t.class_name))
    ]


def _with_plurals(words: Words) -> Iterator[Words]:
    if words:
        *before, last = words
        plurals = [last, f"{last}s", f"{last}es"] + ([f"{last[:-1]}ies"] if last.endswith("y") else [])
        yield from ((*before, form) for form in plurals)
