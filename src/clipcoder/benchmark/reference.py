"""The protocol of the published implementation, for a comparison with it and for nothing else.

It looks at the labels of the images that it evaluates, which no classifier has: a rerank is only made where
the label is among the best classes, a pair without texts votes 0, and of two settings of a few-shot method
the one that does better on these images is reported, one stated by hand for the data set
(``assets/reference.toml``), the other searched for on a val draw, or where there is no val split, on the
evaluated images themselves. Its grid of 75,000 settings is replaced by the exact sweep over alpha for each of
40 betas in the same range (``adapters.sweep``).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import numpy as np

from clipcoder import coder
from clipcoder.adapters.cache import cache_logits, coder_affinity, tip_affinity
from clipcoder.adapters.sweep import best_alpha_beta
from clipcoder.arrays import FloatArray, IntArray, batches, softmax
from clipcoder.benchmark.answers import Answers, Judge
from clipcoder.benchmark.features import Labelled
from clipcoder.encoded import EncodedTexts
from clipcoder.pipeline.outcomes import Judgement
from clipcoder.rerank import PairDifferences, reranking

BETAS: Final = tuple(np.geomspace(0.1, 200, 40).tolist())
"""What is searched for beta; the published range."""

LARGEST_ALPHA: Final = 20 * 1.5**2
"""The largest alpha that the three rounds of the published search can reach."""

_IMAGES_AT_ONCE: Final = 2048


@dataclass(frozen=True)
class Stated:
    """What is stated by hand for a data set; None where nothing is, which stops the published program.

    Attributes:
        max_gap: below which a call is close.
        alpha: what votes count.
        beta: how fast a vote fades.
    """

    max_gap: float | None = None
    alpha: float | None = None
    beta: float | None = None


def stated(dataset: str) -> Stated:
    """Return what is stated for a data set.

    >>> stated("caltech101")
    Stated(max_gap=0.3, alpha=100, beta=24.76)
    """
    return Stated(**_tables().get(dataset, {}))


def answers_by_gated_rerank(
    features: FloatArray,
    labels: IntArray,
    texts: EncodedTexts,
    pairs: PairDifferences,
    temperature: float,
    *,
    top_k: int,
    max_gap: float,
) -> Answers:
    """Rerank the close calls whose label is among the best classes.

    Args:
        features: unit rows of shape (n, d).
        labels: their classes, of shape (n,), which decide who is reranked.
        texts: the texts under the rule ``coder``.
        pairs: the one-to-one texts.
        temperature: what scores are divided by before the softmax.
        top_k: how many of the best classes are compared.
        max_gap: where a call is close.
    """
    chosen = np.empty(len(features), dtype=np.intp)
    confidence = np.empty(len(features), dtype=np.float32)
    for batch in batches(len(features), _IMAGES_AT_ONCE):
        scores = texts.head.scores(features[batch])
        result = reranking(features[batch], scores, pairs, top_k=top_k, max_gap=max_gap, missing_votes_0=True)
        gated = (result.top == labels[batch, None]).any(axis=1)
        chosen[batch] = np.where(gated, result.chosen, scores.argmax(axis=1))
        ranked = Judgement(scores, chosen[batch]).ranked
        confidence[batch] = softmax(ranked, temperature=temperature).max(axis=1)
    return Answers(chosen, confidence)


@dataclass(frozen=True, eq=False)
class Voting:
    """A few-shot method of the reference up to alpha and beta: zero-shot CLIP, and votes of labelled images.

    Attributes:
        clip: the class names under the rule ``clip``.
        support: the labelled images.
        affinity: how like images of shape (n, d) are to the support images, of shape (n, s).
        temperature: what logits are divided by before the softmax.
    """

    clip: EncodedTexts
    support: Labelled
    affinity: Callable[[FloatArray], FloatArray]
    temperature: float

    @classmethod
    def tip_adapter(cls, clip: EncodedTexts, support: Labelled, temperature: float) -> Voting:
        """Let images vote by the cosine of their features."""
        return cls(clip, support, lambda rows: tip_affinity(rows, support.features), temperature)

    @classmethod
    def coder_adapter(
        cls, clip: EncodedTexts, support: Labelled, temperature: float, texts: FloatArray
    ) -> Voting:
        """Let images vote by the likeness of their CODERs; texts are unit rows of shape (m, d)."""
        gram = coder.gram(texts)
        return cls(clip, support, lambda rows: coder_affinity(rows, support.features, gram), temperature)

    def judge(self, alpha: float, beta: float) -> Judge:
        """Return what judges with these settings."""
        return lambda features: softmax(self._logits(features, alpha, beta), temperature=self.temperature)

    def search(self, images: Labelled) -> Mapping[str, float]:
        """Return the settings with which most of these images are right."""
        base, affinity = self.clip.head.scores(images.features), self.affinity(images.features)
        labels = self.support.labels
        beta, choice = best_alpha_beta(base, affinity, labels, images.labels, BETAS, max_alpha=LARGEST_ALPHA)
        return {"alpha": choice.alpha, "beta": beta}

    def _logits(self, features: FloatArray, alpha: float, beta: float) -> FloatArray:
        base = self.clip.head.scores(features)
        votes = cache_logits(self.affinity(features), self.support.labels, base.shape[1], beta)
        return base + np.float32(alpha) * votes


def better_answers(
    voting: Voting, tuned: Labelled, given: Stated, features: FloatArray, labels: IntArray
) -> tuple[Answers, dict[str, float]]:
    """Return the better answers of two settings, by the labels of the images themselves, and these settings.

    Args:
        voting: the method.
        tuned: the images that the second setting is searched for on.
        given: has the first setting, if the data set has one.
        features: unit rows of shape (n, d).
        labels: their classes, of shape (n,), which decide what is reported.
    """
    settings: list[dict[str, float]] = []
    if given.alpha is not None and given.beta is not None:
        settings.append({"alpha": given.alpha, "beta": given.beta})
    settings.append(dict(voting.search(tuned)))
    found = [(Answers.of(voting.judge(**one), features), one) for one in settings]
    return max(found, key=lambda answered: float((answered[0].chosen == labels).mean()))


@cache
def _tables() -> dict[str, dict[str, Any]]:
    text = resources.files("clipcoder").joinpath("assets/reference.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
