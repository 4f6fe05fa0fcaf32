"""What few-shot rules are once they are fitted: a head, which turns image features into logits.

There are two. A linear one is a product; a cache lets the support set vote, and must keep it. Both hold the
zero-shot logits as a part of their own, so that what the texts said and what the examples added can be told
apart. Their fields are arrays and plain numbers, so that safetensors and JSON can hold them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from clipcoder import coder
from clipcoder.adapters.cache import cache_logits
from clipcoder.adapters.support import LOGIT_SCALE
from clipcoder.arrays import FloatArray, batches, row_norms, unit_rows

_ROUNDING: Final = 3e-7  # of the largest that a unit row may become
_AFFINITIES_AT_ONCE: Final = 1 << 23  # 32 MB beside the result, however many images are scored


class Head(Protocol):
    """What scores images."""

    def scores(self, images: npt.ArrayLike) -> FloatArray:
        """Return the logits of features of shape (n, d), of any scale: float32 of shape (n, C)."""

    def from_texts(self, images: npt.ArrayLike) -> FloatArray:
        """Return the part of the logits that the texts speak for by themselves, of shape (n, C)."""


@dataclass(frozen=True, eq=False)
class LinearHead:
    """Logits by one product: x.W^t + b, of which zero_shot_weight * 100 x.T^t is the texts' own part.

    Attributes:
        weights: W, float32 of shape (C, d), with the texts' part in it.
        bias: b, float32 of shape (C,).
        prototypes: T, the text prototypes, float32 of shape (C, d).
        zero_shot_weight: what the zero-shot logits count.
    """

    weights: FloatArray
    bias: FloatArray
    prototypes: FloatArray
    zero_shot_weight: float

    def scores(self, images: npt.ArrayLike) -> FloatArray:
        """Return logits of shape (n, C); see ``Head``.

        Raises:
            InvalidInputError: not a finite matrix of the support set's width, or a zero row.
        """
        logits: FloatArray = unit_rows(images, "images", dim=self.weights.shape[1]) @ self.weights.T
        logits += self.bias
        return logits

    def from_texts(self, images: npt.ArrayLike) -> FloatArray:
        """Return the zero-shot part of the logits; see ``Head``."""
        rows = unit_rows(images, "images", dim=self.weights.shape[1])
        part: FloatArray = np.float32(self.zero_shot_weight * LOGIT_SCALE) * (rows @ self.prototypes.T)
        return part


@dataclass(frozen=True, eq=False)
class CacheHead:
    """Logits by zero-shot and votes: 100 x.T^t + alpha exp( -beta (1 - a(x)) ) @ (vote weights * one-hot).

    The affinity a(x) is the cosine of x and a support image after one projection: the identity
    (Tip-Adapter), a choice of channels (APE), or a root L of the texts' Gram matrix G = L L^t, after which
    cosines are those of CODERs (CODER-Adapter), stretched over the support set to [0, 1].

    Attributes:
        prototypes: T, the text prototypes, float32 of shape (C, d).
        keys: the support images, projected, unit rows, float32 of shape (s, k).
        labels: the class of each, of shape (s,).
        vote_weight: what each vote counts, float32 of shape (s,).
        projection: float32 of shape (d, k); of shape (0, 0) for the identity.
        alpha: what the votes count beside the zero-shot logits.
        beta: how fast a vote fades with distance, positive.
        stretch: whether affinities are stretched to [0, 1].
    """

    prototypes: FloatArray
    keys: FloatArray
    labels: npt.NDArray[np.intp]
    vote_weight: FloatArray
    projection: FloatArray
    alpha: float
    beta: float
    stretch: bool

    def scores(self, images: npt.ArrayLike) -> FloatArray:
        """Return logits of shape (n, C); see ``Head``. Memory beside images and result is bounded.

        Raises:
            InvalidInputError: not a finite matrix of the support set's width, or a zero row.
        """
        rows = unit_rows(images, "images", dim=self.prototypes.shape[1])
        logits: FloatArray = LOGIT_SCALE * (rows @ self.prototypes.T)
        for batch in batches(len(rows), max(1, _AFFINITIES_AT_ONCE // len(self.keys))):
            logits[batch] += np.float32(self.alpha) * cache_logits(
                self.affinity(rows[batch]),
                self.labels,
                len(self.prototypes),
                self.beta,
                sample_weight=self.vote_weight,
            )
        return logits

    def from_texts(self, images: npt.ArrayLike) -> FloatArray:
        """Return the zero-shot part of the logits; see ``Head``."""
        rows = unit_rows(images, "images", dim=self.prototypes.shape[1])
        part: FloatArray = LOGIT_SCALE * (rows @ self.prototypes.T)
        return part

    def affinity(self, rows: FloatArray) -> FloatArray:
        """Return the affinity of unit rows to each support image, float32 of shape (n, s), at most 1."""
        cosines = projected(rows, self.projection) @ self.keys.T
        cosines.clip(-1, 1, out=cosines)
        return coder.minmax(cosines) if self.stretch else cosines


def projected(rows: FloatArray, projection: FloatArray) -> FloatArray:
    """Return unit rows projected, and scaled to unit rows again, float32 of shape (n, k).

    Args:
        rows: unit rows of shape (n, d).
        projection: of shape (d, k); of shape (0, 0) for the identity.

    Returns:
        Unit rows; 0 for a row of which the projection leaves nothing but rounding.

    >>> projected(np.float32([[0.6, 0.8], [0, 1]]), np.float32([[2], [0]]))
    array([[1.],
           [0.]], dtype=float32)
    """
    if not projection.size:
        return rows
    seen: FloatArray = rows @ projection
    lengths = row_norms(seen)[:, None]
    least = _ROUNDING * np.linalg.norm(projection)
    shades: FloatArray = np.where(lengths > least, seen / np.where(lengths > least, lengths, 1), 0)
    return shades


HEADS: Final[Mapping[str, type[LinearHead] | type[CacheHead]]] = {"linear": LinearHead, "cache": CacheHead}
"""The heads by the names that files know them by."""
