"""``auto``: a Gaussian discriminant whose prior is texts and a linear probe that starts at them, pooled.

The two are wrong about different images. Where classes keep two images and more when one is left out, both
judge the held-out images, and their logits are weighted so that the true classes are most likely (stacking;
Wolpert: Stacked Generalization, Neural Networks 1992). With fewer, each counts half: the geometric mean of
their probabilities. Both are linear, so the pool is one product.

Of a large support set only some images are held out, and these by both (``speakers``).

Labels that the Gaussian finds to be noise leave the zero-shot scores alone.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import numpy as np

from clipcoder.adapters import gaussian, linear_probe
from clipcoder.adapters.fitted import Fitted
from clipcoder.adapters.gaussian.weights import non_negative_weights
from clipcoder.adapters.heads import LinearHead
from clipcoder.adapters.speakers import speakers
from clipcoder.adapters.support import Support
from clipcoder.arrays import IntArray

_HALF: Final = (0.5, 0.5)


def fit(support: Support) -> Fitted:
    """Choose the Gaussian's settings (``gaussian.choose``), fit both and pool them; see ``methods.fit``."""
    known = support.images, support.labels, support.prototypes
    rows = speakers(support)
    choice = gaussian.choose(*known, sample_weight=support.weight, rows=rows)
    by_cloud = _gaussian(support, choice.settings, rows if choice.judged else None)
    if choice.grounds == "noise":
        return by_cloud
    by_probe = linear_probe.fit(support, linear_probe.DEFAULT)
    weights = _weights(support, by_cloud, by_probe) if choice.grounds == "all" else _HALF
    return _pool(by_cloud, by_probe, weights)


def _gaussian(support: Support, settings: gaussian.GaussianSettings, rows: IntArray | None) -> Fitted:
    """Fit the Gaussian, and judge the images at these positions that have company in their class."""
    known = support.images, support.labels, support.prototypes
    fitted = gaussian.fit(*known, settings, sample_weight=support.weight)
    head = LinearHead(fitted.weights, fitted.bias, support.prototypes, settings.zero_shot_weight)
    if rows is None:
        return Fitted(head, asdict(settings))
    held_out = gaussian.leave_one_out(*known, settings, sample_weight=support.weight, rows=rows)
    company = support.has_company[rows]
    return Fitted(head, asdict(settings), rows[company], held_out[company])


def _weights(support: Support, by_cloud: Fitted, by_probe: Fitted) -> tuple[float, float]:
    """Return what each counts, by the images that both left out."""
    judged = by_cloud.judged
    logits = np.stack([by_cloud.held_out, by_probe.held_out]).astype(np.float64)
    _, (cloud, probe) = non_negative_weights(logits, support.labels[judged], support.weight[judged])
    return (float(cloud), float(probe)) if cloud + probe > 0 else _HALF


def _pool(by_cloud: Fitted, by_probe: Fitted, weights: tuple[float, float]) -> Fitted:
    """Return the weighted sum of two linear rules, as one."""
    (cloud, probe), first, second = weights, by_cloud.head, by_probe.head
    assert isinstance(first, LinearHead)
    assert isinstance(second, LinearHead)
    head = LinearHead(
        cloud * first.weights + probe * second.weights,
        cloud * first.bias + probe * second.bias,
        first.prototypes,
        cloud * first.zero_shot_weight + probe * second.zero_shot_weight,
    )
    counts = {"gaussian_weight": cloud, "probe_weight": probe}
    settings = {**by_cloud.settings, **by_probe.settings, **counts}
    if not by_cloud.judged.size:
        return Fitted(head, settings)
    held_out = cloud * by_cloud.held_out + probe * by_probe.held_out
    return Fitted(head, settings, by_cloud.judged, held_out)
