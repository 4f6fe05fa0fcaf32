"""Gates for single texts, and for the lists in which they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

from clipcoder.generators.mentions import WORD, ClassNames
from clipcoder.generators.quality import distinct_key
from clipcoder.knowledge.checking.finding import Finding
from clipcoder.knowledge.checking.spelling import Speller
from clipcoder.knowledge.checking.unwanted import unwanted
from clipcoder.knowledge.entries import ClassKnowledge, PairKnowledge

COUNTS: Final[Mapping[str, tuple[int, int]]] = {
    "attributes": (6, 10),
    "analogues": (3, 5),
    "synonyms": (0, 4),
    "differences": (2, 4),
    "other_differences": (2, 4),
}
"""How many texts a list has, at least and at most."""

_WORDS_OF_A_PHRASE: Final = (2, 12)
_WORDS_OF_A_SENSE: Final = (2, 8)
_WORDS_OF_A_NAME: Final = (1, 6)
_SIGNS: Final = re.compile(r"[.;:|~\"_\n\t!?]|\s{2}|^\s|\s$")
_CAPITAL: Final = re.compile(r"([A-Z][a-z]+)(?![\w'\u2019-])[^A-Z]*")


class PhraseGates:
    """The gates for the texts of one data set.

    Args:
        class_names: all of its classes.
        speller: which words are spelled right.
    """

    def __init__(self, class_names: Sequence[str], speller: Speller) -> None:
        self._classes = ClassNames(class_names)
        self._speller = speller

    def of_class(self, entry: ClassKnowledge) -> Iterator[Finding]:
        """Yield what is the matter with a class, name of the list by name of the list."""
        lists = {key: getattr(entry, key) for key in ("attributes", "analogues", "synonyms")}
        for finding in (*_counted(lists), *self._sense(entry.sense), *self._phrases(entry.attributes)):
            yield Finding(finding.what, finding.phrase, entry.class_name)
        for finding in (*self._names(entry), *_repeated(entry.attributes)):
            yield Finding(finding.what, finding.phrase, entry.class_name)

    def of_pair(self, pair: PairKnowledge) -> Iterator[Finding]:
        """Yield what is the matter with a pair."""
        lists = {key: getattr(pair, key) for key in ("differences", "other_differences")}
        phrases = (*pair.differences, *pair.other_differences)
        for finding in (*_counted(lists), *self._phrases(phrases), *_repeated(phrases, subsets=False)):
            yield Finding(finding.what, finding.phrase, f"{pair.class_name} ~ {pair.other}")

    def _sense(self, sense: str) -> Iterator[Finding]:
        yield from _shaped(sense, _WORDS_OF_A_SENSE)
        yield from (Finding(f"unknown word {word!r}", sense) for word in self._speller.unknown(sense))

    def _phrases(self, phrases: Sequence[str]) -> Iterator[Finding]:
        for phrase in phrases:
            yield from _shaped(phrase, _WORDS_OF_A_PHRASE)
            yield from (Finding(f"{reason} ({word!r})", phrase) for reason, word in unwanted(phrase))
            yield from (Finding(f"names the class {n!r}", phrase) for n in self._classes.mentioned_in(phrase))
            yield from (Finding(f"unknown word {word!r}", phrase) for word in self._speller.unknown(phrase))
            if (first := _CAPITAL.fullmatch(phrase)) and self._speller.knows(first[1].casefold()):
                yield Finding("begins with a capital", phrase)

    def _names(self, entry: ClassKnowledge) -> Iterator[Finding]:
        own = {distinct_key(name) for name in (entry.class_name, *entry.synonyms)}
        for what, names in (("analogue", entry.analogues), ("synonym", entry.synonyms)):
            for name in names:
                yield from _shaped(name, _WORDS_OF_A_NAME)
                for other in self._classes.named_by(name):
                    yield Finding(f"{what} is the name of the class {other!r}", name)
                if what == "analogue" and distinct_key(name) in own:
                    yield Finding("analogue is a synonym of the class itself", name)
        for names in (entry.analogues, entry.synonyms):
            yield from _repeated(names, subsets=False)


def _counted(lists: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    for key, texts in lists.items():
        least, most = COUNTS[key]
        if not least <= len(texts) <= most:
            yield Finding(f"has {len(texts)} {key.replace('_', ' ')}, not {least} to {most}")


def _shaped(text: str, words: tuple[int, int]) -> Iterator[Finding]:
    """Yield what is the matter with the length of a text and the signs in it."""
    count = len(text.split())
    if not words[0] <= count <= words[1]:
        yield Finding(f"{count} words, not {words[0]} to {words[1]}", text or "''")
    if sign := _SIGNS.search(text):
        yield Finding(f"the sign {sign[0]!r} at character {sign.start() + 1}", text)


def _repeated(texts: Sequence[str], *, subsets: bool = True) -> Iterator[Finding]:
    """Yield texts that say what another of their list says, or less than that."""
    words = {text: frozenset(word.casefold() for word in WORD.findall(text)) for text in texts}
    for first, second in combinations(texts, 2):
        if distinct_key(first) == distinct_key(second):
            yield Finding("said twice", second)
        elif subsets and (words[first] < words[second] or words[second] < words[first]):
            less, more = sorted((first, second), key=lambda text: len(words[text]))
            yield Finding(f"says nothing beyond {more!r}", less)
