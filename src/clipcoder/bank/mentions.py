"""Texts that name another class than their own; no model is needed."""

from __future__ import annotations

from dataclasses import dataclass

from clipcoder.bank.entries import BankText
from clipcoder.bank.text_bank import TextBank
from clipcoder.generators.mentions import ClassNames


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
    names = ClassNames(bank.class_names)
    return [
        Mention(t, other) for t in bank.texts for other in names.mentioned_in(t.text, apart_from=t.class_name)
    ]
