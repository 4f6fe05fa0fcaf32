"""Why one class was preferred to another: which neighbour texts spoke for it, and by how much.

The heuristic score of a class is the mean of the cosines to its describing texts and its best name, times 100
(paper, section 3.4). So the lead of a class over another is a sum over the texts of both, and no part of it
is left over:

    score(a) - score(b) = sum_{t of a} (s_t - score(b)) / 2 n_a  +  sum_{t of b} (score(a) - s_t) / 2 n_b
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clipcoder.arrays import FloatArray


@dataclass(frozen=True)
class Neighbour:
    """A text near an image.

    Attributes:
        text: the text as it was encoded.
        kind: ``"name"``, ``"synonym"``, ``"attribute"`` or ``"analogue"``; ``"one_to_one"`` where a rerank
            decided.
        class_name: the class that the text speaks about.
        similarity: its cosine with the image, in [-1, 1].
        contribution: how far it moves the score towards the label and away from the runner-up, in points
            (cosine times 100); negative where it speaks for the runner-up.
    """

    text: str
    kind: str
    class_name: str
    similarity: float
    contribution: float


@dataclass(frozen=True)
class Explanation:
    """The texts that decided between the label and the class that came second.

    Attributes:
        label: the predicted class.
        runner_up: the class that it was weighed against.
        margin: the lead of the label in points; the contributions of the neighbours add up to it.
        reranked: True where the one-to-one texts overruled the heuristic scores (stage 2 of the paper); the
            neighbours are then the one-to-one texts of the two classes.
        neighbours: the texts of both classes, those first that favour the label most.
    """

    label: str
    runner_up: str
    margin: float
    reranked: bool
    neighbours: tuple[Neighbour, ...]

    def supporting(self, count: int | None = None) -> tuple[Neighbour, ...]:
        """Return the texts of the label itself, those that favour it most first; at most ``count``."""
        return tuple(n for n in self.neighbours if n.class_name == self.label)[:count]

    def __str__(self) -> str:
        lead = f"{self.label} leads {self.runner_up} by {self.margin:.2f} points"
        lines = [f"{n.contribution:+6.2f}  {n.similarity:.3f}  {n.text}" for n in self.neighbours]
        return "\n".join([lead, *lines])


@dataclass(frozen=True, eq=False)
class Side:
    """The texts that make up one class's score for one image.

    Attributes:
        class_name: the class.
        texts: the texts, with their kinds.
        similarities: their cosines with the image, float32 of shape (n,).
        score: the score of the class in points; None means 100 times the mean similarity.
    """

    class_name: str
    texts: Sequence[tuple[str, str]]
    similarities: FloatArray
    score: float | None = None

    @property
    def points(self) -> float:
        """The score of the class in points."""
        return 100 * float(self.similarities.mean()) if self.score is None else self.score


def explain(label: Side, runner_up: Side, *, reranked: bool = False) -> Explanation:
    """Split the label's lead over the runner-up into contributions of single texts.

    Args:
        label: the texts of the class that won; at least one.
        runner_up: the texts of the class that it is weighed against; at least one.
        reranked: whether the texts are one-to-one texts that overruled the scores.

    Returns:
        The explanation; its contributions add up to ``label.points - runner_up.points`` (see the module).

    Example:
        >>> texts = [("red", "attribute"), ("a photo of a tomato", "name")]
        >>> red = Side("tomato", texts, np.float32([0.9, 0.5]))
        >>> blue = Side("sky", [("a photo of a sky", "name")], np.float32([0.1]))
        >>> print(explain(red, blue))
        tomato leads sky by 60.00 points
        +30.00  0.100  a photo of a sky
        +20.00  0.900  red
        +10.00  0.500  a photo of a tomato
    """
    neighbours = [
        *_weighed(label, runner_up.points, 1.0),
        *_weighed(runner_up, label.points, -1.0),
    ]
    neighbours.sort(key=lambda n: -n.contribution)  # stable: equal texts keep the order of the bank
    margin = label.points - runner_up.points
    return Explanation(label.class_name, runner_up.class_name, margin, reranked, tuple(neighbours))


def _weighed(side: Side, opposite: float, sign: float) -> list[Neighbour]:
    # Where the score is not the plain mean (a class of several names under plain CLIP), each text takes an
    # equal part of the difference, so that the contributions still add up.
    points = 100 * side.similarities.astype(np.float64)
    points += side.points - points.mean()
    contributions = sign * (points - opposite) / (2 * len(points))
    return [
        Neighbour(text, kind, side.class_name, float(similarity), float(contribution))
        for (text, kind), similarity, contribution in zip(
            side.texts, side.similarities, contributions, strict=True
        )
    ]
