"""From what generators reply to the entries of banks: questions first, sentences last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import permutations
from typing import Final

from clipcoder.bank.entries import BankText, PairText
from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.generators.base import Question, Reply, SnippetKind
from clipcoder.generators.sentences import Templates, render
from clipcoder.source import Source

TEMPLATE: Final = Source("template")
ALL_PAIRS_LIMIT: Final = 50
"""Classes; 50 make 2,450 ordered pairs, a few seconds of encoding on a CPU."""


def questions(names: Iterable[str], kinds: Iterable[SnippetKind]) -> list[Question]:
    """Return what to ask for a text bank: every kind about the first class, then about the next.

    >>> [q.kind for q in questions(["cat"], ["attribute", "synonym"])]
    ['attribute', 'synonym']
    """
    asked = tuple(kinds)
    return [Question(kind, name) for name in names for kind in asked]


def pair_questions(classes: tuple[str, ...], pairs: Iterable[tuple[str, str]] | None) -> list[Question]:
    """Return what to ask for a pair bank: each pair in both directions; None means all pairs.

    Raises:
        InvalidInputError: all pairs of more than 50 classes.
        UnknownNameError: a pair with a class that is not among the classes.
    """
    if pairs is None and len(classes) > ALL_PAIRS_LIMIT:
        raise InvalidInputError(
            f"all pairs are taken for at most {ALL_PAIRS_LIMIT} classes, but there are {len(classes)}; "
            "say which ones as pairs=[(name, other), ...], such as those that stage 1 confuses"
        )
    if pairs is None:
        return [Question("one_to_one", name, other) for name, other in permutations(classes, 2)]
    both = dict.fromkeys(p for a, b in pairs for p in ((a, b), (b, a)))
    for name in {name for pair in both for name in pair} - set(classes):
        raise UnknownNameError("class of a pair", str(name), classes)
    return [Question("one_to_one", name, other) for name, other in both]


def name_texts(names: Iterable[str], templates: Templates, domain: str) -> Iterator[BankText]:
    """Yield the texts of each class's own name."""
    for name in names:
        for sentence in render("name", name, templates=templates, domain=domain):
            yield BankText(sentence, name, "name", TEMPLATE)


def texts_of(replies: Iterable[Reply], templates: Templates, domain: str) -> Iterator[BankText]:
    """Yield the sentences of replies about single classes."""
    for reply in replies:
        kind, name = reply.question.kind, reply.question.class_name
        assert kind != "one_to_one", "one-to-one texts go into a PairBank"
        for snippet in reply.snippets:
            for sentence in render(kind, name, snippet, templates, domain=domain):
                yield BankText(sentence, name, kind, reply.source)


def pair_texts_of(replies: Iterable[Reply], templates: Templates, domain: str) -> Iterator[PairText]:
    """Yield the sentences of replies about pairs of classes."""
    for reply in replies:
        name, other = reply.question.class_name, reply.question.other
        for snippet in reply.snippets:
            for sentence in render("one_to_one", name, snippet, templates, other=other, domain=domain):
                yield PairText(sentence, name, other, reply.source)
