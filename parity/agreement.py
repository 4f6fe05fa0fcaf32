"""Whether both sides agree, to the last image; and where they do not, by how little."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from clipcoder.arrays import FloatArray, IntArray
from clipcoder.rerank import PairDifferences, places, softmax_gaps

TIE: Final = 1e-3
"""Points (cosines times 100) below which rounding decides; in single precision it is 1e-5 or so."""

HALF_TIE: Final = 0.1
"""The same for features in half precision, which has three digits."""


@dataclass(frozen=True)
class Apart:
    """One image on which the sides differ, and how far it is from where they would not, in points."""

    image: int
    published: int
    ours: int
    by: float


@dataclass(frozen=True)
class Agreement:
    """What one method makes of n images on both sides.

    Attributes:
        what: the method.
        images: the number of images n.
        published: how many of them the published code classifies rightly, by its own count.
        noted: the same, counted from the predictions that were noted; another number means that they are not
            those that it counts.
        ours: how many clipcoder classifies rightly.
        apart: the images with another class.
        tie: up to how many points an image may lie between two decisions to be called a tie.
    """

    what: str
    images: int
    published: int
    noted: int
    ours: int
    apart: tuple[Apart, ...]
    tie: float = TIE

    @property
    def holds(self) -> bool:
        """Whether the sides agree on all images but ties."""
        return self.published == self.noted and all(one.by <= self.tie for one in self.apart)


def agreement(
    what: str,
    published: IntArray,
    ours: IntArray,
    labels: IntArray,
    margin: Callable[[int, int, int], float],
    *,
    counted: int | None = None,
    tie: float = TIE,
) -> Agreement:
    """Compare predictions.

    Args:
        what: the method.
        published: the classes that the published code counts, of shape (n,).
        ours: those of clipcoder, of shape (n,).
        labels: the true classes, of shape (n,).
        margin: how far image i is from the other decision, given i, its published class and ours.
        counted: how many the published code says are right; None means that it is counted here.
        tie: see ``Agreement``.
    """
    apart = tuple(
        Apart(i, int(published[i]), int(ours[i]), margin(i, int(published[i]), int(ours[i])))
        for i in np.flatnonzero(published != ours).tolist()
    )
    noted, right = (int((predicted == labels).sum()) for predicted in (published, ours))
    return Agreement(what, len(labels), noted if counted is None else counted, noted, right, apart, tie)


def by_scores(scores: FloatArray) -> Callable[[int, int, int], float]:
    """Return the margin of a choice by the best score: by how much ours exceeds the published one's."""
    return lambda i, published, ours: float(scores[i, ours] - scores[i, published])


def by_votes(
    images: FloatArray, scores: FloatArray, pairs: PairDifferences, max_gap: float, top_k: int
) -> Callable[[int, int, int], float]:
    """Return the margin of a choice by the rerank.

    An image lies between two decisions where two of its best classes have nearly one score, so that another
    one is compared; where its gap is nearly the threshold; or where two classes have nearly as many votes.
    """
    gaps = softmax_gaps(scores)

    def margin(i: int, published: int, ours: int) -> float:
        best = np.sort(scores[i])[::-1][: top_k + 1]
        near = [float(np.min(best[:-1] - best[1:])), 100 * abs(float(gaps[i]) - max_gap)]
        top = np.argsort(-scores[i], kind="stable")[:top_k]
        if {published, ours} <= set(top.tolist()):
            votes = dict(zip(top.tolist(), votes_of(images[i], top, pairs).tolist(), strict=True))
            near.append(abs(votes[published] - votes[ours]))
        return min(near)

    return margin


def votes_of(image: FloatArray, top: IntArray, pairs: PairDifferences) -> FloatArray:
    """Return the mean vote of each of the top classes in points, of shape (k,); a missing pair votes 0."""
    left, right = places(len(top))
    row, sign = pairs.find(top[left], top[right])
    dots = sign * (pairs.differences[row] @ image)
    sums = np.zeros(len(top), np.float32)
    np.add.at(sums, left, dots)
    np.subtract.at(sums, right, dots)
    found: FloatArray = 100 * sums / np.float32(len(top) - 1)
    return found
