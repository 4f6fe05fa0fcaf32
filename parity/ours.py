"""The same by clipcoder, with the mistakes of the published code switched on or off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from clipcoder import coder
from clipcoder.adapters.cache import cache_logits, coder_affinity, tip_affinity
from clipcoder.arrays import FloatArray, IntArray
from clipcoder.rerank import (
    PairDifferences,
    gap_of_share,
    rerank,
    rerank_as_published,
    reranking,
    softmax_gaps,
)
from clipcoder.zero_shot import clip_scores, heuristic_scores
from parity.cases import Case
from parity.wordings import Mistakes, Sentence, Wordings

TOP: Final = 5


@dataclass(frozen=True)
class Habits:
    """The mistakes of the published zero-shot script that are made.

    Attributes:
        wording: those of the sentences.
        threshold_by_hand: a close call is what lies below the number set for the data set, where it should be
            a share of the images, which needs no labels to set.
        missing_votes_0: a pair without texts votes 0, where it should not vote.
        label_gate: only images are reranked whose label is among the best five.
        never_reranks: in single precision every vote fails and counts 0, so that the rerank changes nothing.
    """

    wording: Mistakes = field(default=Mistakes())
    threshold_by_hand: bool = False
    missing_votes_0: bool = False
    label_gate: bool = False
    never_reranks: bool = False


AS_PUBLISHED: Final = Habits(
    Mistakes(none_for_synonyms=True, underscores=True, joined_prompts=True),
    threshold_by_hand=True,
    missing_votes_0=True,
    label_gate=True,
)
"""All of them but the last, which comes with the precision."""


@dataclass(frozen=True, eq=False)
class ZeroShot:
    """What zero-shot classification makes of n images: scores (n, C) and classes (n,) before and after."""

    scores: FloatArray
    coder: IntArray
    reranked: IntArray


@dataclass(frozen=True, eq=False)
class Features:
    """The features of all sentences of a case, in the order in which they are listed."""

    rows: FloatArray
    place: Mapping[str, int]

    def of(self, sentences: Sequence[str]) -> FloatArray:
        """Return the features of some sentences, of shape (k, d)."""
        found: FloatArray = self.rows[[self.place[sentence] for sentence in sentences]]
        return found


def zero_shot(case: Case, wordings: Wordings, features: Features, habits: Habits) -> ZeroShot:
    """Classify the images of a case by CODER and by CODER*."""
    images, labels = case.images
    texts, own, kinds = scoring_texts(wordings.zero_shot, habits.wording)
    scores = heuristic_scores(images, features.of(texts), own, kinds, n_classes=case.n_classes)
    plain = scores.argmax(axis=1)
    if habits.never_reranks:
        return ZeroShot(scores, plain, plain)
    pairs = pair_differences(case, wordings, features, habits.wording)
    rule = rerank_as_published if habits.missing_votes_0 else rerank
    max_gap = case.max_gap if habits.threshold_by_hand else gap_of_share(softmax_gaps(scores))
    chosen = rule(images, scores, pairs, top_k=TOP, max_gap=max_gap)
    if habits.label_gate:
        best = reranking(images, scores, pairs, top_k=TOP, max_gap=0).top
        chosen = np.where((best == labels[:, None]).any(axis=1), chosen, plain)
    return ZeroShot(scores, plain, chosen)


def scoring_texts(
    sentences: Sequence[Sentence], mistakes: Mistakes
) -> tuple[list[str], IntArray, npt.NDArray[np.str_]]:
    """Return the sentences that score, the class of each and its kind."""
    worded = [
        (text, sentence.own, sentence.kind)
        for sentence in sentences
        if sentence.kind != "one_to_one"
        for text in sentence.worded(mistakes)
    ]
    texts, own, kinds = zip(*worded, strict=True)
    return list(texts), np.array(own, np.intp), np.array(kinds)


def pair_differences(
    case: Case, wordings: Wordings, features: Features, mistakes: Mistakes
) -> PairDifferences:
    """Fold the one-to-one sentences of a case."""
    worded = [
        (text, sentence.own, sentence.other)
        for sentence in wordings.zero_shot
        if sentence.kind == "one_to_one"
        for text in sentence.worded(mistakes)
    ]
    texts, first, second = zip(*worded, strict=True)
    return PairDifferences.from_texts(
        features.of(texts), np.array(first, np.intp), np.array(second, np.intp), case.n_classes
    )


@dataclass(frozen=True, eq=False)
class FewShot:
    """What the few-shot methods of a case compare.

    Attributes:
        base: zero-shot logits by class names alone, of shape (n, C).
        coder: affinities of CODERs to the support set, stretched to [0, 1], of shape (n, s).
        cosines: affinities of features, of shape (n, s).
        stretched: the same, stretched to [0, 1].
        support_labels: the class of each support image, of shape (s,).
    """

    base: FloatArray
    coder: FloatArray
    cosines: FloatArray
    stretched: FloatArray
    support_labels: IntArray

    @classmethod
    def of(
        cls, case: Case, wordings: Wordings, features: Features, images: FloatArray, mistakes: Mistakes
    ) -> FewShot:
        """Compare some images with the texts and the support set of a case."""
        texts, _, _ = scoring_texts(wordings.few_shot, mistakes)
        support, labels = case.few.support
        prototypes = features.of(wordings.prototypes)
        cosines = tip_affinity(images, support)
        return cls(
            clip_scores(images, prototypes, np.arange(case.n_classes), ["name"] * case.n_classes),
            coder_affinity(images, support, coder.gram(features.of(texts))),
            cosines,
            coder.minmax(cosines),
            labels,
        )

    def logits(self, affinity: FloatArray, alpha: float, beta: float) -> FloatArray:
        """Return base + alpha cache, of shape (n, C)."""
        votes = self.votes(affinity, beta)
        found: FloatArray = self.base + np.float32(alpha) * votes
        return found

    def votes(self, affinity: FloatArray, beta: float) -> FloatArray:
        """Return the logits of the cache, of shape (n, C)."""
        return cache_logits(affinity, self.support_labels, self.base.shape[1], beta)
