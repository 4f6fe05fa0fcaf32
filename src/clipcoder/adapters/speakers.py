"""Which images of a support set are left out and judged: all that can be, or some who speak for the others.

Held-out logits of n images and C classes are n * C numbers, many times over. Where that is more than
``MOST_LOGITS``, at most a quarter of each class is left out, and at most ``MOST_LOGITS / C`` images in all:
with 10,000 images of 1,000 classes these are 2,097. All others are known whenever one of them is judged.

Both are cut by what the images are, not by the order in which they come.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from clipcoder.adapters.fitted import judged_images
from clipcoder.adapters.support import Support
from clipcoder.arrays import IntArray

MOST_LOGITS: Final = 1 << 21
"""How many logits are made at once: 16 MB in float64. Of more, some of the images are judged."""

_FOLDS: Final = 4
_SEED: Final = 0  # of the direction along which the images of a class are put in order


def is_large(support: Support) -> bool:
    """Tell whether only some of a support set are judged, for all would have more than MOST_LOGITS logits."""
    return len(support.labels) * support.n_classes > MOST_LOGITS


def speakers(support: Support) -> IntArray:
    """Return the positions of the images by which settings are chosen, ascending, of shape (j,).

    These are all; in a large set, those that are left out (``folds_of``). Where too few of a large set have
    company for that, evenly chosen ones stand for all.

    >>> speakers(Support.of([[1, 0], [0, 1], [1, 1]], [0, 0, 1], [[1, 0], [0, 1]]))
    array([0, 1, 2])
    """
    if not is_large(support):
        return np.arange(len(support.labels))
    if judged_images(support).size:
        return np.flatnonzero(folds_of(support) >= 0)
    return np.sort(_evenly(_in_order(support), support.n_classes))


def folds_of(support: Support) -> IntArray:
    """Return the fold in which each image is left out, of shape (n,); -1 for one that never is.

    The images of a class are dealt to four folds in turn, but the only one of its class is in none. In a
    large set there is one fold, of which the classes have as even a share as they had of four.

    >>> folds_of(Support.of([[1, 0], [0, 1], [1, 1]], [0, 0, 1], [[1, 0], [0, 1]])).tolist()
    [1, 0, -1]
    """
    order = _in_order(support)
    first = np.searchsorted(support.labels[order], support.labels[order])
    folds = np.empty(len(order), np.intp)
    folds[order] = (np.arange(len(order)) - first) % _FOLDS
    folds[~support.has_company] = -1
    if is_large(support):
        left_out = _evenly(order[folds[order] == 0], support.n_classes)
        folds[:] = -1
        folds[left_out] = 0
    return folds


def _in_order(support: Support) -> IntArray:
    """Return the positions of all images by class, and within a class along one direction."""
    direction = np.random.default_rng(_SEED).normal(size=support.images.shape[1])
    return np.lexsort((support.images @ direction, support.labels))


def _evenly(positions: IntArray, n_classes: int) -> IntArray:
    """Return as many positions as have MOST_LOGITS logits, taken at even distances."""
    most = max(1, MOST_LOGITS // n_classes)
    return positions if len(positions) <= most else positions[np.arange(most) * len(positions) // most]
