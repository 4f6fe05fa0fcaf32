"""How far probabilities are from what comes true: calibration error, likelihood, Brier score.

An image's confidence is its largest probability, and it is right where that is its label's. Confidences in
[0, 1] fall into M bins of equal width (m / M, (m + 1) / M], and the expected calibration error (Guo et al.,
ICML 2017, section 2, equation 3) is

    ECE = sum_m |B_m| / n * | accuracy(B_m) - mean confidence(B_m) |.

It is noise as well: bins of few images are off by chance, so that even perfect probabilities have an ECE of
about 0.4 sqrt(M / n) at worst.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clipcoder.calibration.inputs import labelled, probability_rows
from clipcoder.errors import InvalidInputError


@dataclass(frozen=True)
class ReliabilityBin:
    """Images of about one confidence.

    Attributes:
        lower: confidences in the bin are above this; the first bin holds 0 as well.
        upper: and at most this.
        count: how many images it holds, at least one.
        confidence: their mean confidence.
        accuracy: the share of them that is right.
    """

    lower: float
    upper: float
    count: int
    confidence: float
    accuracy: float


def reliability(
    probabilities: npt.ArrayLike, labels: npt.ArrayLike, *, n_bins: int = 15
) -> tuple[ReliabilityBin, ...]:
    """Return the bins that hold images, least confidence first; a reliability diagram shows them.

    Args:
        probabilities: of shape (n, C), n at least 1, rows that sum to 1.
        labels: the class of each image, integers of shape (n,).
        n_bins: how many bins there are, full or empty.

    Raises:
        InvalidInputError: arrays that do not fit together, no probabilities, no image, or no bin.

    >>> reliability([[0.75, 0.25], [0.75, 0.25]], [0, 1], n_bins=2)
    (ReliabilityBin(lower=0.5, upper=1.0, count=2, confidence=0.75, accuracy=0.5),)
    """
    rows, index = labelled(probability_rows(probabilities), labels, "probabilities", at_least=1)
    return confidence_bins(rows.max(axis=1), rows.argmax(axis=1) == index, n_bins=n_bins)


def confidence_bins(
    confidence: npt.ArrayLike, right: npt.ArrayLike, *, n_bins: int = 15
) -> tuple[ReliabilityBin, ...]:
    """Return the same bins where only the likeliest classes are known.

    Args:
        confidence: their probabilities, in [0, 1], of shape (n,).
        right: whether each is its image's label, booleans of shape (n,).
        n_bins: how many bins there are, full or empty.

    Raises:
        InvalidInputError: no bin.

    >>> [(one.count, one.accuracy) for one in confidence_bins([0.2, 0.75, 0.75], [False, True, False])]
    [(1, 0.0), (2, 0.5)]
    """
    if isinstance(n_bins, bool) or not isinstance(n_bins, int) or n_bins < 1:
        raise InvalidInputError(f"n_bins must be a whole number, 1 or more, not {n_bins!r}")
    sure, hits = np.asarray(confidence, dtype=np.float32), np.asarray(right, dtype=bool)
    edges = np.linspace(0, 1, n_bins + 1).astype(np.float32)  # as the probabilities beside them
    place = np.clip(np.searchsorted(edges, sure, side="left") - 1, 0, n_bins - 1)
    return tuple(
        ReliabilityBin(
            float(edges[m]),
            float(edges[m + 1]),
            int((place == m).sum()),
            float(sure[place == m].mean(dtype=np.float64)),
            float(hits[place == m].mean()),
        )
        for m in np.unique(place).tolist()
    )


def expected_calibration_error(
    probabilities: npt.ArrayLike, labels: npt.ArrayLike, n_bins: int = 15
) -> float:
    """Return the ECE of the most likely classes, in [0, 1]; 0 is best (see the module).

    Arguments and errors are those of ``reliability``.

    >>> expected_calibration_error([[0.75, 0.25], [0.75, 0.25]], [0, 1])
    0.25
    """
    return error_of_bins(reliability(probabilities, labels, n_bins=n_bins))


def error_of_bins(bins: Sequence[ReliabilityBin]) -> float:
    """Return the ECE of bins that hold at least one image, in [0, 1].

    >>> error_of_bins(confidence_bins([0.75, 0.75], [True, False]))
    0.25
    """
    off = sum(one.count * abs(one.accuracy - one.confidence) for one in bins)
    return off / sum(one.count for one in bins)


def negative_log_likelihood(probabilities: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Return the mean of -log of the labels' probabilities, in nats; infinite where one is 0.

    Arguments and errors are those of ``reliability``.

    >>> round(negative_log_likelihood([[0.5, 0.5]], [0]), 4)
    0.6931
    """
    rows, index = labelled(probability_rows(probabilities), labels, "probabilities", at_least=1)
    with np.errstate(divide="ignore"):
        return float(-np.log(rows[np.arange(len(rows)), index].astype(np.float64)).mean())


def brier_score(probabilities: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Return the mean squared distance of probabilities to the one-hot labels, in [0, 2].

    It is Brier's own (Monthly Weather Review, 1950), a sum over classes. Arguments and errors are those of
    ``reliability``.

    >>> brier_score([[0.5, 0.5]], [0])
    0.5
    """
    rows, index = labelled(probability_rows(probabilities), labels, "probabilities", at_least=1)
    off = rows.astype(np.float64)
    off[np.arange(len(off)), index] -= 1
    return float((off**2).sum(axis=1).mean())
