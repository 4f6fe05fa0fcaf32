"""How good a classifier is, on images whose labels are known: what is written beside it when it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final, Self

import numpy as np

from clipcoder.adapters.fitted import Fitted
from clipcoder.arrays import FloatArray, IntArray
from clipcoder.calibration.calibration import Calibration
from clipcoder.calibration.error import expected_calibration_error, negative_log_likelihood

_Z: Final = 1.959964  # of the normal distribution, for 95 %


@dataclass(frozen=True)
class Quality:
    """What came of classifying labelled images.

    Attributes:
        images: how many there were, one at least.
        right: how many got their label.
        log_loss: the mean of -log of the labels' probabilities, in nats; infinite where one was 0.
        calibration_error: the expected calibration error, in [0, 1] (``calibration.error``).
    """

    images: int
    right: int
    log_loss: float
    calibration_error: float

    @classmethod
    def of(cls, probabilities: FloatArray, labels: IntArray) -> Self:
        """Compare probabilities of shape (n, C) with the positions of the right classes, of shape (n,).

        >>> Quality.of(np.float32([[0.75, 0.25], [0.75, 0.25]]), np.array([0, 1])).accuracy
        0.5
        """
        right = int((probabilities.argmax(axis=1) == labels).sum())
        return cls(
            len(labels),
            right,
            negative_log_likelihood(probabilities, labels),
            expected_calibration_error(probabilities, labels),
        )

    @property
    def accuracy(self) -> float:
        """The share that is right, in [0, 1]."""
        return self.right / self.images

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy (Wilson, 1927), which holds near 0 and 1 and for few images.

        >>> [round(end, 3) for end in Quality(10, 10, 0.0, 0.0).interval]
        [0.722, 1.0]
        """
        n, p = self.images, self.accuracy
        middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        reach = _Z / (1 + _Z**2 / n) * sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
        return max(middle - reach, 0.0), min(middle + reach, 1.0)


@dataclass(frozen=True)
class Metrics:
    """What is known of a classifier.

    Attributes:
        shots: how many images each class was learned from, in the order of ``classes_``; none without labels.
        leave_one_out: of the labelled images, each judged by the others; None where that says too little, as
            with one image a class. Settings and temperature were chosen by the same images.
        evaluation: of images that nothing was chosen by, if there were any.
    """

    shots: tuple[int, ...] = ()
    leave_one_out: Quality | None = None
    evaluation: Quality | None = None

    @classmethod
    def of_fit(cls, fitted: Fitted, labels: IntArray, n_classes: int, calibration: Calibration) -> Self:
        """Return what is known right after a few-shot method was fitted.

        Args:
            fitted: the method.
            labels: the classes of its support images, of shape (n,).
            n_classes: how many classes there are.
            calibration: what makes probabilities of scores.
        """
        shots = tuple(np.bincount(labels, minlength=n_classes).tolist())
        if not len(fitted.judged):
            return cls(shots)
        probabilities = calibration.probabilities(fitted.held_out)
        return cls(shots, Quality.of(probabilities, labels[fitted.judged]))
