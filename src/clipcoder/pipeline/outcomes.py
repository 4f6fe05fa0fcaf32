"""What images turn into: a judgement of their features; of a stream, predictions, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from clipcoder.arrays import FloatArray, IntArray
from clipcoder.encoders.base import ImageInput
from clipcoder.errors import UnreadableImageError
from clipcoder.explanation import Explanation
from clipcoder.pipeline.close_calls import CloseCall, close_call
from clipcoder.rerank import Reranking

UNKNOWN: Final = "unknown"
"""The label of an image that a classifier is too unsure of."""


@dataclass(frozen=True, eq=False)
class Judgement:
    """What a classifier makes of n images.

    Attributes:
        scores: float32 of shape (n, C).
        chosen: the class of each image, of shape (n,); that of the best score where no rerank overrules it.
        reranking: what a rerank made of close calls; None without one-to-one texts.
    """

    scores: FloatArray
    chosen: IntArray
    reranking: Reranking | None = None

    @property
    def ranked(self) -> FloatArray:
        """The scores, with that of the chosen class the best: it and the one it overruled have exchanged.

        >>> Judgement(np.float32([[3, 2, 1]]), np.array([1])).ranked
        array([[2., 3., 1.]], dtype=float32)
        """
        rows, best = np.arange(len(self.scores)), self.scores.argmax(axis=1)
        ranked = self.scores.copy()
        ranked[rows, best] = self.scores[rows, self.chosen]
        ranked[rows, self.chosen] = self.scores[rows, best]
        return ranked

    def close_call(self, image: int, class_names: Sequence[str]) -> CloseCall | None:
        """Return what was compared where the call was close, by name; None of a clear call."""
        return None if self.reranking is None else close_call(self.reranking, image, class_names)


@dataclass(frozen=True)
class Prediction:
    """What ``stream`` of a classifier says about an image.

    Attributes:
        source: the image as it was handed in.
        ranking: classes with their probabilities, best first; at least two.
        explanation: the neighbour texts that decided.
        close_call: what a rerank compared, and which pairs it had no texts for; None where the call was
            clear, and without one-to-one texts.
        unknown: whether its best class is too unlikely for an answer.
    """

    source: ImageInput
    ranking: tuple[tuple[str, float], ...]
    explanation: Explanation
    close_call: CloseCall | None = None
    unknown: bool = False

    @property
    def label(self) -> str:
        """The predicted class, or ``"unknown"``."""
        return UNKNOWN if self.unknown else self.ranking[0][0]

    @property
    def best(self) -> str:
        """The likeliest class, whether it is the answer or too unlikely for one."""
        return self.ranking[0][0]

    @property
    def probability(self) -> float:
        """The probability of the likeliest class, in [0, 1]."""
        return self.ranking[0][1]

    @property
    def others(self) -> tuple[tuple[str, float], ...]:
        """The classes that are ranked and not the label, with their probabilities, best first."""
        return self.ranking if self.unknown else self.ranking[1:]


@dataclass(frozen=True)
class Failure:
    """An image that ``stream`` could not read, and why."""

    source: ImageInput
    error: UnreadableImageError
