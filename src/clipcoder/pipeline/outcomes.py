"""What images turn into: a judgement of their features; of a stream, predictions, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clipcoder.arrays import FloatArray, IntArray
from clipcoder.encoders.base import ImageInput
from clipcoder.errors import UnreadableImageError
from clipcoder.explanation import Explanation
from clipcoder.pipeline.close_calls import CloseCall, close_call
from clipcoder.rerank import Reranking


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
    """

    source: ImageInput
    ranking: tuple[tuple[str, float], ...]
    explanation: Explanation
    close_call: CloseCall | None = None

    @property
    def label(self) -> str:
        """The predicted class."""
        return self.ranking[0][0]

    @property
    def probability(self) -> float:
        """The probability of the predicted class, in [0, 1]."""
        return self.ranking[0][1]


@dataclass(frozen=True)
class Failure:
    """An image that ``stream`` could not read, and why."""

    source: ImageInput
    error: UnreadableImageError
