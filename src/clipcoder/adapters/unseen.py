"""Classes without labelled images in a linear rule: their texts, in the measures of what was learned.

What a rule learns from images lifts the classes that have some and sinks those that have none, the further
the more images there are, until no image is ever found to be of a class without examples. So a rule is
fitted to the classes that it has seen, and the others are scored by how their texts stand out from the texts
of these, about the mean of the learned logits and stretched to their spread:

    logit_u(x) = mean_k logit_k(x) + stretch ( z_u(x) - mean_k z_k(x) ),    z = 100 x.T,
    stretch = spread of logit_k / spread of z_k,

the mean and spreads taken over the seen classes k, the spreads (root mean square about the mean of each
image) on the support images and without the class of each, which the rule has been told. No label decides
anything, so this holds with one image a class, too.

Measured with ``auto`` and the starter on ten sets of photos, none of them a test set, two draws; accuracies
on all images in percent, and in brackets on those of classes without examples:

    half of the classes without  1 shot       2 shots      4 shots      16 shots
        in competition           43.8 (24.3)  45.9 (20.9)  45.8 (12.5)  50.2 (13.1)
        by this rule             43.2 (24.3)  45.7 (24.5)  48.9 (27.5)  52.8 (29.6)
    one class without
        in competition           51.8 (29.4)  58.3 (25.3)  63.5 (11.8)  72.7 (8.3)
        by this rule             51.6 (34.6)  58.2 (35.4)  63.6 (40.5)  72.1 (41.5)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from clipcoder.adapters.fitted import Fitted
from clipcoder.adapters.heads import LinearHead
from clipcoder.adapters.support import LOGIT_SCALE, Support
from clipcoder.arrays import FloatArray, IntArray

_FEWEST: Final = 3  # seen classes, so that two are left to have a spread without an image's own


def fit(fit_seen: Callable[[Support], Fitted], support: Support) -> Fitted:
    """Fit a rule with a linear head to the classes that have images, and complete it by the others.

    Args:
        fit_seen: fits a rule, whose head is linear.
        support: the support set. Where it has fewer than three classes with images, or all have some, the
            rule itself is fitted to all classes.

    >>> from clipcoder.adapters import linear_probe
    >>> support = Support.of(np.eye(4)[:3], [0, 1, 2], np.eye(4))
    >>> fit(linear_probe.fit, support).head.scores(np.eye(4)).argmax(axis=1)
    array([0, 1, 2, 3])
    """
    seen, labels = np.unique(support.labels, return_inverse=True)
    if len(seen) == support.n_classes or len(seen) < _FEWEST:
        return fit_seen(support)
    fitted = fit_seen(
        Support(support.images, labels, support.weight, support.prototypes[seen], support.texts)
    )
    head = fitted.head
    assert isinstance(head, LinearHead)
    stretch = _stretch(head.scores(support.images), support.zero_shot(support.images)[:, seen], labels)
    whole = LinearHead(
        _completed(head.weights.T, LOGIT_SCALE * support.prototypes.T, seen, stretch).T,
        _completed(head.bias[None], np.zeros((1, support.n_classes), np.float32), seen, stretch)[0],
        support.prototypes,
        head.zero_shot_weight,
    )
    judged = fitted.judged
    if not judged.size:
        return Fitted(whole, fitted.settings)
    zero_shot = support.zero_shot(support.images[judged])
    held_out = _completed(fitted.held_out, zero_shot, seen, stretch)
    return Fitted(whole, fitted.settings, judged, held_out)


def _stretch(logits: FloatArray, zero_shot: FloatArray, labels: IntArray) -> float:
    """Return how much wider learned logits spread than those of the texts; both are of shape (n, K)."""
    learned, texts = _spread_of_rivals(logits, labels), _spread_of_rivals(zero_shot, labels)
    if (
        not texts > 0
    ):  # texts that tell none of the others apart: all that is left is what they say of its own
        learned, texts = (float(rows.std(axis=1).mean()) for rows in (logits, zero_shot))
    return learned / texts if texts > 0 else 0.0


def _spread_of_rivals(logits: FloatArray, labels: IntArray) -> float:
    rivals = logits.astype(np.float64)
    own = np.arange(len(labels)), labels
    others = rivals.shape[1] - 1
    rivals[own] = (rivals.sum(axis=1) - rivals[own]) / others  # the mean of the others, which adds no spread
    return float(np.sqrt(rivals.var(axis=1).mean() * (others + 1) / others))


def _completed(learned: FloatArray, zero_shot: FloatArray, seen: IntArray, stretch: float) -> FloatArray:
    """Return columns for all classes, float32 of shape (n, C): those that were learned, and the others.

    Args:
        learned: what is linear in the logits of the seen classes, of shape (n, K).
        zero_shot: the same of the texts of all classes, of shape (n, C).
        seen: the positions of the seen classes, of shape (K,).
        stretch: see the module.
    """
    middle = learned.mean(axis=1, keepdims=True, dtype=np.float64)
    texts = zero_shot[:, seen].mean(axis=1, keepdims=True, dtype=np.float64)
    whole: FloatArray = (middle + stretch * (zero_shot - texts)).astype(np.float32)
    whole[:, seen] = learned
    return whole
