"""Reasons for what zero-shot and few-shot heads decide; those of a class add up to its score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import fsum
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from clipcoder.adapters.cache import cache_logits
from clipcoder.adapters.heads import CacheHead, Head, LinearHead
from clipcoder.arrays import FloatArray, IntArray
from clipcoder.encoded import EncodedPairs, EncodedTexts
from clipcoder.explanation import ClassScore, Explanation, Reason, top_classes

_VOTERS: Final = 5  # examples a class that are named
_STAND_IN: Final = "its text, in place of examples"


def zero_shot(
    texts: EncodedTexts,
    pairs: EncodedPairs | None,
    image: FloatArray,
    scores: FloatArray,
    label: int,
    top: int,
) -> Explanation:
    """Explain what texts alone decide.

    Args:
        texts: the bank.
        pairs: one-to-one texts; None without a rerank.
        image: the image's feature, a unit row of shape (d,).
        scores: its scores, of shape (C,).
        label: the position of the predicted class.
        top: how many classes are explained.
    """
    names, best = texts.bank.class_names, int(scores.argmax())
    explained = tuple(
        ClassScore.of(names[c], float(scores[c]), texts.reasons(image, c, float(scores[c])))
        for c in top_classes(scores, label, top)
    )
    reranked = label != best
    duel = pairs.duel(image, names[label], names[best]) if reranked and pairs else None
    return Explanation(explained, reranked, duel)


@dataclass(frozen=True, eq=False)
class FewShotParts:
    """What makes up the scores of a few-shot head.

    Attributes:
        head: the head.
        texts: the bank whose texts the head started from, if there is one.
        class_names: the classes in the order of the head.
        examples: what to call the labelled images, which come first among those who vote, before the texts
            that stand in for some (``adapters.stand_ins``), each None where that was not saved; None numbers
            all who vote.
    """

    head: Head
    texts: EncodedTexts | None
    class_names: Sequence[Any]
    examples: Sequence[str | None] | None = None

    def explain(self, image: FloatArray, scores: FloatArray, label: int, top: int) -> Explanation:
        """Explain a prediction; arguments are those of ``zero_shot``."""
        by_texts = self.head.from_texts(image[None])[0]
        votes = self._votes(image)
        explained = []
        for c in top_classes(scores, label, top):
            reasons = self._textual(image, c, float(by_texts[c]))
            left = float(scores[c]) - float(by_texts[c])
            reasons += self._learned(c, left) if votes is None else self._voting(*votes, c, left)
            explained.append(ClassScore.of(self.class_names[c], float(scores[c]), reasons))
        return Explanation(tuple(explained))

    def _textual(self, image: FloatArray, c: int, score: float) -> list[Reason]:
        if self.texts is None:
            return []
        factor = self.head.zero_shot_weight if isinstance(self.head, LinearHead) else 1.0
        return self.texts.reasons(image, self._position[c], score, factor=factor, averaged=True)

    @cached_property
    def _position(self) -> list[int]:
        """Where the bank has each class of the head."""
        assert self.texts is not None
        place = {name: i for i, name in enumerate(self.texts.bank.class_names)}
        return [place[name] for name in self.class_names]

    def _learned(self, c: int, points: float) -> list[Reason]:
        return [Reason("what the examples taught", "examples", self.class_names[c], None, points)]

    def _votes(self, image: FloatArray) -> tuple[FloatArray, npt.NDArray[np.float64]] | None:
        """Return the affinity of each example and what its vote adds, of shape (s,); None if none votes."""
        head = self.head
        if not isinstance(head, CacheHead):
            return None
        affinity = head.affinity(image[None])
        everyone = np.arange(len(head.labels))
        votes = cache_logits(
            affinity, everyone, len(everyone), head.beta, sample_weight=head.vote_weight
        )  # each example as a class of its own
        return affinity[0], head.alpha * votes[0].astype(np.float64)

    def _voting(
        self, affinity: FloatArray, votes: npt.NDArray[np.float64], c: int, points: float
    ) -> list[Reason]:
        """Name the examples of a class that vote loudest; the others together make up the rest."""
        assert isinstance(self.head, CacheHead)
        voters = np.flatnonzero(self.head.labels == c)
        loudest = voters[np.argsort(-votes[voters], kind="stable")[:_VOTERS]]
        name = self.class_names[c]
        reasons = [
            Reason(*self._voter(i), name, float(affinity[i]), float(votes[i])) for i in loudest.tolist()
        ]
        if left := len(voters) - len(loudest):
            rest = points - fsum(r.contribution for r in reasons)
            reasons.append(Reason(f"{left} other examples", "examples", name, None, rest))
        return reasons

    def _voter(self, position: int) -> tuple[str, str]:
        """Return what to call one who votes, and its kind."""
        if self.examples is None:
            return f"example {position}", "example"
        if position < len(self.examples):
            return self.examples[position] or f"example {position}, name not saved", "example"
        return _STAND_IN, "stand_in"


def example_names(images: Any, counted: IntArray) -> list[str]:
    """Return what to call labelled images: by their paths, or by their numbers where they have none.

    Args:
        images: what was handed in; features and what can be read but once have numbers.
        counted: the positions of those that count.

    >>> example_names(["a.jpg", b"..."], np.array([0, 1]))
    ['a.jpg', 'example 1']
    """
    listed = isinstance(images, Sequence)
    sources = (images[i] if listed else None for i in counted.tolist())
    return [
        str(source) if isinstance(source, str | Path) else f"example {i}"
        for i, source in zip(counted.tolist(), sources, strict=True)
    ]
