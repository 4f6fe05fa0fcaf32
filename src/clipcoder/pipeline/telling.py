"""How well texts tell two classes apart.

What a text t about class a is worth for telling it from class b is how much nearer it is to a than to b, from
the middle between the texts of the two on,

    points(t) = 100 ( t - (p_a + p_b) / 2 ) . ( u_a - u_b ),

with p the mean of the texts of a class and u the mean feature of its images; if one of the two has no images,
for both the direction of their text prototype. The mean points of the texts of both are what tells typical
images apart; what the texts of both have in common has no part in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from clipcoder.arrays import FloatArray, IntArray, unit_rows
from clipcoder.bank import BankText
from clipcoder.bank.entries import PairText
from clipcoder.bank.likeness import beyond_name
from clipcoder.encoded import EncodedTexts
from clipcoder.kinds import NAMING_KINDS

Pair = tuple[str, str]

NEARLY: Final = 0.9
"""The cosine from which on texts of two classes are said to be nearly the same."""


@dataclass(frozen=True)
class Telling:
    """A text, and how well it tells two classes apart.

    Attributes:
        text: the text as it is encoded.
        kind: ``"name"``, ``"synonym"``, ``"attribute"``, ``"analogue"`` or ``"one_to_one"``.
        class_name: the class that it speaks about.
        points: how much nearer it is to this class than to the other, as cosines times 100; negative where it
            is nearer to the other (see the module).
    """

    text: str
    kind: str
    class_name: str
    points: float

    def __str__(self) -> str:
        return f"{self.points:+.2f}  {self.text} ({self.class_name})"


@dataclass(frozen=True)
class SharedText:
    """A text of each of two classes that say the same, or nearly so.

    Attributes:
        first: the text of the earlier class.
        second: that of the later one.
        cosine: of the two, in [-1, 1].
    """

    first: str
    second: str
    cosine: float

    def __str__(self) -> str:
        return f"{self.cosine:.2f}  {self.first} / {self.second}"


@dataclass(frozen=True, eq=False)
class PairTexts:
    """The texts of two classes.

    Attributes:
        texts: the bank.
        pair: the classes.
        direction: u_a - u_b, float32 of shape (d,).
    """

    texts: EncodedTexts
    pair: Pair
    direction: FloatArray

    @classmethod
    def of(
        cls, texts: EncodedTexts, pair: Pair, images: tuple[FloatArray, FloatArray] | None = None
    ) -> PairTexts:
        """Compare by the features of images of either class, or by the prototypes if one has none."""
        if images is not None and all(len(rows) for rows in images):
            first, second = (rows.mean(axis=0) for rows in images)
        else:
            position = [texts.bank.class_names.index(name) for name in pair]
            first, second = unit_rows(texts.head.class_prototypes()[position], "prototypes")
        return cls(texts, pair, first - second)

    @cached_property
    def told(self) -> tuple[Telling, ...]:
        """The texts of both that count in scores, those first that tell the two apart best."""
        rows = np.concatenate([self._rows(name) for name in self.pair])
        return self.ranked([self.texts.bank.texts[row] for row in rows], self.texts.features[rows])

    def ranked(self, entries: Sequence[BankText | PairText], features: FloatArray) -> tuple[Telling, ...]:
        """Return texts about either class, with features of shape (k, d), the most telling first."""
        signs = np.array([1 if t.class_name == self.pair[0] else -1 for t in entries])
        points = 100 * signs * (features @ self.direction - self._middle)
        told = [
            Telling(t.text, t.kind if isinstance(t, BankText) else "one_to_one", t.class_name, value)
            for t, value in zip(entries, points.tolist(), strict=True)
        ]
        return tuple(sorted(told, key=lambda t: -t.points))

    def helping(self, entries: Sequence[BankText | PairText], features: FloatArray) -> tuple[Telling, ...]:
        """Return those of further texts that would help, the most telling first.

        A description helps if it tells more than those that its class has, for a score is a mean over them;
        one-to-one texts have a say of their own, and help if they tell anything.
        """
        usual = max(float(np.mean([t.points for t in self.told if t.class_name == self.pair[0]])), 0.0)
        ranked = self.ranked(entries, features) if entries else ()
        sentences: dict[tuple[str, str], Telling] = {}  # one may describe a class and set it apart as well
        for t in ranked:
            if t.points > (0 if t.kind == "one_to_one" else usual):
                sentences.setdefault((t.class_name, t.text), t)
        return tuple(sentences.values())

    @cached_property
    def _middle(self) -> float:
        """How far along the direction the middle between the texts of the two classes lies."""
        middles = [(self.texts.features[self._rows(name)] @ self.direction).mean() for name in self.pair]
        return float(sum(middles)) / 2

    def shared(self) -> tuple[SharedText, ...]:
        """Return texts of the two that say the same, names aside, or nearly so; each once, nearest first."""
        first, second = (self._rows(name) for name in self.pair)
        cosines = self.texts.features[first] @ self.texts.features[second].T
        own, others = ([self._said(int(row)) for row in rows] for rows in (first, second))
        same = np.array([[a == b != () for b in others] for a in own], dtype=bool).reshape(cosines.shape)
        left = np.where(same | (cosines >= NEARLY), cosines + 2 * same, -np.inf)  # the same words go first
        found = []
        while left.size and np.isfinite(left.max()):
            a, b = np.unravel_index(int(left.argmax()), left.shape)
            left[a, :] = left[:, b] = -np.inf
            own_text, other_text = (self.texts.bank.texts[row].text for row in (first[a], second[b]))
            found.append(SharedText(own_text, other_text, round(min(float(cosines[a, b]), 1.0), 4)))
        return tuple(found)

    def _rows(self, name: str) -> IntArray:
        """Return which texts of a class count in its scores."""
        label = self.texts.bank.class_names.index(name)
        return np.flatnonzero((self.texts.bank.text_class == label) & self.texts.composition.used)

    def _said(self, row: int) -> tuple[str, ...]:
        """Return the words that a text says of its class; none of a name, which says only that."""
        entry = self.texts.bank.texts[row]
        return () if entry.kind in NAMING_KINDS else beyond_name(entry)
