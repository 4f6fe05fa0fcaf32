"""``auto``: the Gaussian discriminant that has texts as its prior, its settings chosen by leave-one-out."""

from __future__ import annotations

from dataclasses import asdict

from clipcoder.adapters import gaussian
from clipcoder.adapters.fitted import Fitted, judged_images
from clipcoder.adapters.heads import LinearHead
from clipcoder.adapters.support import Support


def fit(support: Support) -> Fitted:
    """Choose the settings (``gaussian.choose``) and fit; see ``methods.fit``."""
    known = support.images, support.labels, support.prototypes
    choice = gaussian.choose(*known, sample_weight=support.weight)
    fitted = gaussian.fit(*known, choice.settings, sample_weight=support.weight)
    head = LinearHead(
        fitted.weights,
        fitted.bias,
        support.prototypes,
        choice.settings.zero_shot_weight,
    )
    settings = asdict(choice.settings)
    if not choice.judged:
        return Fitted(head, settings)
    judged = judged_images(support)
    held_out = gaussian.leave_one_out(*known, choice.settings, sample_weight=support.weight)
    return Fitted(head, settings, judged, held_out[judged])
