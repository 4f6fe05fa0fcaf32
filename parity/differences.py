"""What each mistake of the published code changes, alone, against the same without any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from clipcoder.adapters.sweep import best_alpha_beta
from clipcoder.arrays import IntArray
from parity.cases import Case
from parity.ours import AS_PUBLISHED, Features, FewShot, Habits, zero_shot
from parity.search import BETAS, Point, searched
from parity.wordings import Mistakes, Wordings

ZERO_SHOT: Final[Mapping[str, Habits]] = {
    "synonyms are encoded as `None`": Habits(Mistakes(none_for_synonyms=True)),
    "underscores stay in class names": Habits(Mistakes(underscores=True)),
    "two one-to-one prompts of DTD run together": Habits(Mistakes(joined_prompts=True)),
    "the threshold is set by hand": Habits(threshold_by_hand=True),
    "a missing pair votes 0": Habits(missing_votes_0=True),
    "only images are reranked whose label is among the best five": Habits(label_gate=True),
    "a failed vote counts 0, so that single precision never reranks": Habits(never_reranks=True),
    "all of these but the last": AS_PUBLISHED,
}
"""The mistakes of the zero-shot script."""


@dataclass(frozen=True)
class Changed:
    """How one method fares with a mistake: the images whose class is another one, and how many are right."""

    images: int
    right: int


@dataclass(frozen=True)
class Difference:
    """What a mistake changes, by method; the first one of a table is that without any mistake."""

    mistake: str
    methods: Mapping[str, Changed]


def of_zero_shot(case: Case, wordings: Wordings, features: Features) -> list[Difference]:
    """Return what each mistake changes in CODER and in CODER*; one that changes no sentence is left out."""
    labels = case.images[1]
    base = zero_shot(case, wordings, features, Habits())
    methods = {"CODER": base.coder, "CODER*": base.reranked}
    found = [_difference("none", methods, methods, labels)]
    for mistake, habits in ZERO_SHOT.items():
        if habits.wording == Mistakes() or wordings.worded(habits.wording) != wordings.worded(Mistakes()):
            made = zero_shot(case, wordings, features, habits)
            found.append(
                _difference(mistake, {"CODER": made.coder, "CODER*": made.reranked}, methods, labels)
            )
    return found


def of_few_shot(case: Case, wordings: Wordings, features: Features) -> list[Difference]:
    """Return what each mistake changes in CODER-Adapter, and what stretched affinities do to Tip-Adapter.

    Without a mistake, alpha and beta are those that the exact sweep finds on the validation images.
    Underscores are judged at that alpha and beta, so that nothing but the sentences differs.
    """
    labels, truth = case.images[1], case.few.val[1]
    val, images, underscored = (
        FewShot.of(case, wordings, features, rows, Mistakes(underscores=underscores))
        for rows, underscores in ((case.few.val[0], False), (case.images[0], False), (case.images[0], True))
    )
    best = _swept(val, "coder", truth)
    by_hand = _at(images, "coder", (case.few.alpha, case.few.beta))
    on_grid = _at(images, "coder", searched(val, truth))
    better = max(by_hand, on_grid, key=lambda predicted: int((predicted == labels).sum()))
    tip = {
        affinity: _at(images, affinity, _swept(val, affinity, truth)) for affinity in ("cosines", "stretched")
    }
    rows = {
        "none": {"CODER-Adapter": _at(images, "coder", best), "Tip-Adapter": tip["cosines"]},
        "underscores stay in class names": {"CODER-Adapter": _at(underscored, "coder", best)},
        "alpha and beta are set by hand": {"CODER-Adapter": by_hand},
        "alpha and beta are looked for on a grid": {"CODER-Adapter": on_grid},
        "the better of these two on the images that are judged": {"CODER-Adapter": better},
        "affinities of Tip-Adapter are stretched": {"Tip-Adapter": tip["stretched"]},
    }
    return [_difference(name, row, rows["none"], labels) for name, row in rows.items()]


def _swept(val: FewShot, affinity: str, truth: IntArray) -> Point:
    """Return the alpha and beta that the exact sweep finds on the validation images."""
    beta, choice = best_alpha_beta(val.base, getattr(val, affinity), val.support_labels, truth, BETAS)
    return choice.alpha, beta


def _at(images: FewShot, affinity: str, point: Point) -> IntArray:
    """Return the predictions at one alpha and beta."""
    classes: IntArray = images.logits(getattr(images, affinity), *point).argmax(axis=1)
    return classes


def _difference(
    mistake: str, made: Mapping[str, IntArray], without: Mapping[str, IntArray], labels: IntArray
) -> Difference:
    return Difference(
        mistake,
        {
            method: Changed(int((classes != without[method]).sum()), int((classes == labels).sum()))
            for method, classes in made.items()
        },
    )
