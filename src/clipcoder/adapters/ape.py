"""``ape``: Tip-Adapter on the channels that tell texts apart, with votes that count for what texts miss.

1. Channels. Channel k is the better, the less the texts of different classes agree in it and the more they
   vary; with unit prototypes t_c, the channels of the largest

       -share * mean over c != o of t_ck t_ok + (1 - share) * variance over c of t_ck

   stay, in which images and texts are scaled to unit rows again: x', t'.
2. Votes. A support image of class y counts exp(gamma KL), KL = -log2 softmax_c(x'.t'_c)[y] the divergence of
   its label from what the texts say: an image that they know already teaches little.
3. logits(x) = 100 x.T + alpha exp( -beta (1 - cos(x', S')) ) @ (votes * one-hot).

The number of channels, gamma, alpha and beta are chosen as ``voting`` says, among others all channels with
gamma 0, which is Tip-Adapter. Without texts that is all there is.

Zhu et al.: Not All Features Matter, Enhancing Few-shot CLIP with Adaptive Prior Refinement, ICCV 2023, arXiv
2304.01195; the training-free APE.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from clipcoder.adapters import voting
from clipcoder.adapters.fitted import Fitted
from clipcoder.adapters.heads import projected
from clipcoder.adapters.support import Support
from clipcoder.arrays import FloatArray, IntArray, softmax

_SIMILARITY_SHARE: Final = 0.5
_CHANNELS: Final = (1.0, 0.8, 0.5)  # shares of all
_GAMMAS: Final = (0.0, 0.3, 1.0, 3.0)
_DEFAULT: Final = (0.8, 0.1)  # the published ones for Caltech-101


def fit(support: Support) -> Fitted:
    """Choose channels, gamma, alpha and beta and fit; see ``methods.fit``."""
    ranking = channel_ranking(support.prototypes)
    share, gamma = _DEFAULT if support.prototypes.any() else (1.0, 0.0)
    default = next(_voters(support, ranking, share, (gamma,)))
    shares = _CHANNELS if support.prototypes.any() else _CHANNELS[:1]
    gammas = _GAMMAS if support.prototypes.any() else _GAMMAS[:1]
    tried = (voters for share in shares for voters in _voters(support, ranking, share, gammas))
    return voting.fit(support, tried, default)


def channel_ranking(prototypes: FloatArray) -> IntArray:
    """Return the channels, those first that tell the classes apart; of shape (d,).

    >>> channel_ranking(np.float32([[1, 0], [1, 0], [1, 0.5]]))
    array([1, 0])
    """
    units = _unit_or_zero(prototypes)
    n_classes = len(units)
    pairs = max(1, n_classes * (n_classes - 1))
    similarity = (units.sum(axis=0) ** 2 - (units**2).sum(axis=0)) / pairs
    merit = -_SIMILARITY_SHARE * similarity + (1 - _SIMILARITY_SHARE) * units.var(axis=0)
    return np.argsort(-merit, kind="stable")


def divergence(support: Support, projection: FloatArray) -> npt.NDArray[np.float64]:
    """Return by how many bits each label differs from what the texts say of the image, of shape (s,)."""
    texts = projected(_unit_or_zero(support.prototypes), projection)
    chances = softmax(projected(support.images, projection) @ texts.T)
    own = chances[np.arange(len(chances)), support.labels].astype(np.float64)
    bits: npt.NDArray[np.float64] = -np.log2(own)
    return bits


def _voters(
    support: Support, ranking: IntArray, share: float, gammas: tuple[float, ...]
) -> Iterator[voting.Voters]:
    """Yield voters on the share of the channels that come first, one for each gamma."""
    kept = max(1, round(share * len(ranking)))
    projection = np.eye(len(ranking), dtype=np.float32)[:, ranking[:kept]]
    if share == 1:
        projection = np.empty((0, 0), np.float32)
    bits = divergence(support, projection)
    for gamma in gammas:
        count = support.weight * np.exp(gamma * (bits - bits.mean()))
        yield voting.Voters(projection, False, count.astype(np.float32), {"channels": kept, "gamma": gamma})


def _unit_or_zero(rows: FloatArray) -> FloatArray:
    return projected(rows, np.eye(rows.shape[1], dtype=np.float32))
