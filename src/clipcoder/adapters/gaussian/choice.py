"""Settings from the support set alone, by leave-one-out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from clipcoder.adapters.gaussian.head import LOGIT_SCALE, GaussianSettings
from clipcoder.adapters.gaussian.leave_one_out import HeldOut, shots_left
from clipcoder.adapters.gaussian.statistics import DoubleArray, SupportStatistics
from clipcoder.adapters.gaussian.weights import non_negative_weights
from clipcoder.errors import InvalidInputError

_ENOUGH: Final = 0.5  # the share of images that must be judged, for the rest to be spoken for


@dataclass(frozen=True)
class GaussianGrid:
    """What ``choose`` tries: each of these with each other; the two weights are fitted, not tried.

    Attributes:
        kappa: how many images a text is worth; 0 is left out where a class has fewer than two images.
        nu: how many images the generic covariance is worth; the costly one, a factorisation for each.
        slope: the slope of the modality gap.
        shrinkage: the share of the generic covariance spread evenly; a factorisation for each, too.

    Raises:
        InvalidInputError: nothing to try for one of them, or a setting out of its range.
    """

    kappa: tuple[float, ...] = (0, 0.5, 1, 2, 4, 8, 16)
    nu: tuple[float, ...] = (300, 1000, 3000)
    slope: tuple[float, ...] = (0.04, 0.08, 0.15, 0.3, 0.6)
    shrinkage: tuple[float, ...] = (0.1, 0.5, 1)

    def __post_init__(self) -> None:
        for name, values in vars(self).items():
            if not values:
                raise InvalidInputError(f"the grid must hold at least one {name} to try, but it has none")
            for value in values:
                GaussianSettings(**{name: value})

    def means(self) -> Iterator[tuple[float, float]]:
        """Yield each kappa and slope; kappa 0 once, for it makes nothing of the slope."""
        for kappa in self.kappa:
            for slope in self.slope if kappa else self.slope[:1]:
                yield kappa, slope


@dataclass(frozen=True)
class GaussianChoice:
    """The settings that ``choose`` found, and on what grounds.

    Attributes:
        settings: the settings; the defaults where ``judged`` is 0.
        log_likelihood: the mean log-probability of the true class by leave-one-out, in nats, a little above
            what is to be expected as the settings were chosen by it; None where ``judged`` is 0.
        judged: how many images it is the mean of.
    """

    settings: GaussianSettings
    log_likelihood: float | None
    judged: int


def best_settings(support: SupportStatistics, grid: GaussianGrid) -> GaussianChoice:
    """Choose for a support set; see ``gaussian.choose``."""
    judged = shots_left(support) > 0
    best, least = GaussianSettings(), np.inf
    if len(support.shots) > 1 and judged.mean() >= _ENOUGH:
        labels, weight = support.labels[judged], support.weight[judged]
        zero_shot = LOGIT_SCALE * (support.offsets[judged] + support.mean) @ support.prototypes.T
        for settings, ratios in _tried(support, grid):
            logits = np.stack([ratios[judged], zero_shot])
            loss, (likelihood, text) = non_negative_weights(logits, labels, weight)
            if loss < least and likelihood + text > 0:
                least = loss
                best = replace(settings, likelihood_weight=float(likelihood), zero_shot_weight=float(text))
    if least == np.inf:
        return GaussianChoice(best, None, 0)
    return GaussianChoice(best, -least, int(judged.sum()))


def _tried(support: SupportStatistics, grid: GaussianGrid) -> Iterator[tuple[GaussianSettings, DoubleArray]]:
    """Yield settings and the log-likelihood ratios by leave-one-out under them."""
    text_is_needed = not (shots_left(support) > 0).all() or not support.shots.all()
    for shrinkage in grid.shrinkage:
        for nu in grid.nu:
            held_out = HeldOut.of(support, nu, shrinkage)
            for kappa, slope in grid.means():
                if kappa or not text_is_needed:
                    settings = GaussianSettings(kappa, nu, slope, shrinkage)
                    yield settings, held_out.log_ratios(kappa, slope)
