"""A bank's texts, folded once, that score any number of images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, IntArray, batches, unit_rows
from clipcoder.zero_shot.prototypes import (
    SCALE,
    at_one_distance,
    check_covered,
    checked_bank,
    class_sums,
    coder_prototypes,
)

_IMAGES_AT_ONCE: Final = 1024  # bounds what is held beside the result


@dataclass(frozen=True, eq=False)
class ZeroShotHead:
    """The texts of a bank, folded once into prototypes; scores any number of image batches.

    Attributes:
        rounds: float32 prototypes of shape (C_r, d), C = C_0 >= C_1 >= ... Round r holds the r-th
            prototype of every class that has so many, so the best of a class is an elementwise maximum.
        round_class: the class of each row of round 0, of shape (C,); later rounds hold the first of these.
    """

    rounds: tuple[FloatArray, ...]
    round_class: IntArray

    @classmethod
    def coder(
        cls,
        texts: npt.ArrayLike,
        text_class: npt.ArrayLike,
        text_kind: npt.ArrayLike,
        *,
        n_classes: int | None = None,
    ) -> ZeroShotHead:
        """Fold for the heuristic score; arguments and errors are those of ``heuristic_scores``."""
        return cls._dealt(*coder_prototypes(texts, text_class, text_kind, n_classes))

    @classmethod
    def equidistant(
        cls,
        texts: npt.ArrayLike,
        text_class: npt.ArrayLike,
        text_kind: npt.ArrayLike,
        *,
        n_classes: int | None = None,
    ) -> ZeroShotHead:
        """Fold for ``equidistant_scores``, whose arguments and errors these are."""
        prototypes, owner, count = coder_prototypes(texts, text_class, text_kind, n_classes)
        return cls._dealt(at_one_distance(prototypes, owner), owner, count)

    @classmethod
    def clip(
        cls,
        texts: npt.ArrayLike,
        text_class: npt.ArrayLike,
        text_kind: npt.ArrayLike,
        *,
        n_classes: int | None = None,
    ) -> ZeroShotHead:
        """Fold for name-only CLIP; arguments and errors are those of ``clip_scores``."""
        rows, index, kinds, count = checked_bank(texts, text_class, text_kind, n_classes)
        named = kinds == "name"
        check_covered(np.bincount(index[named], minlength=count), "text of kind 'name'")
        sums = class_sums(rows, named, index, count)
        return cls._dealt(SCALE * unit_rows(sums, "the sums of name texts"), np.arange(count), count)

    @classmethod
    def _dealt(cls, prototypes: FloatArray, owner: IntArray, count: int) -> ZeroShotHead:
        """Deal prototypes (p, d) and the classes that own them (p,) into rounds of at most one a class."""
        held = np.bincount(owner, minlength=count)
        round_class = np.argsort(-held, kind="stable")  # those with most first, equal ones in class order
        column = np.argsort(round_class)
        turn = np.empty_like(owner)  # how many prototypes of the same class come before
        turn[np.argsort(owner, kind="stable")] = np.arange(len(owner)) - np.repeat(held.cumsum() - held, held)
        dealt = prototypes[np.lexsort((column[owner], turn))]
        return cls(tuple(np.split(dealt, np.bincount(turn).cumsum()[:-1])), round_class)

    @property
    def n_classes(self) -> int:
        """The number of classes C."""
        return len(self.round_class)

    @property
    def dim(self) -> int:
        """The length d of a feature."""
        return int(self.rounds[0].shape[1])

    def class_prototypes(self) -> FloatArray:
        """Return one text prototype a class, in cosines: the mean over its naming texts, of shape (C, d).

        Where every class has one naming text at most, 100 times the products with it are the scores.
        """
        sums = np.zeros_like(self.rounds[0])
        held = np.zeros(len(sums), dtype=np.float32)
        for prototypes in self.rounds:
            sums[: len(prototypes)] += prototypes
            held[: len(prototypes)] += 1
        means = np.empty_like(sums)
        means[self.round_class] = sums / (SCALE * held[:, None])
        return means

    def scores(self, images: npt.ArrayLike) -> FloatArray:
        """Score images of shape (n, d), of any scale; returns float32 of shape (n, C), cosines times 100.

        Memory beyond images and result is bounded, however many images there are and texts there were.

        Raises:
            InvalidInputError: not a finite matrix of the texts' width, or a zero row.
        """
        rows = unit_rows(images, "images", dim=self.dim)
        scores = np.empty((len(rows), self.n_classes), dtype=np.float32)
        for batch in batches(len(rows), _IMAGES_AT_ONCE):
            best = rows[batch] @ self.rounds[0].T
            for prototypes in self.rounds[1:]:
                leading = best[:, : len(prototypes)]
                np.maximum(leading, rows[batch] @ prototypes.T, out=leading)
            scores[batch, self.round_class] = best
        return scores
