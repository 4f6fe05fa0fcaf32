"""Which images are close calls: those whose two best classes are nearly as probable, and how near is near.

    gap(x) = softmax(best score of x / T) - softmax(second score of x / T)

With the temperature T at which the softmax are probabilities, a gap is a difference of these: without it (T =
1, as published) an encoder that is too sure has next to no close calls. How large gaps are still depends on
the encoder, on the classes and on their number, so that one threshold for all is too much here and too little
there. What can be learned without labels is a rank: the threshold below which a given share of unlabelled
images lies, those that the encoder is least sure of.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, IntArray, feature_rows
from clipcoder.errors import InvalidInputError

CLOSE_SHARE: Final = 0.1
"""The share of the images that are close calls where nobody says another one.

Measured with the starter encoder. On Caltech-101's validation and train photos, with three banks of texts and
WordNet's one-to-one texts for three choices of pairs, a tenth changes accuracy by -0.2 to +0.8 points (mean
+0.3), a fifth by -0.2 to +1.7 (+0.5), half by -2.1 to +2.1. With the knowledge pack's texts and pairs under
the rule equidistant a tenth gains 0.6 points on the validation photos, a fifth 1.2, half loses 0.1; but on
eight other sets of photos a tenth loses 0.1 on average, a fifth 0.6, half 1.1. All of these are of gaps at
temperature 1. At the encoder's, as classifiers have it, a tenth gains 1.1 points on the validation photos
with the pack's, a fifth 1.5, half loses 0.4.
"""


def softmax_gaps(scores: npt.ArrayLike, temperature: float = 1.0) -> FloatArray:
    """Return by how much the best softmax of each image exceeds the second.

    Args:
        scores: stage-1 scores of shape (n, C), cosines times 100, of at least two classes.
        temperature: what scores are divided by; positive.

    Returns:
        float32 of shape (n,), differences of probabilities in [0, 1].

    Raises:
        InvalidInputError: not a finite matrix, or of fewer than two columns, or a temperature that is none.

    >>> softmax_gaps(np.log([[0.6, 0.4], [0.5, 0.5]])).round(6)
    array([0.2, 0. ], dtype=float32)
    """
    rows = feature_rows(scores, "scores")
    if rows.shape[1] < 2:
        raise InvalidInputError("scores must have a column for each of 2 or more classes, but they have 1")
    return gaps_between(rows, best_classes(rows, 2), checked_temperature(temperature))


def gap_of_share(gaps: npt.ArrayLike, share: float = CLOSE_SHARE) -> float:
    """Return the threshold below which a share of the gaps lies: of n gaps, share x n, rounded down.

    Args:
        gaps: differences of probabilities of unlabelled images, of shape (n,), as from ``softmax_gaps``.
        share: the part of the images that are to be close calls, above 0 and at most 1.

    Returns:
        A threshold for ``rerank``; infinite for a share of 1. Where several gaps equal it, fewer lie below.

    Raises:
        InvalidInputError: a share out of range, or too few gaps to hold one close call.

    >>> gap_of_share([0.9, 0.1, 0.5, 0.3], share=0.5)
    0.5
    """
    if not 0 < share <= 1:
        raise InvalidInputError(f"share must be a part of the images, above 0 and at most 1, not {share}")
    ordered = np.sort(np.asarray(gaps).ravel())
    close = int(share * len(ordered) + 1e-9)  # 0.07 * 100 is 7, whatever binary fractions say
    if not close:
        raise InvalidInputError(
            f"to learn the gap that a share of {share:g} lies below takes at least "
            f"{int(np.ceil(1 / share - 1e-9))} unlabelled images, but there are {len(ordered)}; "
            "hand in more, or state the gap as a number"
        )
    return float(ordered[close]) if close < len(ordered) else float("inf")


def checked_gap(max_gap: float) -> float:
    """Return the threshold if it is one.

    Raises:
        InvalidInputError: not a number, or negative.

    >>> checked_gap(0.1)
    0.1
    """
    if not (isinstance(max_gap, int | float | np.integer | np.floating) and max_gap >= 0):
        raise InvalidInputError(f"max_gap must be a difference of probabilities, 0 or more, not {max_gap!r}")
    return float(max_gap)


def checked_temperature(temperature: float) -> float:
    """Return the temperature if it is one.

    Raises:
        InvalidInputError: not a positive, finite number.

    >>> checked_temperature(5.0)
    5.0
    """
    if not (isinstance(temperature, int | float | np.integer | np.floating) and 0 < temperature < np.inf):
        raise InvalidInputError(f"temperature must be a positive number, not {temperature!r}")
    return float(temperature)


def best_classes(scores: FloatArray, k: int) -> IntArray:
    """Return the k best classes of each row, best first, equal ones in class order; shape (n, k).

    >>> best_classes(np.float32([[1, 3, 3]]), 2)
    array([[1, 2]])
    """
    left = scores.copy()
    top = np.empty((len(scores), k), dtype=np.intp)
    every = np.arange(len(scores))
    for place in range(k):  # for a few of many classes, k passes beat a partial sort
        top[:, place] = left.argmax(axis=1)
        left[every, top[:, place]] = -np.inf
    return top


def gaps_between(scores: FloatArray, top: IntArray, temperature: float) -> FloatArray:
    """Return the gap of each image, of shape (n,), whose best classes are known, of shape (n, 2 or more)."""
    best, second = np.take_along_axis(scores, top[:, :2], axis=1).T
    unit = np.float32(temperature)
    with np.errstate(over="ignore"):  # further below the best than float32 reaches: its weight is 0
        weights = np.exp((scores - best[:, None]) / unit)
        gap: FloatArray = (1 - np.exp((second - best) / unit)) / weights.sum(axis=1)
    return gap
