"""``tip-adapter``: labelled images vote by the cosine of their features, without training.

    logits(x) = 100 x.T + alpha exp( -beta (1 - cos(x, S)) ) @ Y

with support images S, their one-hot labels Y and text prototypes T. ``voting`` says how alpha and beta are
chosen. The published defaults, alpha 1 and beta 5.5, leave next to nothing of the votes where texts are far
from each other, so where nothing can be judged only beta is theirs.

Zhang et al.: Tip-Adapter, Training-free Adaption of CLIP for Few-shot Classification, ECCV 2022, arXiv
2207.09519.
"""

from __future__ import annotations

import numpy as np

from clipcoder.adapters import voting
from clipcoder.adapters.fitted import Fitted
from clipcoder.adapters.support import Support


def fit(support: Support) -> Fitted:
    """Choose alpha and beta and fit; see ``methods.fit``."""
    voters = voting.Voters(np.empty((0, 0), np.float32), False, support.weight.astype(np.float32), {})
    return voting.fit(support, [voters], default=voters)
