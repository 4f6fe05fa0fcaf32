"""A few-shot method after it was fitted: its head, the settings it chose, and the evidence for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from clipcoder.adapters.heads import Head
from clipcoder.adapters.support import Support
from clipcoder.arrays import FloatArray, IntArray

ENOUGH: Final = 0.5
"""The share of a support set that must be judged by leave-one-out, for the rest to be spoken for."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """What ``adapters.methods.fit`` returns.

    Attributes:
        head: scores images.
        settings: what was chosen, by the names of the method's settings.
        judged: the positions of the support images that were judged by leave-one-out, of shape (j,); none
            where the default settings stand. Of a large support set some speak for the others.
        held_out: the logits of these images by the head as it would be without each (the linear probe's,
            without its fold), under the same settings, float32 of shape (j, C). Temperatures and metrics are
            made from them.
    """

    head: Head
    settings: Mapping[str, float]
    judged: IntArray = field(default_factory=lambda: np.empty(0, np.intp))
    held_out: FloatArray = field(default_factory=lambda: np.empty((0, 0), np.float32))


def judged_images(support: Support) -> IntArray:
    """Return the positions of the images that leave-one-out may judge, of shape (j,); none if too few.

    Those are the images with company in their class; where they are less than half of all, or where there is
    but one class, nothing is judged. A method need not judge all of them, and of a large support set none
    does (``speakers``, ``voting``).

    >>> judged_images(Support.of([[1, 0], [1, 1], [0, 1]], [0, 0, 1], [[1, 0], [0, 1]]))
    array([0, 1])
    """
    company = support.has_company
    if support.n_classes < 2 or company.mean() < ENOUGH:
        return np.empty(0, np.intp)
    return np.flatnonzero(company)
