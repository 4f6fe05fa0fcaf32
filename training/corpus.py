"""The texts that the text tower is distilled from, and those that stand for each anchor.

A class name means little to a small table of word pieces; WordNet's definitions say what the thing is. So
each noun appears in the prompt of the zero-shot classifier, and its target is drawn towards its definitions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clipcoder.generators.wordnet.data import Synset, WordNet

PROMPT: Final = "a photo of a {}"
_THINGS: Final = frozenset(
    {
        "animal",
        "artifact",
        "body",
        "food",
        "location",
        "object",
        "person",
        "phenomenon",
        "plant",
        "shape",
        "substance",
    }
)
"""Lexicographer files of what a photo can show."""
_ABSTRACT_WEIGHT: Final = 0.2
_NAMED: Final = _THINGS - {"person", "location"}
"""Where single things (Jupiter, the Sphinx) are worth a name of their own; people and places are too many."""


@dataclass(frozen=True)
class Name:
    """A noun and what it can mean: definitions, with weights that fall with the rank of the sense."""

    prompt: str
    definitions: tuple[tuple[str, float], ...]
    is_thing: bool
    """Whether its most usual sense can be photographed."""


def synsets(wordnet: WordNet) -> Iterator[Synset]:
    """Yield the synsets worth learning: kinds of things, and single things of a few lexicographer files."""
    for row in range(len(wordnet)):
        synset = wordnet.synset(row)
        if not synset.is_instance or synset.lexname in _NAMED:
            yield synset


def names(wordnet: WordNet) -> list[Name]:
    """Return every noun of WordNet once, in the order of the synsets."""
    lemmas = dict.fromkeys(lemma for synset in synsets(wordnet) for lemma in synset.lemmas)
    return [_name(wordnet, lemma) for lemma in lemmas]


def _name(wordnet: WordNet, lemma: str) -> Name:
    senses = [wordnet.synset(sense.synset) for sense in wordnet.senses(lemma)]
    definitions = tuple(
        (synset.gloss, (1.0 if synset.lexname in _THINGS else _ABSTRACT_WEIGHT) / (place + 1) ** 1.5)
        for place, synset in enumerate(senses)
    )
    return Name(PROMPT.format(lemma), definitions, bool(senses) and senses[0].lexname in _THINGS)


def sentences(wordnet: WordNet, data: Path, captions: Iterable[str], words: Iterable[str]) -> list[str]:
    """Return the other texts: definitions, descriptions by a language model, captions, and single words."""
    definitions = (synset.gloss for synset in synsets(wordnet))
    return [
        *definitions,
        *descriptions(data),
        *captions,
        *(text for word in words for text in (word, PROMPT.format(word))),
    ]


def descriptions(data: Path) -> Iterator[str]:
    """Yield the descriptors of the DCLIP files, alone and with the class they describe."""
    for file in sorted((data / "texts" / "dclip").glob("*.json")):
        for name, descriptors in json.loads(file.read_text(encoding="utf-8")).items():
            for descriptor in descriptors:
                yield descriptor
                yield f"{name} which has {descriptor}"


def anchor_texts(synset: Synset) -> tuple[list[str], ...]:
    """Return what stands for an ImageNet class, in groups that count alike.

    They are its prompts, its definition behind its first name, the definition alone, and its names.
    """
    return (
        [PROMPT.format(lemma) for lemma in synset.lemmas],
        [f"{synset.lemmas[0]}: {synset.gloss}"],
        [synset.gloss],
        list(synset.lemmas),
    )
