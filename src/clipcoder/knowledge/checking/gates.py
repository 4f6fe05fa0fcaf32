"""All gates, one data set after another."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources.abc import Traversable

from clipcoder.knowledge.checking.finding import Finding
from clipcoder.knowledge.checking.form import read_set
from clipcoder.knowledge.checking.phrases import PhraseGates
from clipcoder.knowledge.checking.sharing import shared
from clipcoder.knowledge.checking.spelling import Speller, own_words, wordnet_words
from clipcoder.knowledge.pack import Shelf


def speller_of(assets: Traversable) -> Speller:
    """Return what knows WordNet's words and those of the pack's own list."""
    return Speller(wordnet_words() | own_words(assets / "knowledge"))


def check_set(shelf: Shelf, speller: Speller) -> Iterator[Finding]:
    """Yield all that is to be mended in a data set."""
    classes, pairs, findings = read_set(shelf)
    yield from findings
    gates = PhraseGates(shelf.class_names, speller)
    for entry in classes:
        yield from gates.of_class(entry)
    yield from shared(classes)
    for pair in pairs:
        yield from gates.of_pair(pair)
