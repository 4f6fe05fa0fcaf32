"""Neighbour texts from WordNet: all four kinds of CODER (section 3.3), without a network or a key."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from clipcoder.generators.base import SnippetKind, TextEncoder, check_question
from clipcoder.generators.names import ParsedName, parse_name, search_key, singulars
from clipcoder.generators.sentences import with_article
from clipcoder.generators.wordnet.data import Synset, WordNet, load_wordnet
from clipcoder.generators.wordnet.glosses import content_words, take_apart
from clipcoder.generators.wordnet.lookup import Match, find_any
from clipcoder.generators.wordnet.senses import Query, choose_senses

_MIN_DEPTH: Final = 6
"""With fewer ancestors than this stand concepts such as *instrumentality*, which say nothing about looks."""

_NEAR: Final = 2
"""How many steps up a concept still lends its traits, its parts and its other kinds."""

_LENT_PARTS: Final = 2

_KIND_OF: Final = re.compile(
    r"^(?:an?\s+)?(?:(?:type|kind|sort|breed|species|model)s?\s+of\s+)?", re.IGNORECASE
)
"""What a domain begins with that says nothing about a sense."""

_FEW_KINDS: Final = 40

_USUAL_RANK: Final = 2
"""A word whose usual meanings are others (``machine`` for a car, ``flag`` for a dog's tail) is no help."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A class with the concept that was chosen for it, if there is one."""

    class_name: str
    parsed: ParsedName
    match: Match
    synset: Synset | None


class WordNetGenerator:
    """Snippets about the classes of one set.

    Args:
        class_names: all classes, because analogues and synonyms must be no other class of the set.
        encoder: helps to choose the sense of each name, in one ``encode_texts`` call for the whole set (one
            more for a class outside it); None does without.
        domain: what all classes are, such as ``"a type of bird"``: a hint at the sense of those names that
            bring no remark of their own.
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
        domain: str = "",
        similarity_weight: float = 0.5,
        max_attributes: int = 8,
        max_analogues: int = 5,
        max_synonyms: int = 4,
        max_one_to_one: int = 5,
        wordnet: WordNet | None = None,
    ) -> None:
        self._wordnet = wordnet or load_wordnet()
        self._encoder = encoder
        self._hint = _KIND_OF.sub("", domain)
        self._similarity_weight = similarity_weight
        self._limits = {
            "attribute": max_attributes,
            "analogue": max_analogues,
            "synonym": max_synonyms,
            "one_to_one": max_one_to_one,
        }
        self._resolved = {resolved.class_name: resolved for resolved in self._resolve(class_names)}
        self._taken_names = {key for resolved in self._resolved.values() for key in _keys(resolved)}
        self._class_rows = {resolved.synset.row for resolved in self._resolved.values() if resolved.synset}
        self._above_classes = {up for row in self._class_rows for up in self._wordnet.ancestors(row)}
        self._described: dict[str, tuple[str, ...]] = {}

    def synset(self, class_name: str) -> Synset | None:
        """Return the concept that was chosen for a class, or None where WordNet does not know it."""
        return self._find(class_name).synset

    def generate(self, kind: SnippetKind, class_name: str, *, other: str | None = None) -> list[str]:
        """Return the snippets of one kind, best first; see ``Generator``.

        Raises:
            UnknownNameError: ``kind`` is none of the four.
            InvalidInputError: ``other`` is missing for ``"one_to_one"``.
        """
        check_question(kind, class_name, other)
        resolved = self._find(class_name)
        snippets: Iterable[str]
        if kind == "attribute":
            snippets = self._describe(resolved)
        elif kind == "one_to_one":
            snippets = self._differences(resolved, self._find(str(other)))
        elif kind == "synonym":
            snippets = self._synonyms(resolved)
        else:
            snippets = self._analogues(resolved.synset) if resolved.synset else ()
        return list(islice(snippets, self._limits[kind]))

    def _resolve(self, class_names: Iterable[str]) -> list[Resolved]:
        names = sorted(set(class_names))
        parsed = [self._hinted(parse_name(name)) for name in names]
        queries = [Query(one, find_any(self._wordnet, one)) for one in parsed]
        synsets = choose_senses(self._wordnet, queries, self._encoder, self._similarity_weight)
        rows = zip(names, queries, synsets, strict=True)
        return [Resolved(name, query.parsed, query.match, synset) for name, query, synset in rows]

    def _hinted(self, parsed: ParsedName) -> ParsedName:
        return parsed if parsed.remark else parsed._replace(remark=self._hint)

    def _find(self, class_name: str) -> Resolved:
        if class_name not in self._resolved:
            self._resolved[class_name] = self._resolve([class_name])[0]
        return self._resolved[class_name]

    def _describe(self, resolved: Resolved) -> tuple[str, ...]:
        """Return all attributes of a class; one that says nothing new is left out."""
        if resolved.class_name not in self._described:
            told: dict[str, frozenset[str]] = {}
            for snippet in self._attributes(resolved.synset, resolved.match) if resolved.synset else ():
                words = content_words(snippet)
                if not any(words <= earlier for earlier in told.values()):
                    told[snippet] = words
            self._described[resolved.class_name] = tuple(told)
        return self._described[resolved.class_name]

    def _attributes(self, synset: Synset, match: Match) -> Iterator[str]:
        """Yield kind, traits and parts, its own before those of near hypernyms."""
        if not match.is_whole:
            yield f"is {with_article(synset.lemmas[0])}"
        definition = take_apart(synset.gloss)
        yield from filter(None, (definition.genus, *definition.traits))
        yield from self._parts(synset)
        near = self._near_hypernyms(synset)
        yield from (f"is a kind of {up.lemmas[0]}" for up in near[:1] if up.row not in self._class_rows)
        for up in near:
            yield from take_apart(up.gloss).traits
            yield from islice(self._parts(up), _LENT_PARTS)

    def _parts(self, synset: Synset) -> Iterator[str]:
        parts = sorted((self._wordnet.synset(row) for row in synset.parts), key=_commonness, reverse=True)
        return (f"has {with_article(name)}" for name in self._names(parts))

    def _near_hypernyms(self, synset: Synset) -> list[Synset]:
        ancestors = self._wordnet.ancestors(synset.row)
        near = (self._wordnet.synset(row) for row, steps in ancestors.items() if steps <= _NEAR)
        return [
            up for up in near if up.lexname != "Tops" and len(self._wordnet.ancestors(up.row)) >= _MIN_DEPTH
        ]

    def _synonyms(self, resolved: Resolved) -> Iterator[str]:
        """Yield the user's other names, then the class name with the concept's other words in it.

        What names another class is left out.
        """
        yield from resolved.parsed.aliases
        if resolved.synset is None:
            return
        taken = self._taken_names | _keys(resolved)
        taken |= {search_key(singular) for singular in singulars(resolved.match.found)}
        for lemma in resolved.synset.lemmas:
            renamed = resolved.match.rename(lemma)
            if not {search_key(lemma), search_key(renamed)} & taken and self._is_telling(
                lemma, resolved.synset
            ):
                taken.add(search_key(lemma))
                yield renamed

    def _analogues(self, synset: Synset) -> Iterator[str]:
        """Yield other kinds of the same hypernym, then of the one above; common and similar ones first.

        A class of the set, what is above it and what is below it, is no analogue of another.
        """
        words = content_words(synset.gloss)
        seen = {synset.row} | self._class_rows | self._above_classes
        told: set[str] = set()
        for up in self._near_hypernyms(synset):
            rows = [row for row in self._wordnet.hyponyms(up.row) if row not in seen]
            seen.update(rows)
            free = (row for row in rows if self._class_rows.isdisjoint(self._wordnet.ancestors(row)))
            kinds = [self._wordnet.synset(row) for row in free]
            alike = _most_alike([kind for kind in kinds if kind.is_instance == synset.is_instance], words)
            for name in self._names(alike):
                if search_key(name) not in told:
                    told.add(search_key(name))
                    yield name

    def _differences(self, resolved: Resolved, other: Resolved) -> Iterator[str]:
        """Yield the attributes of one class that have a word which no attribute of the other has."""
        theirs = content_words(" ".join(self._describe(other)))
        theirs |= content_words(" ".join(other.synset.lemmas)) if other.synset else frozenset()
        return (snippet for snippet in self._describe(resolved) if content_words(snippet) - theirs)

    def _names(self, synsets: Iterable[Synset]) -> Iterator[str]:
        """Yield the most usual telling word of each concept, unless it is the name of a class."""
        for synset in synsets:
            lemma = next((lemma for lemma in synset.lemmas if self._is_telling(lemma, synset)), None)
            if lemma is not None and search_key(lemma) not in self._taken_names:
                yield lemma

    def _is_telling(self, lemma: str, synset: Synset) -> bool:
        """Tell whether a word makes one think of the concept: not Latin, not usually something else."""
        usual = (sense.synset for sense in self._wordnet.senses(lemma)[:_USUAL_RANK])
        return synset.row in usual and not self._is_latin(lemma)

    def _is_latin(self, lemma: str) -> bool:
        """Tell a binomial such as ``Panthera onca``: WordNet also has ``genus Panthera``."""
        first, _, rest = lemma.partition(" ")
        if first == "genus":
            return True
        return bool(rest) and first[:1].isupper() and bool(self._wordnet.senses(f"genus {first}"))


def _commonness(synset: Synset) -> float:
    """How much a concept is talked about, in running text and in definitions."""
    return math.log1p(synset.tags) + math.log1p(synset.mentions)


def _most_alike(kinds: Sequence[Synset], words: frozenset[str]) -> list[Synset]:
    """Order other kinds by how common they are and by the words that their definitions share with ``words``.

    Of many kinds (there are 250 of a device) those that share no word are left out: too little unites them.
    """
    shared = {kind.row: len(words & content_words(kind.gloss)) for kind in kinds}
    close = [kind for kind in kinds if shared[kind.row] or len(kinds) <= _FEW_KINDS]
    return sorted(close, key=lambda kind: -(_commonness(kind) + shared[kind.row]))


def _keys(resolved: Resolved) -> set[str]:
    parsed = resolved.parsed
    return {search_key(name) for name in (resolved.class_name, parsed.name, *parsed.aliases)}
