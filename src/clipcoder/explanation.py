"""Why one class was preferred to another: what made up the scores of the best classes.

A score is a sum over the texts of its class (``zero_shot.composition``) and, of a classifier that has seen
labelled images, over those. The reasons of a class add up to its score, up to the rounding of float32, which
stays below a thousandth of a point; so the lead of one class over another is a sum over the reasons of both,
and no part of it is left over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from clipcoder.arrays import FloatArray

TOP: Final = 3
"""How many classes are explained where nobody says how many."""

_SHOWN: Final = 6  # reasons a class that a reader is shown


@dataclass(frozen=True)
class Reason:
    """One part of the score of a class.

    Attributes:
        text: the text as it was encoded, the labelled image by its path or position, or in words what else
            it is.
        kind: of a text ``"name"``, ``"synonym"``, ``"attribute"``, ``"analogue"`` or ``"one_to_one"``;
            ``"common"``: what the image has in common with all classes; ``"example"``: a labelled image that
            votes; ``"examples"``: all others together, or what a classifier has learned from them;
            ``"stand_in"``: what its text says that an example would be, which votes for a class without any.
        class_name: the class that it speaks about.
        similarity: the cosine of text or example with the image, in [-1, 1], as the classifier compares them;
            None of what is no single thing.
        contribution: what it adds to the score, in points (cosines times 100).
    """

    text: str
    kind: str
    class_name: str
    similarity: float | None
    contribution: float

    def __str__(self) -> str:
        similarity = "     " if self.similarity is None else f"{self.similarity:5.3f}"
        return f"{self.contribution:+7.2f}  {similarity}  {self.text}"


@dataclass(frozen=True)
class ClassScore:
    """The score of a class for one image, and what makes it up.

    Attributes:
        class_name: the class.
        score: its score in points, as ``decision_function`` has it.
        reasons: what adds up to it: single texts and examples, the largest part first, then what else.
    """

    class_name: str
    score: float
    reasons: tuple[Reason, ...]

    @classmethod
    def of(cls, class_name: str, score: float, reasons: Sequence[Reason]) -> ClassScore:
        """Put the reasons into order; equal ones stay in theirs."""
        return cls(class_name, score, tuple(sorted(reasons, key=_rank)))

    @property
    def neighbours(self) -> tuple[Reason, ...]:
        """The single texts and examples among the reasons."""
        return tuple(r for r in self.reasons if r.similarity is not None)

    def __str__(self) -> str:
        telling = sorted(self.reasons, key=lambda r: -abs(r.contribution))[:_SHOWN]
        shown = [r for r in self.reasons if r in telling]
        lines = [f"{self.class_name}: {self.score:.2f} points", *map(str, shown)]
        if left := len(self.reasons) - len(shown):
            rest = self.score - sum(r.contribution for r in shown)
            lines.append(f"{rest:+7.2f}         {left} more")
        return "\n".join(lines)


@dataclass(frozen=True)
class Explanation:
    """What decided for the label of an image.

    Attributes:
        classes: the classes that came into question, each with what makes up its score; the label first, the
            others from the best score down.
        reranked: True where one-to-one texts overruled the scores (stage 2 of the paper).
        duel: in that case what these texts say of the label and of the class that it overruled: 100 times the
            mean cosine of either's; None where there are none for the two, which third classes have decided.
    """

    classes: tuple[ClassScore, ...]
    reranked: bool = False
    duel: tuple[ClassScore, ClassScore] | None = None

    @property
    def label(self) -> str:
        """The predicted class."""
        return self.classes[0].class_name

    @property
    def runner_up(self) -> str | None:
        """The class with the best score but for the label; None where there is one class."""
        return self.classes[1].class_name if len(self.classes) > 1 else None

    @property
    def margin(self) -> float:
        """The lead of the label over the runner-up in points, to which ``reasons`` add up.

        It is that of the one-to-one texts where these decided; with a single class, it is the score.
        """
        label, *others = self._weighed
        return label.score - (others[0].score if others else 0)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What moves the label and the runner-up apart, in favour of the label first; adds up to ``margin``.

        What adds to the score of the runner-up has a negative contribution here.
        """
        label, *others = self._weighed
        against = (replace(r, contribution=-r.contribution) for other in others for r in other.reasons)
        return tuple(sorted([*label.reasons, *against], key=_rank))

    @property
    def neighbours(self) -> tuple[Reason, ...]:
        """The single texts and examples among the ``reasons``."""
        return tuple(r for r in self.reasons if r.similarity is not None)

    def supporting(self, count: int | None = None) -> tuple[Reason, ...]:
        """Return the texts and examples of the label itself, the weightiest first; at most ``count``."""
        return self._weighed[0].neighbours[:count]

    @property
    def _weighed(self) -> Sequence[ClassScore]:
        return self.duel or self.classes[:2]

    def __str__(self) -> str:
        return "\n".join([self._verdict(), *map(str, self.duel or ()), *map(str, self.classes)])

    def _verdict(self) -> str:
        if self.runner_up is None:
            return f"{self.label} is the only class"
        lead = f"{self.margin:.2f} points"
        if self.duel:
            return f"{self.label} leads {self.runner_up} by {lead} in one-to-one texts, which overrule scores"
        if self.reranked:
            return (
                f"{self.label} is preferred to {self.runner_up} by one-to-one texts on other classes, "
                f"though its score is {-self.margin:.2f} points lower"
            )
        return f"{self.label} leads {self.runner_up} by {lead}"


def _rank(reason: Reason) -> tuple[bool, float]:
    return reason.similarity is None, -reason.contribution


def mean_of_texts(class_name: str, texts: Sequence[tuple[str, str]], similarities: FloatArray) -> ClassScore:
    """Return the score that is 100 times the mean cosine of some texts, as that of one-to-one texts is.

    Args:
        class_name: the class that they speak for.
        texts: the texts with their kinds, n of them, at least one.
        similarities: their cosines with the image, of shape (n,).

    >>> texts = [("black", "one_to_one"), ("big", "one_to_one")]
    >>> print(mean_of_texts("crow", texts, np.float32([0.5, 0.25])))
    crow: 37.50 points
     +25.00  0.500  black
     +12.50  0.250  big
    """
    points = 100 / len(texts) * similarities.astype(np.float64)
    reasons = [
        Reason(text, kind, class_name, float(similarity), float(point))
        for (text, kind), similarity, point in zip(texts, similarities, points, strict=True)
    ]
    return ClassScore.of(class_name, float(points.sum()), reasons)


def top_classes(scores: FloatArray, label: int, top: int) -> list[int]:
    """Return the label and the classes with the best scores beside it, best first; at most ``top``.

    >>> top_classes(np.float32([3, 1, 3, 2]), label=1, top=3)
    [1, 0, 2]
    """
    order = np.argsort(-scores, kind="stable").tolist()
    return [label, *(c for c in order if c != label)][:top]
