"""``linear-probe``: logistic regression that starts at the texts and is drawn back to them.

With text prototypes T, the weighted mean image q and labelled images (x_i, y_i) of weight w_i,

    logits(x) = rho 100 x.T + (x - q) 10 V,
    V minimises  sum_i w_i log( 1 / softmax(logits(x_i))[y_i] ) + penalty |V|^2 / 2,

so that what is learned is the step away from the zero-shot classifier, of which rho is kept for sure. That is
convex and, penalty being above 0, has one solution; L-BFGS finds it in the right singular vectors of the
images, where there are no more unknowns than images.

Penalty and rho are those under which the labels are most likely when a quarter of each class (of few images,
one) is left out in turn. Of a large support set it is one quarter or less, so that every setting is one fit
(``speakers``); its probes are fitted in float32, a batch of images at a time.

The step from the texts is the idea of CLAP (Silva-Rodríguez et al.: A Closer Look at the Few-Shot Adaptation
of Large Vision-Language Models, CVPR 2024, arXiv 2312.12730) and of LP++ (Huang et al., CVPR 2024, arXiv
2404.02285); here one penalty holds for all classes, and no labelled image is spent on its choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from clipcoder.adapters.fitted import Fitted, judged_images
from clipcoder.adapters.heads import LinearHead
from clipcoder.adapters.speakers import MOST_LOGITS, folds_of, is_large
from clipcoder.adapters.support import LOGIT_SCALE, Support
from clipcoder.arrays import FloatArray, IntArray, batches

PENALTIES: Final = (0.3, 1.0, 3.0)
"""What is tried for the penalty."""

TEXT_SHARES: Final = (0.1, 1.0)
"""What is tried for rho."""

DEFAULT: Final = (1.0, 0.1)
"""Penalty and rho where nothing can be judged."""

_SCALE: Final = 10.0  # of the images, so that penalties are of the order of 1
_STEPS: Final = 100
_STEPS_TO_JUDGE: Final = 40
_NO_SPREAD: Final = 1e-6  # of a direction in which unit rows do not differ
_Floats = npt.NDArray[np.float64]
_Reals = npt.NDArray[np.floating[Any]]


def fit(support: Support, settings: tuple[float, float] | None = None) -> Fitted:
    """Fit with a penalty and a rho, or choose them first; see ``methods.fit``."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(None if is_large(support) else 1, user_api="blas"):  # small products wait in vain
        return _fit(support, settings)


def _fit(support: Support, settings: tuple[float, float] | None) -> Fitted:
    if not judged_images(support).size:
        best = settings or DEFAULT
        return Fitted(_whole(support, best), _named(*best))
    tried = product(PENALTIES, TEXT_SHARES if support.prototypes.any() else TEXT_SHARES[:1])
    folds = folds_of(support)
    best, held_out = _most_likely(support, folds, [settings] if settings else tried)
    return Fitted(_whole(support, best), _named(*best), np.flatnonzero(folds >= 0), held_out)


def _whole(support: Support, settings: tuple[float, float]) -> LinearHead:
    """Fit to all images."""
    return _Known.of(support, np.arange(len(support.labels))).head(*settings, steps=_STEPS)


def _most_likely(
    support: Support, folds: IntArray, tried: Iterable[tuple[float, float]]
) -> tuple[tuple[float, float], FloatArray]:
    """Return the settings under which labels are most likely, and the logits of the images that tell."""
    judged = np.flatnonzero(folds >= 0)
    labels, weight = support.labels[judged], support.weight[judged]
    parts = [_Known.of(support, np.flatnonzero(folds != fold)) for fold in range(folds.max() + 1)]
    best, least, held_out = DEFAULT, np.inf, np.empty((0, 0), np.float32)
    for settings in tried:
        logits = _held_out(support.images[judged], folds[judged], parts, settings)
        chances = logits.astype(np.float64)
        _to_log_chances(chances)
        loss = float(np.average(-chances[np.arange(len(judged)), labels], weights=weight))
        if loss < least:
            best, least, held_out = settings, loss, logits
    return best, held_out


@dataclass(frozen=True, eq=False)
class _Known:
    """What a probe learns from; settings are tried on it one after the other.

    Attributes:
        prototypes: T, of shape (C, d).
        zero_shot: 100 x.T of the images, float32 of shape (n, C).
        labels: the class of each, of shape (n,).
        weight: how much each counts, of shape (n,).
        middle: q, of shape (d,).
        rows: 10 (x - q) in the directions in which images differ, of shape (n, r); float32 in a large set.
        directions: these, unit rows of shape (r, d).
    """

    prototypes: FloatArray
    zero_shot: FloatArray
    labels: IntArray
    weight: _Floats
    middle: _Floats
    rows: _Reals
    directions: _Floats

    @classmethod
    def of(cls, support: Support, known: IntArray) -> _Known:
        """Take the images of these positions."""
        images, weight = support.images[known].astype(np.float64), support.weight[known]
        middle = np.average(images, axis=0, weights=weight)
        left, spread, directions = np.linalg.svd(_SCALE * (images - middle), full_matrices=False)
        kept = spread > _NO_SPREAD
        rows = (left[:, kept] * spread[kept]).astype(np.float32 if is_large(support) else np.float64)
        zero_shot = np.empty((len(known), support.n_classes), np.float32)
        for part in _at_once(*zero_shot.shape):
            zero_shot[part] = support.zero_shot(support.images[known[part]])
        return cls(
            support.prototypes, zero_shot, support.labels[known], weight, middle, rows, directions[kept]
        )

    def head(self, penalty: float, text_share: float, *, steps: int) -> LinearHead:
        """Fit a probe in so many steps of L-BFGS."""
        step = _SCALE * self.directions.T @ self._steps_from_texts(penalty, text_share, steps)
        weights = text_share * LOGIT_SCALE * self.prototypes + step.T
        bias = -self.middle @ step
        return LinearHead(weights.astype(np.float32), bias.astype(np.float32), self.prototypes, text_share)

    def _steps_from_texts(self, penalty: float, text_share: float, steps: int) -> _Floats:
        """Return V in the directions in which images differ, of shape (r, C)."""
        from scipy.optimize import minimize

        shape = self.rows.shape[1], len(self.prototypes)
        if not all(shape):
            return np.zeros(shape)
        total = self.weight.sum()

        def loss(flat: _Floats) -> tuple[float, _Floats]:
            step = flat.reshape(shape)
            surprise, slope = self._surprise(step, text_share)
            slope += penalty * step
            return (surprise + penalty / 2 * flat @ flat) / total, slope.ravel() / total

        options = {"maxiter": steps, "ftol": 1e-12, "gtol": 1e-8}
        start = np.zeros(shape).ravel()
        found: _Floats = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
        return found.reshape(shape)

    def _surprise(self, exact: _Floats, text_share: float) -> tuple[float, _Floats]:
        """Return what labels have against V, of shape (r, C), in nats, and the slope of that along V."""
        step: _Reals = exact.astype(self.rows.dtype)
        surprise, slope = 0.0, np.zeros_like(exact)
        for part in _at_once(*self.zero_shot.shape):
            rows, weight = self.rows[part], self.weight[part]
            own = np.arange(len(rows)), self.labels[part]
            chances = np.multiply(self.zero_shot[part], text_share, dtype=step.dtype)
            chances += rows @ step
            _to_log_chances(chances)
            surprise -= float(weight @ chances[own])
            np.exp(chances, out=chances)
            chances[own] -= 1
            chances *= weight[:, None]
            slope += rows.T @ chances
        return surprise, slope


def _held_out(
    images: FloatArray, folds: IntArray, parts: list[_Known], settings: tuple[float, float]
) -> FloatArray:
    """Return the logits of each image by a probe that knows nothing of its fold, float32 of shape (j, C)."""
    logits = np.empty((len(folds), len(parts[0].prototypes)), np.float32)
    for fold, known in enumerate(parts):
        out = folds == fold
        logits[out] = known.head(*settings, steps=_STEPS_TO_JUDGE).scores(images[out])
    return logits


def _at_once(n_images: int, n_classes: int) -> Iterator[slice]:
    """Yield the batches in which images are taken; of a small support set all are one."""
    return batches(n_images, max(1, MOST_LOGITS // n_classes))


def _to_log_chances(logits: _Reals) -> None:
    """Turn logits into the logarithms of probabilities, in place."""
    logits -= logits.max(axis=1, keepdims=True)
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))


def _named(penalty: float, text_share: float) -> dict[str, float]:
    return {"penalty": penalty, "text_share": text_share}
