"""What a stream of images turns into: a prediction for each, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from clipcoder.encoders.base import ImageInput
from clipcoder.errors import UnreadableImageError
from clipcoder.explanation import Explanation


@dataclass(frozen=True)
class Prediction:
    """What ``ZeroShotClassifier.stream`` says about an image.

    Attributes:
        source: the image as it was handed in.
        ranking: classes with their probabilities, best first; at least two.
        explanation: the neighbour texts that decided.
    """

    source: ImageInput
    ranking: tuple[tuple[str, float], ...]
    explanation: Explanation

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
