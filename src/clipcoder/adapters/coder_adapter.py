"""``coder-adapter``: labelled images vote by the likeness of CODERs (paper, section 3.5).

    logits(x) = 100 x.T + alpha exp( -beta (1 - a(x)) ) @ Y,
    a(x) = minmax over S of cos( CODER(x), CODER(S) ).

CODERs are as long as there are texts and are never built: with G = L L^t the Gram matrix of the texts,
cos(CODER(x), CODER(y)) is the cosine of x L and y L (``coder``), so all there is to keep is L.
``voting`` says how alpha and beta are chosen; while an image is left out, its row is stretched over the
others.

Yi, Ren, Zhan, Ye: Leveraging Cross-Modal Neighbor Representation for Improved CLIP Classification, CVPR 2024,
arXiv 2404.17753.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from clipcoder import coder
from clipcoder.adapters import voting
from clipcoder.adapters.fitted import Fitted
from clipcoder.adapters.support import Support
from clipcoder.arrays import FloatArray
from clipcoder.errors import InvalidInputError

_ROUNDING: Final = 1e-6  # an eigenvalue so far below the largest is nothing but rounding of G


def fit(support: Support) -> Fitted:
    """Choose alpha and beta and fit; see ``methods.fit``.

    Raises:
        InvalidInputError: no texts.
    """
    if not len(support.texts):
        raise InvalidInputError(
            "coder-adapter compares images by their likeness to texts, but there are no texts; "
            "give a bank, or take tip-adapter, which compares the images themselves"
        )
    weight = support.weight.astype(np.float32)
    voters = voting.Voters(gram_root(coder.gram(support.texts)), True, weight, {})
    return voting.fit(support, [voters], default=voters)


def gram_root(gram: FloatArray) -> FloatArray:
    """Return L, of shape (d, rank), with L L^t the Gram matrix of shape (d, d).

    >>> gram_root(np.float32([[4, 0], [0, 0]]))
    array([[2.],
           [0.]], dtype=float32)
    """
    values, vectors = np.linalg.eigh(gram.astype(np.float64))
    some = values > _ROUNDING * values[-1]
    root: FloatArray = (vectors[:, some] * np.sqrt(values[some])).astype(np.float32)
    return np.where(root[np.abs(root).argmax(axis=0), np.arange(root.shape[1])] < 0, -root, root)
