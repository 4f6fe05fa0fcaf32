"""Words that are spelled right: those of WordNet, of its definitions and of our own list, and inflections."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from functools import cache
from importlib.resources.abc import Traversable
from typing import Final

from clipcoder.generators.names import singulars
from clipcoder.generators.wordnet.data import load_wordnet

_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_POSSESSIVE: Final = re.compile(r"['\u2019]s$|['\u2019]$")
_DOUBLES: Final = re.compile(r"[^aeiou]*[aeiou][bdgmnprt]")
"""Short words that double their last letter: ``spotted``, not ``spoted``."""
_SHORTEST: Final = 3  # a stem; shorter ones are words by chance


class Speller:
    """Tells words that are spelled right.

    Args:
        known: words in small letters.

    >>> speller = Speller({"spot", "stripe", "berry", "leaf"})
    >>> list(speller.unknown("spotted, stripy leaf-like berries")), list(speller.unknown("striped spoted"))
    (['stripy', 'like'], ['spoted'])
    """

    def __init__(self, known: Set[str]) -> None:
        self._known = known

    def unknown(self, phrase: str) -> Iterator[str]:
        """Yield the words of a phrase that nobody knows; both halves of a compound are looked up."""
        for word in map(_plain, _WORD.findall(phrase)):
            if len(word) > 1 and not self.knows(word):
                yield word

    def knows(self, word: str) -> bool:
        """Tell whether a word is known as it stands, or as a plain inflection of a known one."""
        return word in self._known or any(base in self._known for base in _bases(word))


@cache
def wordnet_words() -> frozenset[str]:
    """Return the words of WordNet's nouns and of their definitions, in small letters."""
    return frozenset(map(_plain, _WORD.findall(load_wordnet().running_text())))


def own_words(knowledge: Traversable) -> frozenset[str]:
    """Return the words of ``words.txt``, one a line; what is behind a ``#`` is a remark."""
    lines = (knowledge / "words.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if (word := line.partition("#")[0].strip()))


def _plain(word: str) -> str:
    return _POSSESSIVE.sub("", word).casefold()


def _bases(word: str) -> Iterator[str]:
    """Yield what a word may be an inflection of."""
    yield from singulars(word)
    for ending in ("ed", "ing"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _SHORTEST:
            yield from _verbs(stem)
    if word.endswith("ied"):
        yield f"{word[:-3]}y"
    if word.endswith("ly") and len(word) > _SHORTEST + 2:
        yield from (word[:-2], f"{word[:-3]}y" if word.endswith("ily") else f"{word[:-2]}le")


def _verbs(stem: str) -> Iterator[str]:
    yield f"{stem}e"
    if stem[-1] == stem[-2] and _DOUBLES.fullmatch(stem[:-1]):
        yield stem[:-1]
    elif not _DOUBLES.fullmatch(stem):
        yield stem
