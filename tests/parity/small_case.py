"""A small case, and a stand-in for the published code that answers as clipcoder does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from clipcoder.arrays import FloatArray
from parity import search
from parity.cases import Case, made_up
from parity.comparing import PRECISIONS
from parity.knowledge import Knowledge
from parity.ours import AS_PUBLISHED, Features, FewShot, zero_shot
from parity.wordings import Mistakes, Wordings


def small() -> Case:
    return made_up("caltech-101", 0.3, seed=1, classes=6, dim=8)


def records(knowledge: Knowledge, *, joined: bool = False) -> dict[str, Any]:
    """Record sentences as the published code would make them, with its mistakes and without."""
    names = knowledge.class_names

    def plain(text: str) -> str:
        return text.replace("_", " ")

    def both(kind: str, text: str) -> dict[str, Any]:
        return {"kind": kind, "published": [text], "meant": [plain(text)]}

    shared = [both("name", f"a photo of {plain(name)}") for name in names]
    for kind, phrases, words in (("att", knowledge.attributes, "has"), ("ana", knowledge.analogues, "like")):
        shared += [
            both(kind, f"{name} {words} {phrase}")
            for name, given in zip(names, phrases, strict=True)
            for phrase in given
        ]
    synonyms = [
        {"kind": "syno", "published": ["a photo of None"], "meant": [f"a photo of {phrase}"]}
        for given in knowledge.synonyms
        for phrase in given
    ]
    end = ".Because of it." if joined else "."
    pairs = [
        both("ovo", f"{own} is not {other}, by {phrase}{end}")
        for own, others in knowledge.one_to_one.items()
        for other, phrases in others.items()
        for phrase in phrases
    ]
    return {
        "zero-shot": [*shared, *synonyms, *pairs],
        "few-shot": shared,
        "prototypes": [f"a photo of a {plain(name)}." for name in names],
    }


def encoded(case: Case, wordings: Wordings) -> Features:
    sentences = wordings.all()
    rows = case.encoder.encode_texts(sentences)
    return Features(rows, {sentence: i for i, sentence in enumerate(sentences)})


class LikeOurs:
    """Answers as the published code would if it computed what clipcoder computes.

    Args:
        spoil: changes the answers of all steps in place.
    """

    def __init__(self, spoil: Callable[[dict[str, Any]], None] = lambda answers: None) -> None:
        self._spoil = spoil

    def wordings(self, case: Case) -> Wordings:
        return Wordings.of(case.knowledge, records(case.knowledge))

    def answers(
        self, case: Case, sentences: Sequence[str], features: FloatArray, steps: Sequence[str]
    ) -> list[Any]:
        wordings = self.wordings(case)
        known = Features(features, {sentence: i for i, sentence in enumerate(sentences)})
        answers: dict[str, Any] = {
            f"zero-shot-{precision}": self._zero_shot(case, wordings, known, precision)
            for precision in PRECISIONS
        }
        answers["few-shot-searched"] = self._few_shot(case, wordings, known)
        answers["stops"] = {"no threshold": "KeyError", "lone image": None}
        self._spoil(answers)
        return [answers[step] for step in steps]

    @staticmethod
    def _zero_shot(case: Case, wordings: Wordings, features: Features, precision: str) -> dict[str, Any]:
        made = zero_shot(case, wordings, features, AS_PUBLISHED)
        reranked = made.coder if precision == "single" else made.reranked
        right = [(classes == case.images[1]).mean() for classes in (made.coder, reranked)]
        return {"coder": made.coder, "coder*": reranked, "accuracies": np.array(right)}

    @staticmethod
    def _few_shot(case: Case, wordings: Wordings, features: Features) -> dict[str, Any]:
        val, images = (
            FewShot.of(case, wordings, features, rows, Mistakes(underscores=True))
            for rows in (case.few.val[0], case.images[0])
        )
        labels = case.few.val[1]
        by_hand, found = (case.few.alpha, case.few.beta), search.searched(val, labels)
        points = np.array([(1.0, 1.0), (2.0, 1.0), found])
        right = search.right_at(val, labels, points)
        return {
            "clip": images.base.argmax(axis=1),
            "coder-adapter": images.logits(images.coder, *by_hand).argmax(axis=1),
            "searched": images.logits(images.coder, *found).argmax(axis=1),
            "tip-adapter": images.logits(images.stretched, *by_hand).argmax(axis=1),
            "tip-adapter, cosines": images.logits(images.cosines, *by_hand).argmax(axis=1),
            "points": np.column_stack([points, 100 * right / len(labels)]),
            "found": np.array(found),
        }
