"""Which images to label first: those whose labels would say most about all the others.

A label tells about the images that look like the one it is on. An image i is covered by labelled images S to
the extent of its likeness to the nearest of them, and the best S covers most in all:

    F(S) = sum_i w_i max_{j in S} k(i, j),    k(i, j) = max(0, cos(x_i - m, x_j - m))^2,    m the mean image

This is facility location (Cornuejols, Fisher and Nemhauser, 1977; on image features, Wei, Iyer and Bilmes,
ICML 2015). Chosen one by one, each the one that adds most, S covers at least 1 - 1/e of what the best S does,
whatever its size: every beginning of the list is a good choice, a second round goes on where the first one
ended, and a copy of a chosen image adds nothing. What is typical comes before what is odd, unlike where the
most uncertain images are taken: these are odd ones, and much alike.

Where an image is known by its texts already, its label says little. So what is to be covered counts by doubt,

    w_i = t_n + (1 - t_n) doubt_i,    t_n = n / (n + 3 C),

where doubt is 1 minus the lead of the best class over the second one, in probability. As n labels come to
the C classes, the texts count less, as if those of a class were worth three images. That was measured on ten
sets with the starter encoder: 1 to 5 do as well, within half a point; without doubt, 20 to 50 labels on a
hundred classes lose 3 to 4 points; where doubt never fades, as many labels on few classes lose 2 to 3.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, IntArray, batches, feature_rows, softmax, unit_rows
from clipcoder.errors import InvalidInputError

LOOKED_AT: Final = 8192
"""Images that are compared with each other, 256 MiB of likenesses; of more, as many are drawn."""

_WORTH: Final = 3  # images that the texts of a class stand for
_SURE: Final = 0.3  # how much more than its doubt an image counts in the draw, so that none is passed over
_AT_ONCE: Final = 1024
_ROUNDING: Final = 1e-6  # of the length of a difference of unit rows in float32


def suggest(
    images: npt.ArrayLike,
    scores: npt.ArrayLike,
    budget: int,
    *,
    labelled: npt.ArrayLike = (),
    seed: int = 0,
) -> IntArray:
    """Return the images whose labels would help most, the most useful first.

    Memory beyond the arguments is bounded: of more than ``LOOKED_AT`` images without labels, as many are
    drawn, and these alone are compared, covered and suggested. An image that the texts are unsure of is drawn
    up to four times as often as one that they know. A budget above that is filled with others.

    Args:
        images: image features of shape (n, d), of any scale.
        scores: what the texts make of them, logits of shape (n, C); their softmax says where there is doubt.
        budget: how many images can be labelled, at least 1.
        labelled: positions of images that have labels: they cover others and are not suggested.
        seed: of the draw.

    Returns:
        Positions of shape (min(budget, images without a label),), none twice.

    Raises:
        InvalidInputError: arrays that do not fit together, a zero or not finite row, a budget below 1, or a
            position that no image has.

    Example:
        Two are alike and a third is not. The texts know none; one of the two stands for both.

        >>> suggest([[1, 0.1], [0, 1], [1, 0]], [[0, 0], [0, 0], [0, 0]], budget=2)
        array([0, 1])
    """
    rows = unit_rows(images, "images")
    known = _positions(labelled, len(rows))
    logits = feature_rows(scores, "scores")
    if len(logits) != len(rows):
        raise InvalidInputError(
            f"scores must have a row for each of the {len(rows)} images, but they have {len(logits)}"
        )
    if budget < 1:
        raise InvalidInputError(f"budget must be at least 1 image to label, got {budget}")
    doubts = doubt(logits)
    order = _drawn(np.setdiff1d(np.arange(len(rows)), known), doubts, seed)
    pool, others = np.sort(order[:LOOKED_AT]), order[LOOKED_AT:]
    if not len(pool):
        return pool
    mean = rows[pool].mean(axis=0)
    directions = _directions(rows[pool], mean)
    cover = _Cover(directions, doubts[pool], logits.shape[1])
    for batch in batches(len(known), _AT_ONCE):
        cover.add(_likeness(_directions(rows[known[batch]], mean), directions))
    chosen = [cover.choose() for _ in range(min(budget, len(pool)))]
    return np.concatenate([pool[chosen], others[: max(0, budget - len(pool))]])


def standing_for(images: npt.ArrayLike, chosen: npt.ArrayLike, *, labelled: npt.ArrayLike = ()) -> IntArray:
    """Return how many images each chosen one stands for: those that are most like it, itself among them.

    Args:
        images: image features of shape (n, d), of any scale.
        chosen: positions of c of them.
        labelled: positions of images that have labels, which stand for some as well.

    Returns:
        Counts of shape (c,), which sum to n where nothing is labelled.

    Raises:
        InvalidInputError: a zero or not finite row, or a position that no image has.

    Example:
        >>> standing_for([[1, 0.1], [0, 1], [1, 0]], [0, 1])
        array([2, 1])
    """
    rows = unit_rows(images, "images")
    picked, known = _positions(chosen, len(rows)), _positions(labelled, len(rows))
    if not len(picked):
        return np.zeros(0, np.intp)
    mean = rows.mean(axis=0)
    centres = _directions(rows[np.concatenate([picked, known])], mean)
    nearest = [
        (_directions(rows[at], mean) @ centres.T).argmax(axis=1) for at in batches(len(rows), _AT_ONCE)
    ]
    return np.bincount(np.concatenate(nearest), minlength=len(centres))[: len(picked)]


def doubt(scores: npt.ArrayLike) -> FloatArray:
    """Return how little the best class leads: 1 where two are equally likely, 0 where one is certain.

    Args:
        scores: logits of shape (n, C).

    Returns:
        float32 of shape (n,), 1 minus the difference of the two largest probabilities; 0 of a single class.

    Raises:
        InvalidInputError: not a finite matrix.

    Example:
        >>> doubt([[0, 0], [0, 90]])
        array([1., 0.], dtype=float32)
    """
    probabilities = softmax(scores)
    if probabilities.shape[1] == 1:
        return np.zeros(len(probabilities), np.float32)
    second, best = np.partition(probabilities, (-2, -1), axis=1)[:, -2:].T
    lead: FloatArray = 1 - (best - second)
    return lead


class _Cover:
    """How well the images of a pool are covered, and which one would cover most.

    Gains only shrink as more is covered, so an old gain bounds the new one: only candidates that could
    still be the best are looked at again (lazy greedy, Minoux, 1978). Both sums over images, plain and by
    doubt, are kept, for their mixture changes with every label.
    """

    def __init__(self, directions: FloatArray, doubts: FloatArray, n_classes: int) -> None:
        self._likeness = np.empty((len(directions), len(directions)), np.float32)
        for batch in batches(len(directions), _AT_ONCE):
            self._likeness[batch] = _likeness(directions[batch], directions)
        self._weights = np.stack([np.ones_like(doubts), doubts], axis=1)
        self._covered = np.zeros(len(directions), np.float32)
        self._bounds = self._likeness @ self._weights
        self._n_classes = n_classes
        self._n_labels = 0

    def add(self, likeness: FloatArray) -> None:
        """Take in labelled images by their likenesses to the pool, of shape (l, n)."""
        np.maximum(self._covered, likeness.max(axis=0), out=self._covered)
        self._n_labels += len(likeness)

    def choose(self) -> int:
        """Return the image that adds most, and count it as labelled."""
        best = self._best()
        self.add(self._likeness[best, None])
        self._bounds[best] = -1  # below any gain
        return best

    def _best(self) -> int:
        by_labels = self._n_labels / (self._n_labels + _WORTH * self._n_classes)
        mixture = np.array([by_labels, 1 - by_labels])
        looked_at = -1
        while (best := int((self._bounds @ mixture).argmax())) != looked_at:
            gains = np.maximum(self._likeness[best] - self._covered, 0)
            self._bounds[best] = gains @ self._weights
            looked_at = best
        return best


def _positions(values: npt.ArrayLike, n_images: int) -> IntArray:
    """Return positions of images, each once, in their order."""
    positions = np.asarray(values)
    if positions.ndim != 1 or (positions.size and positions.dtype.kind not in "iu"):
        raise InvalidInputError("positions of images must be a list of integers, such as [0, 3]")
    if positions.size and not (positions.min() >= 0 and positions.max() < n_images):
        raise InvalidInputError(
            f"positions of images must lie between 0 and {n_images - 1}, as there are {n_images} images, but "
            f"they run from {positions.min()} to {positions.max()}"
        )
    return np.array(list(dict.fromkeys(positions.tolist())), dtype=np.intp)


def _drawn(positions: IntArray, doubts: FloatArray, seed: int) -> IntArray:
    """Return positions in the order of a draw without replacement, by doubt; as they are where all have room.

    Waiting times whose rates are the weights come in that order (Efraimidis and Spirakis, 2006).
    """
    if len(positions) <= LOOKED_AT:
        return positions
    waiting = np.random.default_rng(seed).exponential(size=len(positions)) / (_SURE + doubts[positions])
    order: IntArray = positions[np.argsort(waiting)]
    return order


def _directions(rows: FloatArray, mean: FloatArray) -> FloatArray:
    """Return in which directions images differ from the mean, as unit rows; zeros for one that does not.

    All images have much in common with each other, whatever they show, and it says nothing about them.
    """
    centred = rows - mean
    lengths = np.sqrt(np.einsum("nd,nd->n", centred, centred))
    lengths[lengths < _ROUNDING] = np.inf
    directions: FloatArray = centred / lengths[:, None]
    return directions


def _likeness(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return the likeness of directions, in [0, 1], of shape (l, r)."""
    likeness: FloatArray = np.square(np.maximum(left @ right.T, 0))
    return likeness
