"""What the score of a class is made of: how much each of its texts counts, for one image.

All texts of a prototype count alike in it (see the package), so with s_t = x.t a score is a sum over texts:

    coder:        score(x, c) = sum_t  100 / (|A_c| + 1)  s_t
    clip:         score(x, c) = sum_t  100 / |sum of N_c|  s_t
    equidistant:  score(x, c) = x.q + sum_t  100 / (|A_c| + 1)  r / |p - q|  (s_t - x.q / 100)

The last one measures each text against what the image has in common with all classes. That part, x.q, is the
same for every class and decides nothing; what decides is how much nearer or farther than it the texts are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, IntArray, row_norms
from clipcoder.zero_shot.prototypes import (
    SCALE,
    centre_and_stretch,
    checked_bank,
    class_sums,
    coder_prototypes,
    is_naming,
    terms_of,
)


@dataclass(frozen=True, eq=False)
class Shares:
    """The texts that make up one class's score for one image.

    Attributes:
        rows: which texts, positions in the bank, of shape (k,).
        similarities: their cosines with the image, float32 of shape (k,).
        points: what each adds to the score, float64 of shape (k,).
        common: what the image has in common with all classes, in points; 0 but for the equidistant rule.
    """

    rows: IntArray
    similarities: FloatArray
    points: npt.NDArray[np.float64]
    common: float


@dataclass(frozen=True, eq=False)
class Composition:
    """How the texts of a bank make up the prototypes of a ``ZeroShotHead``.

    Attributes:
        texts: the unit features of all texts, float32 of shape (m, d).
        text_class: the class of each, of shape (m,).
        used: whether a text counts at all, booleans of shape (m,).
        choice: whether a text is one of those of which each prototype has one, booleans of shape (m,).
        weight: what a cosine counts in the prototype of a text, in points, of shape (m,); of classes with a
            choice, only the weights of the texts to choose from mean anything.
        centre: the mean q of the classes, in points, of shape (d,); zeros but for the equidistant rule.
    """

    texts: FloatArray
    text_class: IntArray
    used: npt.NDArray[np.bool_]
    choice: npt.NDArray[np.bool_]
    weight: npt.NDArray[np.float64]
    centre: FloatArray

    @classmethod
    def coder(
        cls, texts: npt.ArrayLike, text_class: npt.ArrayLike, text_kind: npt.ArrayLike, *, n_classes: int
    ) -> Composition:
        """Take apart what ``ZeroShotHead.coder`` folds; arguments and errors are its."""
        rows, index, kinds, count = checked_bank(texts, text_class, text_kind, n_classes)
        weight = float(SCALE) / terms_of(index, kinds, count)[index]
        everything = np.ones(len(rows), dtype=bool)
        return cls(rows, index, everything, is_naming(kinds), weight, np.zeros(rows.shape[1], np.float32))

    @classmethod
    def equidistant(
        cls, texts: npt.ArrayLike, text_class: npt.ArrayLike, text_kind: npt.ArrayLike, *, n_classes: int
    ) -> Composition:
        """Take apart what ``ZeroShotHead.equidistant`` folds; arguments and errors are its."""
        plain = cls.coder(texts, text_class, text_kind, n_classes=n_classes)
        prototypes, owner, _ = coder_prototypes(texts, text_class, text_kind, n_classes)
        centre, stretch = centre_and_stretch(prototypes, owner)
        weight, named = plain.weight.copy(), int(plain.choice.sum())
        weight[plain.choice] *= stretch[:named]  # prototypes with a naming text come first, in their order
        for c, factor in zip(owner[named:], stretch[named:], strict=True):
            weight[plain.text_class == c] *= factor
        return cls(plain.texts, plain.text_class, plain.used, plain.choice, weight, centre)

    @classmethod
    def clip(
        cls, texts: npt.ArrayLike, text_class: npt.ArrayLike, text_kind: npt.ArrayLike, *, n_classes: int
    ) -> Composition:
        """Take apart what ``ZeroShotHead.clip`` folds; arguments and errors are its."""
        rows, index, kinds, count = checked_bank(texts, text_class, text_kind, n_classes)
        named = kinds == "name"
        lengths = row_norms(class_sums(rows, named, index, count)).astype(np.float64)
        nothing = np.zeros(len(rows), dtype=bool)
        return cls(
            rows, index, named, nothing, float(SCALE) / lengths[index], np.zeros(rows.shape[1], np.float32)
        )

    def shares(self, image: FloatArray, label: int, *, averaged: bool = False) -> Shares:
        """Return what the texts of a class add to its score.

        Args:
            image: the image's feature, a unit row of shape (d,).
            label: the class.
            averaged: whether the mean of the prototypes of the class scores, as in
                ``ZeroShotHead.class_prototypes``, and not the best of them.

        >>> parts = Composition.coder([[1, 0], [0, 1]], [0, 0], ["name", "attribute"], n_classes=1)
        >>> parts.shares(np.float32([0.6, 0.8]), 0).points.round(3)
        array([30., 40.])
        """
        rows = np.flatnonzero((self.text_class == label) & self.used)
        similarities = self.texts[rows] @ image
        common = float(self.centre @ image)
        above = similarities.astype(np.float64) - common / float(SCALE)
        weight, choice = self.weight[rows], self.choice[rows]
        kept: slice | npt.NDArray[np.bool_] = slice(None)
        if averaged and choice.any():
            weight = np.where(choice, weight / choice.sum(), weight[choice].mean())
        elif choice.any():
            totals = np.where(choice, weight * (above[~choice].sum() + above), -np.inf)
            best = int(totals.argmax())
            kept = ~choice
            kept[best] = True
            weight = np.full(len(rows), weight[best])
        return Shares(rows[kept], similarities[kept], (weight * above)[kept], common)
