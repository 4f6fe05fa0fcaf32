"""Find the part of a class name that WordNet knows, and keep the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from clipcoder.generators.names import ParsedName, split_words
from clipcoder.generators.wordnet.data import Sense, WordNet

_LONGEST_COMPOUND: Final = 6

# fmt: off
_ASPECTS: Final = frozenset((
    "side", "front", "back", "rear", "top", "face", "head", "body", "view", "profile", "closeup", "interior",
    "exterior",
))
"""Last words that say what of a thing is in view: a ``car side`` is first of all a car."""

_PREPOSITIONS: Final = frozenset((
    "of", "in", "on", "with", "without", "for", "from", "at", "by", "to", "under", "over", "near", "behind",
))
_ARTICLES: Final = frozenset(("a", "an", "the"))
_NO_NOUNS: Final = _PREPOSITIONS | {
    "and", "or", "a", "an", "the", "as", "is", "be", "it", "no", "not", "other", "new", "old",
}
# fmt: on


@dataclass(frozen=True, slots=True)
class Match:
    """A class name as ``before + found + after``, where ``found`` has senses in WordNet."""

    before: str
    found: str
    after: str
    senses: tuple[Sense, ...]

    @property
    def is_whole(self) -> bool:
        """The whole name is an entry."""
        return not self.before and not self.after

    def rename(self, lemma: str) -> str:
        """Return the class name with another word in place of the found one.

        Example:
            >>> Match("red", "car", "side", ()).rename("automobile")
            'red automobile side'
        """
        return " ".join(part for part in (self.before, lemma, self.after) if part)


def find(wordnet: WordNet, name: str) -> Match:
    """Return the whole name where it is an entry, else its head noun, else its longest known part.

    The head noun ends before a preposition or a participle and before words such as ``side`` or ``face``.
    Without any known part the match has no senses.

    Example:
        >>> from clipcoder.generators.wordnet.data import load_wordnet
        >>> names = ("tabby cat", "striped tabby cat", "car side", "bottle of wine")
        >>> [find(load_wordnet(), name).found for name in names]
        ['tabby cat', 'tabby cat', 'car', 'bottle']
    """
    words = split_words(name)
    for start, stop in [(0, len(words)), *_spans(words)]:
        found = " ".join(words[start:stop])
        if senses := wordnet.senses(found):
            return Match(" ".join(words[:start]), found, " ".join(words[stop:]), tuple(senses))
    return Match("", name, "", ())


def find_any(wordnet: WordNet, parsed: ParsedName) -> Match:
    """Return the match of a name or, where that is no whole entry, of the first alias that is one.

    Example:
        >>> from clipcoder.generators.names import parse_name
        >>> from clipcoder.generators.wordnet.data import load_wordnet
        >>> find_any(load_wordnet(), parse_name("my old bike, mountain bike")).found
        'mountain bike'
    """
    matches = [find(wordnet, name) for name in (parsed.name, *parsed.aliases)]
    whole = (match for match in matches if match.is_whole and match.senses)
    return next(whole, next((match for match in matches if match.senses), matches[0]))


def _spans(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) of the parts to try: head phrases, then any part; longest first, then last."""
    lower = [word.lower() for word in words]
    head = next((at for at in range(1, len(words)) if _ends_head(lower, at)), len(words))
    while head > 1 and lower[head - 1] in _ASPECTS:
        head -= 1
    lengths = range(min(_LONGEST_COMPOUND, len(words)), 0, -1)
    yield from (
        (max(head - length, 0), head) for length in lengths if _is_noun(lower[max(head - length, 0) : head])
    )
    for length in lengths:
        for start in range(len(words) - length, -1, -1):
            if _is_noun(lower[start : start + length]):
                yield start, start + length


def _ends_head(words: Sequence[str], at: int) -> bool:
    """Tell a preposition, and a participle that has an object: ``a person riding a horse`` is a person."""
    has_object = not _ARTICLES.isdisjoint(words[at + 1 : at + 2])
    return words[at] in _PREPOSITIONS or (has_object and words[at].endswith("ing"))


def _is_noun(words: Sequence[str]) -> bool:
    return len(words) > 1 or (len(words[0]) > 1 and words[0] not in _NO_NOUNS)
