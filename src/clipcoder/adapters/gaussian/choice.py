"""Settings from the support set alone, by leave-one-out, and no more of them than it can tell.

An image that is left out is judged at odds that are not those of images to come: its class has one image less
than the others. With three images a class or more that matters little, and all settings are chosen. With two,
the texts would seem better than they are; only the temperature is fitted. With one, the class of an image has
no other, so the temperature is fitted where all classes have their texts alone.

Where the labels of many images can be told no better than by chance, they are taken for noise and zero-shot
scores remain. Not with one image a class: there, texts that say nothing look the same as such labels, and
whoever labels images may be trusted more than names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from clipcoder.adapters.gaussian.head import GaussianSettings
from clipcoder.adapters.gaussian.leave_one_out import HeldOut
from clipcoder.adapters.gaussian.statistics import DoubleArray, SupportStatistics
from clipcoder.adapters.gaussian.weights import non_negative_weights, softening
from clipcoder.adapters.support import LOGIT_SCALE
from clipcoder.arrays import IntArray
from clipcoder.errors import InvalidInputError

_ENOUGH: Final = 0.5  # the share of images that must be judged, for the rest to be spoken for
_COMPANY: Final = 2.0  # images that a class must keep, for one left out to be judged at fair odds
_TEXTS_ALONE: Final = 1e9  # a kappa beside which images do not count
_BESIDE_TEXTS: Final = 0.75  # what is best with an image a class, over what is best with texts alone
_NOISE: Final = 0.06  # nats an image above chance, and
_NOISE_IN_ALL: Final = 8.0  # nats of all images together, that random labels seldom reach and others do with
_TO_TELL_NOISE: Final = 60  # images

_DEFAULTS: Final = GaussianSettings()
_ZERO_SHOT: Final = replace(_DEFAULTS, likelihood_weight=0.0, zero_shot_weight=1.0)


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

    kappa: tuple[float, ...] = (0, 1, 2, 4, 8, 16)
    nu: tuple[float, ...] = (30, 100, 300, 1000)
    slope: tuple[float, ...] = (0.04, 0.15, 0.3, 0.6)
    shrinkage: tuple[float, ...] = (0.1, 0.5, 1)

    def __post_init__(self) -> None:
        for name, values in vars(self).items():
            if not values:
                raise InvalidInputError(f"the grid must hold at least one {name} to try, but it has none")
            for value in values:
                GaussianSettings(**{name: value})

    def means(self, *, without_texts: bool) -> Iterator[tuple[float, float]]:
        """Yield each kappa and slope; kappa 0 once, for it makes nothing of the slope, or left out."""
        for kappa in self.kappa:
            if kappa or without_texts:
                for slope in self.slope if kappa else self.slope[:1]:
                    yield kappa, slope


@dataclass(frozen=True)
class GaussianChoice:
    """The settings that ``choose`` found, and on what grounds.

    Attributes:
        settings: the settings.
        log_likelihood: the mean log-probability of the true class by leave-one-out, in nats, a little above
            what is to be expected as the settings were chosen by it; None where ``judged`` is 0.
        judged: how many images it is the mean of; 0 where no class, or too few, has a second image.
        grounds: what was chosen by them: ``"all"`` settings; the ``"temperature"`` of the defaults, here or,
            where ``judged`` is 0, by the texts alone; or ``"noise"``, that labels say nothing.
    """

    settings: GaussianSettings
    log_likelihood: float | None
    judged: int
    grounds: Literal["all", "temperature", "noise"] = "temperature"


def best_settings(
    support: SupportStatistics, grid: GaussianGrid, rows: IntArray | None = None
) -> GaussianChoice:
    """Choose for a support set; see ``gaussian.choose``."""
    shown = support if rows is None else support.among(rows)
    judged = shown.left > 0
    if len(support.shots) < 2 or len(support.left) < 2:
        return GaussianChoice(_DEFAULTS, None, 0)
    if (support.left > 0).mean() < _ENOUGH or not judged.any():
        _, weight = _temperature(shown, _TEXTS_ALONE, np.ones_like(judged))
        return GaussianChoice(replace(_DEFAULTS, likelihood_weight=_BESIDE_TEXTS * weight), None, 0)
    grounds: Literal["all", "temperature", "noise"] = "temperature"
    if (support.left >= _COMPANY).mean() >= _ENOUGH:
        means = list(grid.means(without_texts=bool(support.left.all() and support.shots.all())))
        settings, loss = _most_likely(shown, grid, means, judged)
        grounds = "all"
    else:
        loss, weight = _temperature(shown, _DEFAULTS.kappa, judged)
        settings = replace(_DEFAULTS, likelihood_weight=weight)
    if _is_noise(np.log(len(support.shots)) - loss, int(judged.sum())):
        settings, loss, grounds = _ZERO_SHOT, _zero_shot_loss(shown, judged), "noise"
    if loss == np.inf:
        return GaussianChoice(_DEFAULTS, None, 0)
    return GaussianChoice(settings, -loss, int(judged.sum()), grounds)


def _is_noise(gain: float, judged: int) -> bool:
    """Tell whether labels say nothing that are likelier than by chance by so many nats an image."""
    return judged >= _TO_TELL_NOISE and gain < max(_NOISE, _NOISE_IN_ALL / judged)


def _temperature(
    support: SupportStatistics, kappa: float, judged: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    """Return the loss and the likelihood weight by leave-one-out, of the default settings but kappa."""
    ratios = HeldOut.of(support, _DEFAULTS.nu, _DEFAULTS.shrinkage).log_ratios(kappa, _DEFAULTS.slope)
    return softening(
        ratios[judged], support.labels[judged], support.weight[judged], _DEFAULTS.likelihood_weight
    )


def _most_likely(
    support: SupportStatistics,
    grid: GaussianGrid,
    means: Iterable[tuple[float, float]],
    judged: npt.NDArray[np.bool_],
) -> tuple[GaussianSettings, float]:
    """Return the best of the grid and its loss; the defaults and infinity if nothing tells classes apart."""
    best, least = _DEFAULTS, np.inf
    labels, weight, zero_shot = support.labels[judged], support.weight[judged], _zero_shot(support)[judged]
    logits = np.stack([zero_shot, zero_shot])
    for settings, ratios in _tried(support, grid, means):
        logits[0] = ratios[judged]
        loss, (likelihood, text) = non_negative_weights(logits, labels, weight)
        if loss < least and likelihood + text > 0:
            least = loss
            best = replace(settings, likelihood_weight=float(likelihood), zero_shot_weight=float(text))
    return best, least


def _tried(
    support: SupportStatistics, grid: GaussianGrid, means: Iterable[tuple[float, float]]
) -> Iterator[tuple[GaussianSettings, DoubleArray]]:
    """Yield settings and the log-likelihood ratios by leave-one-out under them."""
    for shrinkage, nu in product(grid.shrinkage, grid.nu):
        held_out = HeldOut.of(support, nu, shrinkage)
        for kappa, slope in means:
            yield GaussianSettings(kappa, nu, slope, shrinkage), held_out.log_ratios(kappa, slope)


def _zero_shot(support: SupportStatistics) -> DoubleArray:
    """Return the zero-shot logits of the support set, of shape (n, C)."""
    logits: DoubleArray = LOGIT_SCALE * (support.offsets + support.mean) @ support.prototypes.T
    return logits


def _zero_shot_loss(support: SupportStatistics, judged: npt.NDArray[np.bool_]) -> float:
    logits = _zero_shot(support)[judged]
    top = logits.max(axis=1)
    true = np.take_along_axis(logits, support.labels[judged][:, None], axis=1)[:, 0]
    surprise = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top - true
    return float(np.average(surprise, weights=support.weight[judged]))
