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


def mentions(bank: TextBank) -> list[Mention]:
    """Return the texts that name another class, in whole words, singular or plural, in the order of the bank.

    The longest name counts: a text on the tabby cat that calls it so does not name the cat.

    >>> bank = TextBank.from_texts({"tabby cat": ["a tabby cat, no dog"], "cat": ["soft"], "dog": ["loud"]})
    >>> [mention.other for mention in mentions(bank)]
    ['dog']
    """
    names = _named_by_first_word(bank.class_names)
    return [
        Mention(t, other)
        for t in bank.texts
        for other in dict.fromkeys(_classes_in(words_of(t.text), names, t.class_name))
    ]


def _named_by_first_word(class_names: Iterable[str]) -> dict[str, list[tuple[Words, set[str]]]]:
    """Return the names of classes as words, longest first, with the classes that have them, by first word."""
    owners: dict[Words, set[str]] = {}
    for class_name in class_names:
        parsed = parse_name(class_name)
        for name in (parsed.name, *parsed.aliases):
            for words in _with_plurals(words_of(name)):
                owners.setdefault(words, set()).add(class_name)
    by_first: dict[str, list[tuple[Words, set[str]]]] = {}
    for words in sorted(owners, key=len, reverse=True):
        by_first.setdefault(words[0], []).append((words, owners[words]))
    return by_first


def _with_plurals(words: Words) -> Iterator[Words]:
    if words:
        *before, last = words
        plurals = [last, f"{last}s", f"{last}es"] + ([f"{last[:-1]}ies"] if last.endswith("y") else [])
        yield from ((*before, form) for form in plurals)


def _classes_in(words: Words, names: dict[str, list[tuple[Words, set[str]]]], own: str) -> Iterator[str]:
    """Yield the classes that a text names besides its own, from left to right."""
    i = 0
    while i < len(words):
        here = (named for named in names.get(words[i], ()) if words[i : i + len(named[0])] == named[0])
        name, owners = next(here, (words[i : i + 1], {own}))
        if own not in owners:
            yield min(owners)
        i += len(name)
