"""The published search for alpha and beta, point by point, beside the exact sweep of clipcoder.

It goes over 500 betas and, for each, 50 alphas, three times: the second and third time about the best point
of the time before, from half of it to one and a half. The first of equally good points is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, product
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from clipcoder.adapters.sweep import AlphaChoice, best_alpha_beta
from clipcoder.arrays import FloatArray, IntArray
from parity.ours import FewShot

ROUNDS: Final = 3
STEPS: Final = (50, 500)
"""Of alpha and of beta."""

RANGES: Final = ((0.1, 20.0), (0.1, 200.0))
"""Of alpha and of beta, the first time."""

BETAS: Final = tuple(np.geomspace(*RANGES[1], 40).tolist())
"""Those that the exact sweep chooses from."""

Point = tuple[float, float]
Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SearchAgreement:
    """What both sides make of the points that the published search evaluates.

    Attributes:
        points: how many there are.
        unequal: on how many the number of images that are classified rightly differs.
        most: by how many images at most.
        by: how near the two best logits of an image are, in points, where the number differs; the largest
            such distance, 0 where none differs.
        published: the alpha and beta at which the published search ends.
        ours: those at which the same search by clipcoder ends.
        accuracy: the share of the validation images that are right at the first of these, in [0, 1].
        sweep: the choice of the exact sweep, and its beta.
    """

    points: int
    unequal: int
    most: int
    by: float
    published: Point
    ours: Point
    accuracy: float
    sweep: tuple[float, AlphaChoice]

    @property
    def holds(self) -> bool:
        """Whether all points agree but for one image at one of a thousand, and the sweep is no worse."""
        agrees = self.most <= 1 and self.unequal <= self.points / 1000
        return agrees and self.sweep[1].accuracy >= self.accuracy


def compared(few: FewShot, labels: IntArray, result: dict[str, npt.NDArray[Any]]) -> SearchAgreement:
    """Evaluate the points of the published search and look for better ones.

    Args:
        few: what is known of the validation images.
        labels: their classes, of shape (n,).
        result: what ``published.steps.few_shot`` returns: ``points`` and ``found``.
    """
    points: Points = result["points"]
    theirs = np.rint(points[:, 2] * len(labels) / 100).astype(np.intp)
    ours = right_at(few, labels, points[:, :2])
    unequal = np.flatnonzero(theirs != ours)
    alpha, beta = result["found"].tolist()
    return SearchAgreement(
        len(points),
        len(unequal),
        int(np.abs(theirs - ours).max()),
        max((_nearest_call(few, *points[i, :2].tolist()) for i in unequal), default=0.0),
        (alpha, beta),
        searched(few, labels),
        float(theirs.reshape(ROUNDS, -1)[-1].max() / len(labels)),
        best_alpha_beta(few.base, few.coder, few.support_labels, labels, BETAS),
    )


def searched(few: FewShot, labels: IntArray) -> Point:
    """Return the alpha and beta at which the published search ends, by clipcoder."""
    ranges = RANGES
    best = (0.0, 0.0)
    for _ in range(ROUNDS):
        alphas, betas = (grid(*ends, steps) for ends, steps in zip(ranges, STEPS, strict=True))
        points = np.array([(alpha, beta) for beta, alpha in product(betas, alphas)])
        alpha, beta = points[right_at(few, labels, points).argmax()].tolist()
        best = alpha, beta
        ranges = ((0.5 * alpha, 1.5 * alpha), (0.5 * beta, 1.5 * beta))
    return best


def grid(low: float, high: float, steps: int) -> Sequence[float]:
    """Return so many numbers from low on, evenly spaced, without high.

    >>> grid(0, 1, 4)
    [0.0, 0.25, 0.5, 0.75]
    """
    return [step * (high - low) / steps + low for step in range(steps)]


def right_at(few: FewShot, labels: IntArray, points: Points) -> IntArray:
    """Return how many images are classified rightly at each alpha and beta, (p, 2), of shape (p,).

    The votes of a beta are counted once for all of its alphas that follow each other.
    """
    found: list[int] = []
    for beta, group in groupby(points.tolist(), key=lambda point: point[1]):
        votes = few.votes(few.coder, beta)
        found += [_right(few.base + np.float32(alpha) * votes, labels) for alpha, _ in group]
    return np.array(found, dtype=np.intp)


def _right(logits: FloatArray, labels: IntArray) -> int:
    return int((logits.argmax(axis=1) == labels).sum())


def _nearest_call(few: FewShot, alpha: float, beta: float) -> float:
    """Return how near the two best logits of an image are, at one alpha and beta."""
    best = np.partition(few.logits(few.coder, alpha, beta), -2, axis=1)[:, -2:]
    return float((best[:, 1] - best[:, 0]).min())
