"""What a stream of images turns into: a prediction for each, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from clipcoder.encoders.base import ImageInput
from clipcoder.errors import UnreadableImageError
from clipcoder.explanation import Explanation
from clipcoder.pipeline.close_calls import CloseCall


@dataclass(frozen=True)
class Prediction:
    """What ``ZeroShotClassifier.stream`` says about an image.

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
    """An image that ``ZeroShotClassifier.stream`` could not read, and why."""

    source: ImageInput
    error: UnreadableImageError
