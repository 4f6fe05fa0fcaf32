"""Temperature scaling: one number that makes the softmax of logits as sure as it is right.

With logits z of shape (n, C) and labels y (Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural
Networks, ICML 2017, section 4.2), the probabilities are softmax(z / T), and T minimises the negative
log-likelihood

    L(b) = - sum_i w_i log softmax(b z_i)[y_i],    b = 1 / T,

which is convex in b, for its slope sum_i w_i ( E[z_i] - z_i[y_i] ), the mean taken under softmax(b z_i),
never falls. It has no minimum at a finite b > 0 where all images are right (b grows without end) or where
labels are as good as random (b falls to 0), and a poor one with three images. So a prior is added that holds
b near a default b0 = 1 / T0, as a few more images would,

    P(b) = k ( b / b0 - log(b / b0) ),

convex as well, least at b0, and without bound towards 0 and infinity: the minimum exists, is unique, and
goes to Guo's as the images outnumber k.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from clipcoder.calibration.inputs import image_weights, labelled
from clipcoder.errors import InvalidInputError

PRIOR_IMAGES: Final = 2.0
"""The weight k of the default, in images."""

FARTHEST: Final = 1e3
"""A temperature this many times the default is 1 / C for all; an inverse one, all for one."""


def fit_temperature(
    logits: npt.ArrayLike,
    labels: npt.ArrayLike,
    sample_weight: npt.ArrayLike | None = None,
    *,
    default: float = 1.0,
    prior: float = PRIOR_IMAGES,
) -> float:
    """Find what logits must be divided by, for their softmax to be calibrated on labelled images.

    Args:
        logits: of shape (n, C), any scale; n may be 0.
        labels: the class of each image, integers of shape (n,).
        sample_weight: how much each image counts, of shape (n,), 0 or more; None means 1.
        default: the temperature without labels, which the prior favours.
        prior: how many images the default counts as; above 0.

    Returns:
        The temperature, positive and within a factor of 1,000 of the default; the default itself for no
        image, and for one class.

    Raises:
        InvalidInputError: arrays that do not fit together, or a number that is not positive.

    >>> fit_temperature([[4, 0], [4, 0], [4, 0], [0, 4]], [0, 0, 0, 0]) > 2  # 98 % sure, 75 % right
    True
    >>> round(fit_temperature(np.zeros((0, 3)), [], default=0.5), 9)  # nothing is known
    0.5
    """
    from scipy.optimize import brentq

    rows, index = labelled(logits, labels, "logits")
    weight = image_weights(sample_weight, len(rows))
    for value, what in ((default, "default"), (prior, "prior")):
        if not (np.isfinite(value) and value > 0):
            raise InvalidInputError(f"{what} must be a positive number, not {value!r}")
    margins = rows.astype(np.float64) - rows[np.arange(len(rows)), index, None]

    def slope(log_step: float) -> float:  # of L + P by b, where b = b0 exp(log_step), times b0
        step = float(np.exp(log_step))
        return float(weight @ _expected(margins, step / default)) / default + prior * (1 - 1 / step)

    farthest = float(np.log(FARTHEST))
    if slope(farthest) <= 0:
        return default / FARTHEST
    if slope(-farthest) >= 0:
        return default * FARTHEST
    return default * float(np.exp(-brentq(slope, -farthest, farthest, xtol=1e-9)))


def _expected(margins: npt.NDArray[np.float64], inverse: float) -> npt.NDArray[np.float64]:
    """Return the mean of each row of (n, C) under the softmax of the row times ``inverse``, of shape (n,)."""
    weights = inverse * (margins - margins.max(axis=1, keepdims=True))
    np.exp(weights, out=weights)
    means: npt.NDArray[np.float64] = np.einsum("nc,nc->n", weights, margins) / weights.sum(axis=1)
    return means
