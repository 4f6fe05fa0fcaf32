"""When to say that an image is unknown: the confidence below which too many answers would be wrong.

A classifier that answers only where its best probability reaches a threshold is wrong less often and silent
more often (Geifman, El-Yaniv: Selective Classification for Deep Neural Networks, NeurIPS 2017). On labelled
images, the threshold is the least confidence t at which

    errors(t) / answered(t) <= the error rate that is wanted.

That is the rate of these images; that of others may be higher, and with few of them it often is. With a
confidence d, the threshold is found as in Geifman's and El-Yaniv's algorithm 1: a binary search of at most
K = ceil(log2 n) + 1 steps, each of which bounds the error rate of all such images from above by Clopper and
Pearson at the level 1 - (1 - d) / K, so that with probability d none of the bounds is wrong.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import IntArray
from clipcoder.calibration.inputs import labelled, probability_rows, share

NEVER = math.inf
"""A threshold that no confidence reaches: every image is unknown."""


def threshold_for_error(
    probabilities: npt.ArrayLike,
    labels: npt.ArrayLike,
    error_rate: float,
    *,
    confidence: float | None = None,
) -> float:
    """Return the least confidence above which at most a share of the answers is wrong.

    Args:
        probabilities: of shape (n, C), n at least 1, rows that sum to 1.
        labels: the class of each image, integers of shape (n,). An image of no class is left out.
        error_rate: the share of the answers that may be wrong, in (0, 1).
        confidence: how sure it shall be that the share holds for all images of the kind, not only for these,
            in (0, 1), such as 0.9; None is about these.

    Returns:
        The threshold: an image is answered where its largest probability is at least that. 0 if all may be
        answered, and infinity if no threshold keeps the rate: then all images are unknown.

    Raises:
        InvalidInputError: arrays that do not fit together, no image, or a share that is none.

    >>> threshold_for_error([[0.9, 0.1], [0.75, 0.25], [0.6, 0.4]], [0, 0, 1], 0.1)
    0.75
    """
    rows, index = labelled(probability_rows(probabilities), labels, "probabilities", at_least=1)
    rate = share(error_rate, "error_rate")
    sure = None if confidence is None else share(confidence, "confidence")
    certainty = rows.max(axis=1)
    order = np.argsort(-certainty, kind="stable")
    wrong = np.cumsum((rows.argmax(axis=1) != index)[order])
    last = np.append(np.diff(certainty[order]) < 0, True)  # of equal confidences, which go together
    answered = np.flatnonzero(last) + 1
    errors = wrong[answered - 1]
    kept = _kept(errors, answered, rate) if sure is None else _bounded(errors, answered, rate, sure)
    if kept is None:
        return NEVER
    return 0.0 if answered[kept] == len(rows) else float(certainty[order][answered[kept] - 1])


def _kept(errors: IntArray, answered: IntArray, rate: float) -> int | None:
    """Return the last place, and so the most answers, where the rate is kept on these images."""
    kept = np.flatnonzero(errors <= rate * answered)
    return int(kept[-1]) if len(kept) else None


def _bounded(errors: IntArray, answered: IntArray, rate: float, confidence: float) -> int | None:
    """Search for the place with the most answers whose error rate is bounded by the wanted one."""
    from scipy.special import betaincinv

    low, high, found = 0, len(answered) - 1, None
    steps = math.ceil(math.log2(len(answered))) + 1
    while low <= high:
        middle = (low + high + 1) // 2
        k, n = int(errors[middle]), int(answered[middle])
        bound = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - (1 - confidence) / steps))
        if bound <= rate:
            found, low = middle, middle + 1
        else:
            high = middle - 1
    return found
