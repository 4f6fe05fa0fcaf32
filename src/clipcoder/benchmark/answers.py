"""What a method answers to images, and what that is worth once it is compared with their labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, IntArray, batches
from clipcoder.calibration.error import confidence_bins, error_of_bins

UNREADABLE: Final = -1
"""The class that is answered to an image that cannot be read; it is wrong whatever the label."""

_IMAGES_AT_ONCE: Final = 4096  # of which all probabilities are held

Judge = Callable[[FloatArray], FloatArray]
"""Returns probabilities of shape (n, C) of unit rows of shape (n, d); it sees no label of theirs."""


@dataclass(frozen=True, eq=False)
class Answers:
    """What was answered to n images.

    Attributes:
        chosen: the class of each, integers of shape (n,).
        confidence: its probability, float32 of shape (n,).
    """

    chosen: IntArray
    confidence: FloatArray

    @classmethod
    def of(cls, judge: Judge, features: FloatArray) -> Self:
        """Ask about features, unit rows of shape (n, d), some thousands at a time.

        >>> Answers.of(lambda rows: rows, np.float32([[0.3, 0.7]])).chosen
        array([1])
        """
        chosen = np.empty(len(features), dtype=np.intp)
        confidence = np.empty(len(features), dtype=np.float32)
        for batch in batches(len(features), _IMAGES_AT_ONCE):
            probabilities = judge(features[batch])
            chosen[batch] = probabilities.argmax(axis=1)
            confidence[batch] = probabilities.max(axis=1)
        return cls(chosen, confidence)

    def over(self, readable: npt.NDArray[np.bool_]) -> Answers:
        """Return answers to all images, of which these are to those that could be read; booleans (n,)."""
        chosen = np.full(len(readable), UNREADABLE, dtype=np.intp)
        confidence = np.zeros(len(readable), dtype=np.float32)
        chosen[readable], confidence[readable] = self.chosen, self.confidence
        return Answers(chosen, confidence)


@dataclass(frozen=True)
class Score:
    """What answers are worth.

    Attributes:
        accuracy: the share of all images whose label was answered; one that cannot be read is not.
        class_accuracy_mean: the mean of the accuracies of the classes that have images.
        ece: the expected calibration error of those that could be read (15 bins), 0 where none could.
    """

    accuracy: float
    class_accuracy_mean: float
    ece: float

    @classmethod
    def of(cls, answers: Answers, labels: IntArray) -> Self:
        """Compare answers with the labels of at least one image, of shape (n,).

        >>> answers = Answers(np.array([0, 1, 1, 1]), np.ones(4, np.float32))
        >>> Score.of(answers, np.array([0, 0, 0, 1])).accuracy
        0.5
        """
        right = answers.chosen == labels
        images, hits = np.bincount(labels), np.bincount(labels, weights=right)
        some = images > 0
        read = answers.chosen != UNREADABLE
        bins = confidence_bins(answers.confidence[read], right[read])
        return cls(
            float(right.mean()),
            float((hits[some] / images[some]).mean()),
            error_of_bins(bins) if bins else 0.0,
        )
