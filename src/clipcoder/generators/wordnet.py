"""Neighbour texts from WordNet: all four kinds of knowledge of CODER (section 3.3), without a network or a key."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from clipcoder.errors import InvalidInputError
from clipcoder.generators.base import SnippetKind, TextEncoder, check_kind
from clipcoder.generators.glosses import content_words, take_apart
from clipcoder.generators.lookup import Match, find
from clipcoder.generators.names import parse_name, search_key
from clipcoder.generators.prompts import with_article
from clipcoder.generators.senses import Query, choose_senses
from clipcoder.generators.wordnet_data import Synset, WordNet, load_wordnet

_MIN_DEPTH: Final = 5
"""Above this many ancestors stand concepts such as *artifact* and *organism*, which say nothing about looks."""

_NEAR: Final = 2
"""How many steps up a concept still lends its traits, its parts and its other kinds."""

_LENT_PARTS: Final = 2

_USUAL_RANK: Final = 2
"""A word whose usual meanings are others (``machine`` for a car) is no help as a synonym."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A class with the concept that was chosen for it, if there is one."""

    class_name: str
    match: Match
    synset: Synset | None


class WordNetGenerator:
    """Snippets about the classes of one set.

    Args:
        class_names: all classes, because analogues and synonyms must be no other class of the set.
        encoder: helps to choose the sense of each name, in one ``encode_texts`` call; None does without.
        similarity_weight: how much the encoder counts against how usual a sense is (see ``senses``).
        max_attributes: at most so many attributes.
        max_analogues: at most so many analogues.
        max_synonyms: at most so many synonyms.
        max_one_to_one: at most so many one-to-one snippets for a pair.
        wordnet: another WordNet than the one in the package.

    Example:
        >>> generator = WordNetGenerator(["gerenuk", "impala"])
        >>> generator.generate("attribute", "gerenuk")[:2]
        ['is a slender East African antelope', 'has slim neck and backward-curving horns']
        >>> generator.generate("synonym", "coffee_mug")
        []
    """

    def __init__(
        self,
        class_names: Sequence[str],
        encoder: TextEncoder | None = None,
        *,
        similarity_weight: float = 0.5,
        max_attributes: int = 8,
        max_analogues: int = 5,
        max_synonyms: int = 4,
        max_one_to_one: int = 5,
        wordnet: WordNet | None = None,
    ) -> None:
        self._wordnet = wordnet or load_wordnet()
        self._encoder = encoder
        self._similarity_weight = similarity_weight
        self._limits = {
            "attribute": max_attributes,
            "analogue": max_analogues,
            "synonym": max_synonyms,
            "one_to_one": max_one_to_one,
        }
        self._resolved = {resolved.class_name: resolved for resolved in self._resolve(class_names)}
        self._taken_names = {
            search_key(name)
            for class_name in self._resolved
            for name in (class_name, parse_name(class_name).name, *parse_name(class_name).aliases)
        }

    def synset(self, class_name: str) -> Synset | None:
        """Return the concept that was chosen for a class, or None where WordNet does not know it."""
        return self._find(class_name).synset

    def generate(self, kind: SnippetKind, class_name: str, *, other: str | None = None) -> list[str]:
        """Return the snippets of one kind, best first; see ``Generator``.

        Raises:
            UnknownNameError: ``kind`` is none of the four.
            InvalidInputError: ``other`` is missing for ``"one_to_one"``.
        """
        check_kind(kind)
        if kind == "one_to_one" and other is None:
            raise InvalidInputError(
                f"one-to-one texts need the class to tell {class_name!r} apart from: give other=..."
            )
        resolved = self._find(class_name)
        if resolved.synset is None:
            return []
        if kind == "attribute":
            snippets = self._attributes(resolved.synset, resolved.match)
        elif kind == "analogue":
            snippets = self._analogues(resolved.synset)
        elif kind == "synonym":
            snippets = self._synonyms(resolved.synset, resolved.match)
        else:
            snippets = self._differences(resolved, self._find(str(other)))
        return _first_distinct(snippets, self._limits[kind])

    def _resolve(self, class_names: Iterable[str]) -> list[Resolved]:
        names = sorted(set(class_names))
        queries = [Query(parsed := parse_name(name), find(self._wordnet, parsed.name)) for name in names]
        synsets = choose_senses(self._wordnet, queries, self._encoder, self._similarity_weight)
        rows = zip(names, queries, synsets, strict=True)
        return [Resolved(name, query.match, synset) for name, query, synset in rows]

    def _find(self, class_name: str) -> Resolved:
        if class_name not in self._resolved:
            self._resolved[class_name] = self._resolve([class_name])[0]
        return self._resolved[class_name]

    def _attributes(self, synset: Synset, match: Match) -> Iterator[str]:
        """Yield kind, traits and parts, its own before those of near hypernyms."""
        definition = take_apart(synset.gloss)
        if not match.is_whole:
            yield f"is {with_article(synset.lemmas[0])}"
        yield from filter(None, (definition.genus, *definition.traits))
        yield from (f"has {with_article(part)}" for part in self._names(self._common_first(synset.parts)))
        near = self._near_hypernyms(synset)
        known = content_words(definition.genus)
        yield from (
            f"is a kind of {up.lemmas[0]}" for up in near[:1] if not content_words(up.lemmas[0]) <= known
        )
        for up in near:
            yield from take_apart(up.gloss).traits
            yield from (
                f"has {with_article(part)}"
                for part in self._names(self._common_first(up.parts)[:_LENT_PARTS])
            )

    def _common_first(self, rows: Iterable[int]) -> list[int]:
        return sorted(rows, key=lambda row: -self._wordnet.tags(row))

    def _near_hypernyms(self, synset: Synset) -> list[Synset]:
        ancestors = self._wordnet.ancestors(synset.row)
        near = (self._wordnet.synset(row) for row, steps in ancestors.items() if steps <= _NEAR)
        return [
            up for up in near if up.lexname != "Tops" and len(self._wordnet.ancestors(up.row)) >= _MIN_DEPTH
        ]

    def _synonyms(self, synset: Synset, match: Match) -> Iterator[str]:
        """Yield the class name with the concept's other words in it, unless that names another class."""
        for lemma in synset.lemmas:
            renamed = match.rename(lemma)
            is_taken = bool({search_key(lemma), search_key(renamed)} & self._taken_names)
            if not is_taken and not self._is_latin(lemma) and self._is_usual(lemma, synset):
                yield renamed

    def _analogues(self, synset: Synset) -> Iterator[str]:
        """Yield other kinds of the same hypernym, then of the one above; common and similar ones first."""
        words = content_words(synset.gloss)
        blocked = self._blocked_rows
        seen = {synset.row} | blocked
        for up in self._near_hypernyms(synset):
            kinds = [self._wordnet.synset(row) for row in self._wordnet.hyponyms(up.row) if row not in seen]
            seen |= {kind.row for kind in kinds}
            candidates = [kind for kind in kinds if kind.is_instance == synset.is_instance]
            ranked = sorted(candidates, key=lambda kind: -self._likeness(kind, words))
            yield from self._names(kind.row for kind in ranked)

    def _likeness(self, kind: Synset, words: frozenset[str]) -> float:
        """How common a concept is (in running text, and in kinds of its own), and how much its gloss has in common."""
        common = math.log1p(kind.tags) + math.log1p(len(self._wordnet.hyponyms(kind.row)))
        return common + len(words & content_words(kind.gloss))

    @property
    def _blocked_rows(self) -> set[int]:
        """The concepts of all classes, with everything above them; those below are blocked by ``_is_below_a_class``."""
        rows = {resolved.synset.row for resolved in self._resolved.values() if resolved.synset}
        return rows.union(*(self._wordnet.ancestors(row) for row in rows))

    def _differences(self, resolved: Resolved, other: Resolved) -> Iterator[str]:
        """Yield the attributes of one class with a word that none of the other class's attributes has."""
        assert resolved.synset is not None
        own = self._attributes(resolved.synset, resolved.match)
        if other.synset is None:
            yield from own
            return
        theirs = content_words(" ".join([*self._attributes(other.synset, other.match), *other.synset.lemmas]))
        yield from (snippet for snippet in own if content_words(snippet) - theirs)

    def _names(self, rows: Iterable[int]) -> Iterator[str]:
        """Yield the most usual word of each concept, unless it is the name of a class or Latin only."""
        for row in rows:
            lemma = next(
                (lemma for lemma in self._wordnet.synset(row).lemmas if not self._is_latin(lemma)), None
            )
            if lemma is not None and search_key(lemma) not in self._taken_names:
                yield lemma

    def _is_usual(self, lemma: str, synset: Synset) -> bool:
        senses = self._wordnet.senses(lemma)[:_USUAL_RANK]
        return any(sense.synset == synset.row for sense in senses)

    def _is_latin(self, lemma: str) -> bool:
        """Tell a binomial such as ``Panthera onca`` by its genus, which WordNet knows as ``genus Panthera``."""
        first, _, rest = lemma.partition(" ")
        if first == "genus":
            return True
        return bool(rest) and first[:1].isupper() and bool(self._wordnet.senses(f"genus {first}"))


def _first_distinct(snippets: Iterable[str], limit: int) -> list[str]:
    """Return the first ``limit`` snippets that differ by more than case and punctuation."""
    distinct: dict[str, str] = {}
    for snippet in snippets:
        if len(distinct) >= limit:
            break
        distinct.setdefault(search_key(snippet), snippet)
    return list(distinct.values())
