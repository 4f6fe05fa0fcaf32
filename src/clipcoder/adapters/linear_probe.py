"""``linear-probe``: logistic regression that starts at the texts and is drawn back to them.

With text prototypes T, the weighted mean image q and labelled images (x_i, y_i) of weight w_i,

    logits(x) = rho 100 x.T + (x - q) 10 V,
    V minimises  sum_i w_i log( 1 / softmax(logits(x_i))[y_i] ) + penalty |V|^2 / 2,

so that what is learned is the step away from the zero-shot classifier, of which rho is kept for sure. That is
convex and, penalty being above 0, has one solution; L-BFGS finds it in the right singular vectors of the
images, where there are no more unknowns than images.

Penalty and rho are those under which the labels are most likely when a quarter of each class is left out in
turn. Quarters are cut by what the images are, not by the order in which they come.

The step from the texts is the idea of CLAP (Silva-Rodríguez et al.: A Closer Look at the Few-Shot Adaptation
of Large Vision-Language Models, CVPR 2024, arXiv 2312.12730) and of LP++ (Huang et al., CVPR 2024, arXiv
2404.02285); here one penalty holds for all classes, and no labelled image is spent on its choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from clipcoder.adapters.fitted import Fitted, judged_images
from clipcoder.adapters.heads import LinearHead
from clipcoder.adapters.support import LOGIT_SCALE, Support
from clipcoder.arrays import IntArray

PENALTIES: Final = (0.3, 1.0, 3.0)
"""What is tried for the penalty."""

TEXT_SHARES: Final = (0.1, 1.0)
"""What is tried for rho."""

_DEFAULT: Final = (1.0, 0.1)  # penalty and rho where nothing can be judged
_FOLDS: Final = 4
_SCALE: Final = 10.0  # of the images, so that penalties are of the order of 1
_STEPS: Final = 100
_STEPS_TO_JUDGE: Final = 40
_NO_SPREAD: Final = 1e-6  # of a direction in which unit rows do not differ
_Floats = npt.NDArray[np.float64]


def fit(support: Support) -> Fitted:
    """Choose penalty and rho and fit; see ``methods.fit``."""
    judged = judged_images(support)
    everything = np.arange(len(support.labels))
    if not judged.size:
        return Fitted(_probe(support, everything, *_DEFAULT, steps=_STEPS).head(support), _named(*_DEFAULT))
    folds = folds_of(support)
    best, least, held_out = _DEFAULT, np.inf, np.empty(0)
    for settings in product(PENALTIES, TEXT_SHARES if support.prototypes.any() else TEXT_SHARES[:1]):
        logits = _held_out(support, folds, settings)[judged]
        surprise = -_log_softmax(logits)[np.arange(len(judged)), support.labels[judged]]
        loss = float(np.average(surprise, weights=support.weight[judged]))
        if loss < least:
            best, least, held_out = settings, loss, logits
    head = _probe(support, everything, *best, steps=_STEPS).head(support)
    return Fitted(head, _named(*best), judged, held_out.astype(np.float32))


def folds_of(support: Support) -> IntArray:
    """Return the fold in which each image is left out, of shape (n,); -1 for the only one of its class.

    >>> folds_of(Support.of([[1, 0], [0, 1], [1, 1]], [0, 0, 1], [[1, 0], [0, 1]])).tolist()
    [1, 0, -1]
    """
    direction = np.random.default_rng(0).normal(size=support.images.shape[1])
    order = np.lexsort((support.images @ direction, support.labels))
    first = np.searchsorted(support.labels[order], support.labels[order])
    folds = np.empty(len(order), np.intp)
    folds[order] = (np.arange(len(order)) - first) % _FOLDS
    folds[~support.has_company] = -1
    return folds


@dataclass(frozen=True, eq=False)
class _Probe:
    """What was learned: rho, q of shape (d,) and 10 V of shape (d, C)."""

    text_share: float
    middle: _Floats
    step: _Floats

    def head(self, support: Support) -> LinearHead:
        weights = self.text_share * LOGIT_SCALE * support.prototypes + self.step.T
        bias = -self.middle @ self.step
        return LinearHead(
            weights.astype(np.float32), bias.astype(np.float32), support.prototypes, self.text_share
        )


def _held_out(support: Support, folds: IntArray, settings: tuple[float, float]) -> _Floats:
    """Return the logits of each image by a probe that knows nothing of its fold, of shape (n, C)."""
    logits = np.zeros((len(folds), support.n_classes))
    for fold in range(folds.max() + 1):
        out = folds == fold
        probe = _probe(support, np.flatnonzero(~out), *settings, steps=_STEPS_TO_JUDGE)
        logits[out] = probe.head(support).scores(support.images[out])
    return logits


def _probe(support: Support, known: IntArray, penalty: float, text_share: float, *, steps: int) -> _Probe:
    """Fit a probe to the images that are known."""
    from scipy.optimize import minimize

    images, labels = support.images[known].astype(np.float64), support.labels[known]
    weight = support.weight[known]
    base = text_share * support.zero_shot(support.images[known]).astype(np.float64)
    middle = np.average(images, axis=0, weights=weight)
    left, spread, directions = np.linalg.svd(_SCALE * (images - middle), full_matrices=False)
    kept = spread > _NO_SPREAD
    rows = left[:, kept] * spread[kept]
    shape = rows.shape[1], support.n_classes
    own = np.arange(len(labels)), labels

    def loss(flat: _Floats) -> tuple[float, _Floats]:
        step = flat.reshape(shape)
        chances = _log_softmax(base + rows @ step)
        surprise = -weight @ chances[own]
        np.exp(chances, out=chances)
        chances[own] -= 1
        slope = rows.T @ (weight[:, None] * chances) + penalty * step
        total = weight.sum()
        return (surprise + penalty / 2 * flat @ flat) / total, slope.ravel() / total

    found = np.zeros(shape)
    if found.size:
        options = {"maxiter": steps, "ftol": 1e-12, "gtol": 1e-8}
        found = minimize(loss, found.ravel(), jac=True, method="L-BFGS-B", options=options).x.reshape(shape)
    return _Probe(text_share, middle, _SCALE * directions[kept].T @ found)


def _log_softmax(logits: _Floats) -> _Floats:
    below = logits - logits.max(axis=1, keepdims=True)
    chances: _Floats = below - np.log(np.exp(below).sum(axis=1, keepdims=True))
    return chances


def _named(penalty: float, text_share: float) -> dict[str, float]:
    return {"penalty": penalty, "text_share": text_share}
