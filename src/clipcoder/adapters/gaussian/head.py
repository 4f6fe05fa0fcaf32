"""The settings of the rule, and the head that they and a support set make."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from clipcoder.adapters.gaussian.statistics import DoubleArray, SupportStatistics, degrees_of_freedom
from clipcoder.adapters.support import LOGIT_SCALE
from clipcoder.arrays import FloatArray, unit_rows
from clipcoder.errors import InvalidInputError


@dataclass(frozen=True)
class GaussianSettings:
    """How much the texts and the generic covariance count beside the support set.

    The defaults are what is best on average at one and two shots over ten sets of photos, with the starter
    encoder; accuracy is flat about them.

    Attributes:
        kappa: how many images a class's text is worth, 0 or more.
        nu: how many images the generic covariance is worth, above 0.
        slope: how far images move where texts move by 1, from their means: the slope of the modality gap.
        shrinkage: the share of the generic covariance that is spread evenly over all directions, in [0, 1].
        likelihood_weight: what the log-likelihood ratios count; below 1 they are softened.
        zero_shot_weight: what the zero-shot logits (cosines times 100) count beside them.

    Raises:
        InvalidInputError: a setting out of its range.
    """

    kappa: float = 3.0
    nu: float = 100.0
    slope: float = 0.3
    shrinkage: float = 0.5
    likelihood_weight: float = 0.05
    zero_shot_weight: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (np.isfinite(value) and value >= 0):
                raise InvalidInputError(f"{field.name} must be a number, 0 or more, not {value}")
        if not self.nu > 0:
            raise InvalidInputError("nu must be above 0: without a prior the covariance has no inverse")
        if not self.shrinkage <= 1:
            raise InvalidInputError(f"shrinkage is a share and must be at most 1, not {self.shrinkage}")


@dataclass(frozen=True, eq=False)
class GaussianHead:
    """A fitted rule: one product scores any number of images.

    Attributes:
        weights: float32 of shape (C, d).
        bias: float32 of shape (C,).
    """

    weights: FloatArray
    bias: FloatArray

    @classmethod
    def from_statistics(cls, support: SupportStatistics, settings: GaussianSettings) -> GaussianHead:
        """Fit to what is known of a support set; errors are those of ``gaussian.fit``."""
        whitening = support.whitening(settings.nu, settings.shrinkage)
        means = class_means(support, settings) @ whitening.T
        scale = settings.likelihood_weight * (settings.nu + degrees_of_freedom(support.shots).sum())
        likelihood = scale * means @ whitening
        bias = -scale / 2 * (means**2).sum(axis=1) - likelihood @ support.mean
        weights = likelihood + settings.zero_shot_weight * LOGIT_SCALE * support.prototypes
        return cls(weights.astype(np.float32), bias.astype(np.float32))

    def scores(self, images: npt.ArrayLike) -> FloatArray:
        """Score images of shape (n, d), of any scale; returns float32 logits of shape (n, C).

        Raises:
            InvalidInputError: not a finite matrix of the support set's width, or a zero row.
        """
        scores: FloatArray = unit_rows(images, "images", dim=self.weights.shape[1]) @ self.weights.T
        scores += self.bias
        return scores


def class_means(support: SupportStatistics, settings: GaussianSettings) -> DoubleArray:
    """Return m_c - mean image, of shape (C, d).

    Raises:
        InvalidInputError: a class without an image and, with kappa 0, without a text that counts.
    """
    share = text_share(support.shots, settings.kappa)[:, None]
    means: DoubleArray = share * settings.slope * support.text_offsets + (1 - share) * support.class_offsets
    return means


def text_share(shots: DoubleArray, kappa: float) -> DoubleArray:
    """Return kappa / (kappa + n_c), the share of its text in the mean of each class, of shape (C,).

    Raises:
        InvalidInputError: nothing at all for a class.

    >>> text_share(np.array([0.0, 1.0, 3.0]), 1.0)
    array([1.  , 0.5 , 0.25])
    """
    if kappa == 0 and not shots.all():
        raise InvalidInputError(
            f"with kappa 0 texts do not count and every class needs an image, but class {np.argmin(shots)} "
            "has none; raise kappa or add an image"
        )
    share: DoubleArray = kappa / (kappa + shots)
    return share
