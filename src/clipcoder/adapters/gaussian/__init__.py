"""Few-shot classification by a Gaussian discriminant that has texts as its prior.

Images of class c are taken as normally distributed about m_c, all classes with one covariance. Both start
from what is known before any image is labelled and move towards the support set as it grows. With n_c images
of class c, whose sum is s_c, text prototypes t_c, and the mean image q of the support set (each image counts
once, so a class with more of them draws it nearer),

    m_c = (kappa p_c + s_c) / (kappa + n_c),    p_c = q + slope (t_c - mean t),
    S = nu S0 + W,                               W = the summed squares about the n_c images' own mean,
    S0 = (1 - shrinkage) generic + shrinkage tr(generic) / d I,
    f = nu + sum of max(n_c - 1, 0),

the covariance is S / f, and the log-likelihood of class c exceeds that of an image cloud about q by

    ratio(x, c) = f ( z P v_c - v_c P v_c / 2 ),    z = x - q,  v_c = m_c - q,  P = S^-1.

score(x, c) = likelihood_weight * ratio(x, c) + zero_shot_weight * 100 x.t_c is linear in x. A class without
an image has its text in its place; kappa = 0 makes it the training-free GDA of Wang et al. (ICLR 2024), up to
what the covariance starts from.

Leave-one-out is exact and costs one factorisation: ``leave_one_out`` has the scores of n refits, mean image,
scatter and degrees of freedom included, and ``choose`` the settings under which they are most likely right.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from clipcoder.adapters.gaussian.choice import GaussianChoice, GaussianGrid, best_settings
from clipcoder.adapters.gaussian.head import GaussianHead, GaussianSettings
from clipcoder.adapters.gaussian.leave_one_out import HeldOut
from clipcoder.adapters.gaussian.statistics import SupportStatistics
from clipcoder.adapters.support import LOGIT_SCALE
from clipcoder.arrays import FloatArray, IntArray
from clipcoder.errors import InvalidInputError

__all__ = [
    "GaussianChoice",
    "GaussianGrid",
    "GaussianHead",
    "GaussianSettings",
    "choose",
    "fit",
    "leave_one_out",
]

_DEFAULTS = GaussianSettings()
_GRID = GaussianGrid()


def fit(
    images: npt.ArrayLike,
    labels: npt.ArrayLike,
    prototypes: npt.ArrayLike,
    settings: GaussianSettings = _DEFAULTS,
    *,
    generic: npt.ArrayLike | None = None,
    sample_weight: npt.ArrayLike | None = None,
) -> GaussianHead:
    """Fit the rule to a support set.

    Args:
        images: image features of the support set, of shape (n, d), of any scale; n at least 1.
        labels: the class of each, integers of shape (n,) in [0, C).
        prototypes: one text feature a class, of shape (C, d), such as the mean of its unit text
            features; its length counts.
        settings: how much texts and generic covariance count.
        generic: the covariance of unit features of many images of all kinds, of shape (d, d). None stands
            for I / d: unit rows that spread evenly over all directions.
        sample_weight: how much each image counts, positive numbers of shape (n,); an image of weight 2 is
            that image twice. None stands for ones.

    Returns:
        The head, whose ``scores`` are logits.

    Raises:
        InvalidInputError: arrays that do not fit together, a zero or not finite row, a class without image
            where kappa is 0, a covariance without inverse.

    >>> head = fit([[1, 0], [0, 1]], [0, 1], [[1, 0], [0, 1]])
    >>> head.scores([[3, 1]]).argmax(axis=1)
    array([0])
    """
    support = SupportStatistics.of(images, labels, prototypes, generic, sample_weight)
    return GaussianHead.from_statistics(support, settings)


def leave_one_out(
    images: npt.ArrayLike,
    labels: npt.ArrayLike,
    prototypes: npt.ArrayLike,
    settings: GaussianSettings = _DEFAULTS,
    *,
    generic: npt.ArrayLike | None = None,
    sample_weight: npt.ArrayLike | None = None,
    rows: IntArray | None = None,
) -> FloatArray:
    """Score each image of a support set by the rule fitted to all the others, without fitting it again.

    Arguments and errors are those of ``fit``; in addition there must be at least two images, and another one
    in the class of each that is scored where kappa is 0. ``rows`` holds the positions of the images to score,
    of shape (j,); None stands for all. A class whose only image is left out has its text alone against the
    texts and images of the others, which understates it.

    Returns:
        float32 logits of shape (j, C).

    >>> leave_one_out([[1, 0], [1, 0], [0, 1]], [0, 0, 1], [[1, 0], [0, 1]]).shape
    (3, 2)
    """
    support = SupportStatistics.of(images, labels, prototypes, generic, sample_weight)
    if len(support.labels) < 2:
        raise InvalidInputError("leave-one-out needs at least two images, for one has to stay; add some")
    if rows is not None:
        support = support.among(rows)
    held_out = HeldOut.of(support, settings.nu, settings.shrinkage)
    scores = settings.likelihood_weight * held_out.log_ratios(settings.kappa, settings.slope)
    scores += (
        settings.zero_shot_weight * LOGIT_SCALE * (support.offsets + support.mean) @ support.prototypes.T
    )
    return scores.astype(np.float32)


def choose(
    images: npt.ArrayLike,
    labels: npt.ArrayLike,
    prototypes: npt.ArrayLike,
    *,
    generic: npt.ArrayLike | None = None,
    sample_weight: npt.ArrayLike | None = None,
    grid: GaussianGrid = _GRID,
    rows: IntArray | None = None,
) -> GaussianChoice:
    """Choose the settings by leave-one-out on the support set alone, in seconds.

    Only images whose class keeps another one are judged, and of these none but ``rows``, if it is given:
    memory and time grow with their number times C. How much is chosen depends on how many have company:

    - Where half of the images or more have two others of their class: all settings. For each point of the
      grid the two weights are fitted so that the true classes are most likely when each image is left out;
      the most likely point wins.
    - Where half have one other: how far the likelihood is softened. One image left out of two is judged at
      odds that favour the texts, and settings chosen so are worse for images to come than the defaults.
    - Otherwise, as with one shot, the same by the texts alone, and ``judged`` is 0.

    The softmax of the scores is therefore a probability already, as far as the support set can tell. Where 60
    images or more are judged and none of this tells their labels better than chance, the settings are those
    of zero-shot classification. With one class, the defaults stand.

    Arguments and errors are those of ``fit``, ``rows`` those of ``leave_one_out``, and the grid is what is
    tried; without a generic covariance one shrinkage is, for I / d shrinks to itself.

    >>> choose([[1, 0], [0, 1]], [0, 1], [[1, 0], [0, 1]]).judged
    0
    """
    support = SupportStatistics.of(images, labels, prototypes, generic, sample_weight)
    tried = grid if generic is not None else replace(grid, shrinkage=grid.shrinkage[:1])
    return best_settings(support, tried, rows)
