"""Which meaning of each class name a photo would show: a bird or a machine for ``crane``.

CODER (section 3.3, synonyms) takes the meaning whose definition is nearest to the name in the encoder's
text space. Here that similarity is added to what is known without any encoder: how usual a meaning is,
whether it can be photographed, and what the other classes are. The weights were fitted to the true WNIDs of
the 1,000 ImageNet names (conditional logit, then rounded).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from clipcoder.generators.base import TextEncoder
from clipcoder.generators.names import ParsedName
from clipcoder.generators.wordnet.data import Synset, WordNet
from clipcoder.generators.wordnet.lookup import Match

_DEPICTABLE: Final = {
    "animal": 4.0, "artifact": 3.5, "food": 2.5, "Tops": 2.0, "plant": 1.5, "object": 0.5, "phenomenon": 0.0,
}  # fmt: skip
_HARDLY_DEPICTABLE: Final = -1.0
_PER_LOG_TAG: Final = 0.4
_PER_LOG_KIND: Final = 0.3
_HAS_PARTS: Final = 0.3
_IS_INSTANCE: Final = -0.7
_IS_DATED: Final = -0.4
_PER_RANK: Final = -0.01
_AGREES_WITH_SET: Final = 0.5
_AGREES_WITH_HINT: Final = 5.0
_DATED = re.compile(r"^\(|\b(?:former|formerly|ancient|informal|obscene|slang|street name)\b")


@dataclass(frozen=True, slots=True)
class Query:
    """What is known about a class before its sense is chosen."""

    parsed: ParsedName
    match: Match


def choose_senses(
    wordnet: WordNet,
    queries: Sequence[Query],
    encoder: TextEncoder | None = None,
    similarity_weight: float = 0.5,
) -> list[Synset | None]:
    """Return the synset of every query, or None where its name has no sense.

    Args:
        wordnet: where the senses are.
        queries: the classes of one set; they inform each other.
        encoder: encodes all names and definitions in one call; None leaves the similarity out.
        similarity_weight: what a similarity one standard deviation above that of the name's other senses adds
            to a score. For comparison, an animal leads an artifact by 0.5 and a possession by 5.
    """
    candidates = [[wordnet.synset(sense.synset) for sense in query.match.senses] for query in queries]
    usual = _lexnames_of_the_set(candidates)
    scores = [
        _prior_scores(wordnet, group, usual, _hints(wordnet, query.parsed))
        for query, group in zip(queries, candidates, strict=True)
    ]
    if encoder is not None:
        similarities = _similarities(queries, candidates, encoder)
        scores = [score + similarity_weight * z for score, z in zip(scores, similarities, strict=True)]
    return [
        group[int(np.argmax(score))] if group else None
        for group, score in zip(candidates, scores, strict=True)
    ]


def _prior_scores(
    wordnet: WordNet, group: Sequence[Synset], usual: Counter[str], hints: Sequence[Hint]
) -> npt.NDArray[np.float64]:
    """Score the senses of one name by themselves, by the other classes and by the hints in the name."""
    scores = (
        _prior(wordnet, synset, rank)
        + _AGREES_WITH_SET * math.log1p(usual[synset.lexname])
        + _AGREES_WITH_HINT * _agreement(wordnet, synset, hints)
        for rank, synset in enumerate(group)
    )
    return np.fromiter(scores, np.float64, len(group))


def _prior(wordnet: WordNet, synset: Synset, rank: int) -> float:
    """How likely a photo shows this sense, whatever the other classes are."""
    return (
        _DEPICTABLE.get(synset.lexname, _HARDLY_DEPICTABLE)
        + _PER_LOG_TAG * math.log1p(synset.tags)
        + _PER_LOG_KIND * math.log1p(len(wordnet.hyponyms(synset.row)))
        + _HAS_PARTS * bool(synset.parts)
        + _IS_INSTANCE * synset.is_instance
        + _IS_DATED * bool(_DATED.search(synset.gloss))
        + _PER_RANK * rank
    )


def _lexnames_of_the_set(candidates: Iterable[Sequence[Synset]]) -> Counter[str]:
    """Count the lexicographer files of the classes that leave no doubt."""
    files = ({synset.lexname for synset in group} for group in candidates)
    return Counter(next(iter(names)) for names in files if len(names) == 1)


def _agreement(wordnet: WordNet, synset: Synset, hints: Sequence[Hint]) -> float:
    """How near a sense is to the nearest hint: 1 for the same concept, 0 for nothing in common."""
    own = {synset.row, *wordnet.ancestors(synset.row)}
    return max(
        (len(own & hint.upward) / len(hint.upward) if synset.row not in hint.rows else 1.0 for hint in hints),
        default=0.0,
    )


class Hint(NamedTuple):
    """What another name of a class, or a word of its remark, may mean."""

    rows: frozenset[int]
    """All its senses."""
    upward: frozenset[int]
    """Its likeliest sense with everything above it."""


def _hints(wordnet: WordNet, parsed: ParsedName) -> list[Hint]:
    found = []
    for text in (*parsed.aliases, *parsed.remark.split()):
        synsets = [wordnet.synset(sense.synset) for sense in wordnet.senses(text)]
        if synsets:
            best = max(enumerate(synsets), key=lambda pair: _prior(wordnet, pair[1], pair[0]))[1]
            upward = frozenset((best.row, *wordnet.ancestors(best.row)))
            found.append(Hint(frozenset(synset.row for synset in synsets), upward))
    return found


def _similarities(
    queries: Sequence[Query], candidates: Sequence[Sequence[Synset]], encoder: TextEncoder
) -> list[npt.NDArray[np.float64]]:
    """Cosines of names and definitions, centred for each name, over their common deviation.

    One call encodes the names that have several senses and their definitions; the others need no similarity.
    """
    similarities = [np.zeros(len(group)) for group in candidates]
    doubtful = [at for at, group in enumerate(candidates) if len(group) > 1]
    if not doubtful:
        return similarities
    names = {at: f"{queries[at].parsed.name} {queries[at].parsed.remark}".strip() for at in doubtful}
    glosses = (synset.gloss for at in doubtful for synset in candidates[at])
    texts = list(dict.fromkeys([*names.values(), *glosses]))
    features = dict(zip(texts, np.asarray(encoder.encode_texts(texts), np.float64), strict=True))
    for at in doubtful:
        cosines = np.array([features[synset.gloss] @ features[names[at]] for synset in candidates[at]])
        similarities[at] = cosines - cosines.mean()
    deviation = np.concatenate([similarities[at] for at in doubtful]).std() or 1.0
    return [similarity / deviation for similarity in similarities]
