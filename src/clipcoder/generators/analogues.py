"""Analogues that lie too near another class are asked for again (paper, section 3.3).

An analogue is something that looks alike and is no class of the set. Whether one is such a class under
another name is for the text encoder to say: by the cosine between the sentences of its name and of a class's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from clipcoder.arrays import FloatArray, IntArray, batches, unit_rows
from clipcoder.generators.base import Question, Remark, Reply, TextEncoder
from clipcoder.generators.quality import distinct_key, remark
from clipcoder.generators.sentences import render

_BLOCK: Final = 1024  # rows of similarities at once, which take 40 MB for ten thousand classes

AskAgain = Callable[[list[Question]], Sequence[Reply]]
"""Puts questions once more; the replies are sifted, as many as the questions, and in their order."""


def nearest_other(analogues: FloatArray, classes: FloatArray, own: IntArray) -> tuple[IntArray, FloatArray]:
    """Return the class that each analogue is nearest to, apart from the one that it is an analogue of.

    Args:
        analogues: unit rows of shape (n, d).
        classes: unit rows of shape (C, d).
        own: the class that each is an analogue of, of shape (n,), each in [0, C).

    Returns:
        Positions of classes, and cosines in [-1, 1], both of shape (n,). Where there is no other class, the
        cosine is minus infinity.

    Example:
        >>> rows = np.eye(2, dtype=np.float32)
        >>> nearest_other(rows[[1]], rows, np.array([1]))
        (array([0]), array([0.], dtype=float32))
    """
    position = np.zeros(len(analogues), np.intp)
    cosine = np.zeros(len(analogues), np.float32)
    for rows in batches(len(analogues), _BLOCK):
        similarity = analogues[rows] @ classes.T
        similarity[np.arange(len(similarity)), own[rows]] = -np.inf
        position[rows] = similarity.argmax(axis=1)
        cosine[rows] = similarity.max(axis=1)
    return position, cosine


def keep_far(
    replies: Sequence[Reply],
    class_names: Sequence[str],
    encoder: TextEncoder,
    ask_again: AskAgain | None = None,
    *,
    nearest: float = 0.9,
    rounds: int = 3,
) -> tuple[list[list[Reply]], list[Remark]]:
    """Drop analogues whose cosine to another class is above ``nearest``, and ask for others in their place.

    Only classes that lost some are asked about again, with all that they had so far as unwanted, until they
    have as many as at first, or a reply brings none that is too near, or nothing new. The encoder is called
    once a round.

    Args:
        replies: what was said to questions for analogues, sifted.
        class_names: all classes of the set.
        encoder: encodes the names.
        ask_again: None leaves it at dropping.
        nearest: the highest cosine that does no harm.
        rounds: how many times to ask again at most.

    Returns:
        For each reply what is kept of it, with what came in place of the rest: in the same reply, or in one
        behind it where that has another source, such as another date. And a remark on all that is dropped.
    """
    cases = [_Case(reply) for reply in replies]
    ruler = _Ruler(class_names, encoder, nearest)
    ruler.measure(cases, replies)
    for _ in range(rounds if ask_again else 0):
        lacking = [case for case in cases if case.is_lacking]
        if not lacking:
            break
        assert ask_again is not None
        ruler.measure(lacking, ask_again([case.question for case in lacking]))
    return [case.kept for case in cases], [said for case in cases for said in case.remarks]


@dataclass
class _Case:
    """A class's analogues in the making."""

    first: Reply
    kept: list[Reply] = field(default_factory=list)
    near: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    brought_near: bool = False  # by the last reply

    @property
    def snippets(self) -> list[str]:
        return [snippet for reply in self.kept for snippet in reply.snippets]

    @property
    def missing(self) -> int:
        return len(self.first.snippets) - len(self.snippets)

    @property
    def is_lacking(self) -> bool:
        return self.brought_near and self.missing > 0

    @property
    def question(self) -> Question:
        question = self.first.question
        return replace(question, unwanted=(*question.unwanted, *self.near, *self.snippets))

    def news(self, reply: Reply) -> list[str]:
        """Return the snippets of a reply that have not come before."""
        known = {distinct_key(snippet) for snippet in (*self.near, *self.snippets)}
        return [snippet for snippet in reply.snippets if distinct_key(snippet) not in known]

    def take(self, reply: Reply, reasons: dict[str, str]) -> None:
        """Take what has no reason against it, as much as is missing."""
        self.brought_near = any(reasons.values())
        for snippet, reason in reasons.items():
            if reason:
                self.near.append(snippet)
                self.remarks.append(remark(self.first.question, snippet, reason))
        far = tuple(snippet for snippet, reason in reasons.items() if not reason)[: self.missing]
        if self.kept and self.kept[-1].source == reply.source:
            self.kept[-1] = replace(self.kept[-1], snippets=self.kept[-1].snippets + far)
        elif far or not self.kept:
            self.kept.append(replace(reply, question=self.first.question, snippets=far))


class _Ruler:
    """Measures how near analogues lie to classes, which it encodes along with the first analogues."""

    def __init__(self, class_names: Sequence[str], encoder: TextEncoder, nearest: float) -> None:
        self._class_names = class_names
        self._position = {name: i for i, name in enumerate(class_names)}
        self._encoder = encoder
        self._nearest = nearest
        self._classes: FloatArray | None = None

    def measure(self, cases: Sequence[_Case], replies: Sequence[Reply]) -> None:
        """Hand each case what is new in its reply."""
        news = [case.news(reply) for case, reply in zip(cases, replies, strict=True)]
        own = [self._position[case.first.question.class_name] for case in cases]
        owners = np.repeat(np.array(own, np.intp), [len(snippets) for snippets in news])
        reasons = iter(self._reasons([snippet for snippets in news for snippet in snippets], owners))
        for case, reply, snippets in zip(cases, replies, news, strict=True):
            case.take(reply, {snippet: next(reasons) for snippet in snippets})

    def _reasons(self, snippets: list[str], owners: IntArray) -> list[str]:
        """Return of each snippet the class that it is too near, in words; ``""`` where it is far from all."""
        if not snippets:
            return []
        position, cosine = nearest_other(*self._encoded(snippets), owners)
        reasons = (f"too near the class {self._class_names[i]!r}" for i in position.tolist())
        return [
            f"{reason} (cosine {c:.2f})" if c > self._nearest else ""
            for reason, c in zip(reasons, np.minimum(cosine, 1).tolist(), strict=True)  # but for rounding
        ]

    def _encoded(self, snippets: list[str]) -> tuple[FloatArray, FloatArray]:
        """Return unit rows of the snippets and of the classes."""
        names = snippets if self._classes is not None else [*self._class_names, *snippets]
        sentences = [render("name", name)[0] for name in names]
        distinct = {sentence: i for i, sentence in enumerate(dict.fromkeys(sentences))}
        features = unit_rows(self._encoder.encode_texts(list(distinct)), "text features")
        rows = features[[distinct[sentence] for sentence in sentences]]
        if self._classes is None:
            self._classes = rows[: len(self._class_names)]
        return rows[len(rows) - len(snippets) :], self._classes
