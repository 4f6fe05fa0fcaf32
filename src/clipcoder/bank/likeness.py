"""Texts that say the same, as far as their words tell; no model is needed.

They are hints to look at. A bank may say a thing twice, but then it counts twice in the score of its class;
what is said of many classes tells none of them apart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from math import fsum, log
from typing import Final
from unicodedata import normalize

import numpy as np

from clipcoder.arrays import FloatArray, IntArray, batches
from clipcoder.bank.entries import BankText
from clipcoder.bank.text_bank import TextBank
from clipcoder.generators.sentences import plain_name
from clipcoder.kinds import NAMING_KINDS

NEARLY: Final = 0.8
"""The share of words, by weight, from which on two texts are called alike."""

_WORD: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\w+")  # Chinese and Japanese put no spaces
_ARTICLES: Final = ("a", "an", "the")
_GAP: Final = "{}"
_ROWS_AT_ONCE: Final = 512  # of one class that are compared with all of it

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """A text that says nearly what an earlier one of its class says.

    Attributes:
        text: the later one.
        earlier: the one that it is most like.
        likeness: how much, at most 1.
    """

    text: BankText
    earlier: BankText
    likeness: float


@dataclass(frozen=True, slots=True)
class Shared:
    """What is said of several classes in the same words, their names aside.

    Attributes:
        text: as the first of them has it.
        class_names: the classes.
    """

    text: str
    class_names: tuple[str, ...]


def alike_texts(bank: TextBank, threshold: float = NEARLY) -> list[Alike]:
    """Return the texts that nearly repeat an earlier one of the same class, most alike first.

    With A and B the words of two texts and C the number of classes, their likeness is

        J(A, B) = sum_{w in A and B} v(w) / sum_{w in A or B} v(w),    v(w) = log( (C + 1) / C(w) )

    where C(w) classes have w in a text: what templates put into all texts weighs next to nothing. The name
    of the class is left out of its attributes and analogues, which all have it; its names and synonyms are
    compared among themselves.

    >>> texts = ["a photo of a cat, which has a soft coat", "a photo of a cat, which has a coat, soft"]
    >>> [alike.likeness for alike in alike_texts(TextBank.from_texts({"cat": texts}))]
    [1.0]
    """
    words = [frozenset(beyond_name(t)) - {_GAP} for t in bank.texts]
    value = _values(bank, words)
    groups: dict[tuple[str, bool], list[int]] = {}
    for i, t in enumerate(bank.texts):
        groups.setdefault((t.class_name, t.kind in NAMING_KINDS), []).append(i)
    found = []
    for members in groups.values():
        for later, earlier, likeness in _repeated([words[i] for i in members], value, threshold):
            found.append(Alike(bank.texts[members[later]], bank.texts[members[earlier]], likeness))
    return sorted(found, key=lambda alike: -alike.likeness)


def shared_texts(bank: TextBank) -> list[Shared]:
    """Return what the texts of several classes say alike, what is said of most classes first.

    Case and punctuation make no difference; in attributes and analogues the name of the class makes none.

    >>> bank = TextBank.from_texts({"cat": ["a cat, which has fur"], "dog": ["a dog, which has fur"]})
    >>> shared_texts(bank)
    [Shared(text='a cat, which has fur', class_names=('cat', 'dog'))]
    """
    said: dict[Words, list[BankText]] = {}
    for t in bank.texts:
        said.setdefault(beyond_name(t), []).append(t)
    names = [tuple(dict.fromkeys(t.class_name for t in texts)) for texts in said.values()]
    shared = [
        Shared(texts[0].text, of) for texts, of in zip(said.values(), names, strict=True) if len(of) > 1
    ]
    return sorted(shared, key=lambda text: -len(text.class_names))


def earlier_like(
    similarity: FloatArray, threshold: float, start: int = 0
) -> Iterator[tuple[int, int, float]]:
    """Yield the rows that are like an earlier one, the one that each is most like, and how much.

    Args:
        similarity: of shape (b, n): rows start, ..., start + b - 1 of n against all n.
        threshold: the least similarity.
        start: the first row.

    >>> list(earlier_like(np.float32([[1, 0.9], [0.9, 1]]), 0.5))
    [(1, 0, 0.9)]
    """
    rows = start + np.arange(len(similarity))
    earlier = np.where(np.arange(similarity.shape[1]) < rows[:, None], similarity, -np.inf)
    best: IntArray = earlier.argmax(axis=1)
    most = earlier[np.arange(len(rows)), best]
    for i in np.flatnonzero(most >= threshold).tolist():
        yield start + i, int(best[i]), round(float(most[i]), 4)


def words_of(text: str) -> Words:
    """Return the words of a text, without case and punctuation; of a text that has none, its signs.

    >>> words_of("Jack-o'-lantern, a pumpkin")
    ('jack', 'o', 'lantern', 'a', 'pumpkin')
    """
    folded = normalize("NFKC", text).casefold()
    return tuple(_WORD.findall(folded) or folded.split())


def beyond_name(entry: BankText) -> Words:
    """Return the words of a text; in a description a gap stands for the name of its class."""
    words = words_of(entry.text)
    name = () if entry.kind in NAMING_KINDS else words_of(plain_name(entry.class_name))
    return _with_gaps(words, name) if name else words


def _with_gaps(words: Words, name: Words) -> Words:
    kept: list[str] = []
    i = 0
    while i < len(words):
        if words[i : i + len(name)] == name:
            if kept and kept[-1] in _ARTICLES:  # which depends on the name: an owl, a cat
                kept.pop()
            kept.append(_GAP)
            i += len(name)
        else:
            kept.append(words[i])
            i += 1
    return tuple(kept)


def _values(bank: TextBank, words: Sequence[frozenset[str]]) -> dict[str, float]:
    """Return the value v(w) of every word."""
    held = {(t.class_name, word) for t, of_text in zip(bank.texts, words, strict=True) for word in of_text}
    classes = Counter(word for _, word in held)
    return {word: log((len(bank.class_names) + 1) / count) for word, count in classes.items()}


def _repeated(
    sets: Sequence[frozenset[str]], value: dict[str, float], threshold: float
) -> Iterator[tuple[int, int, float]]:
    """Yield what ``earlier_like`` does, by J."""
    if len(sets) < 2:
        return
    counts = Counter(chain.from_iterable(sets))
    column = {word: i for i, word in enumerate(sorted(word for word in counts if counts[word] > 1))}
    held = np.zeros((len(sets), len(column)), dtype=np.float32)
    for row, words in enumerate(sets):
        held[row, [column[word] for word in words if word in column]] = 1
    weighted = held * np.array([value[word] for word in column], dtype=np.float32)
    total = np.array([fsum(value[word] for word in words) for words in sets], dtype=np.float32)
    for batch in batches(len(sets), _ROWS_AT_ONCE):
        both = weighted[batch] @ held.T
        either = total[batch, None] + total - both
        same = np.ones_like(both)  # as texts are that say nothing but the name
        np.divide(both, either, out=same, where=either > 0)
        yield from earlier_like(np.minimum(same, 1), threshold, batch.start)
