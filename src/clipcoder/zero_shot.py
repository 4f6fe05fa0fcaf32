"""The heuristic score of zero-shot CODER (paper, section 3.4), folded so that the texts are read only once.

With describing texts A_c (attributes, analogues) and naming texts N_c (name, synonyms) of class c,

    score(x, c) = 100 * ( sum_{t in A_c} x.t + max_{t in N_c} x.t ) / ( |A_c| + 1 ).

The sum is linear in x and the same for every naming text, so it moves inside the maximum:

    score(x, c) = max_{t in N_c} x.p_t,    p_t = 100 * ( t + sum of A_c ) / ( |A_c| + 1 ).

A class is therefore as many prototypes p_t as it has naming texts, however many describe it, and the (n, m)
matrix of similarities, which the published code builds, is never formed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, IntArray, batches, class_indices, grouped, unit_rows
from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.kinds import NAMING_KINDS, TEXT_KINDS

_SCALE = np.float32(100)  # CLIP's logit scale, which the paper puts into the score
_IMAGES_AT_ONCE = 1024  # bounds what is held beside the result


def heuristic_scores(
    images: npt.ArrayLike,
    texts: npt.ArrayLike,
    text_class: npt.ArrayLike,
    text_kind: npt.ArrayLike,
    *,
    n_classes: int | None = None,
) -> FloatArray:
    """Score images against classes by their neighbour texts: stage 1 of CODER (paper, section 3.4).

    Args:
        images: image features of shape (n, d), of any scale.
        texts: text features of shape (m, d), of any scale and in any order.
        text_class: the class of each text, integers of shape (m,).
        text_kind: the kind of each text, strings of shape (m,): name, synonym, attribute or analogue.
        n_classes: the number of classes C; None means the largest class plus one.

    Returns:
        float32 scores of shape (n, C): mean cosines times 100, in [-100, 100]. A class without describing
        texts has its best naming cosine; one without naming texts has the mean of its describing cosines.

    Raises:
        InvalidInputError: arrays that do not fit together, a zero or not finite row, a class without text.
        UnknownNameError: an unknown kind.

    >>> heuristic_scores([[1, 0]], [[1, 0], [0, 1], [0, 2]], [0, 0, 1], ["name", "attribute", "name"])
    array([[50.,  0.]], dtype=float32)
    """
    return ZeroShotHead.coder(texts, text_class, text_kind, n_classes=n_classes).scores(images)


def clip_scores(
    images: npt.ArrayLike,
    texts: npt.ArrayLike,
    text_class: npt.ArrayLike,
    text_kind: npt.ArrayLike,
    *,
    n_classes: int | None = None,
) -> FloatArray:
    """Score images as plain CLIP does: 100 times the cosine to the mean of a class's name texts.

    Arguments, errors and result are those of ``heuristic_scores``; every class needs a text of kind ``name``,
    and texts of other kinds are left out.

    >>> clip_scores([[1, 0]], [[1, 0], [0, 1], [0, 1]], [0, 1, 0], ["name", "name", "attribute"])
    array([[100.,   0.]], dtype=float32)
    """
    return ZeroShotHead.clip(texts, text_class, text_kind, n_classes=n_classes).scores(images)


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
        rows, index, kinds, count = _checked_bank(texts, text_class, text_kind, n_classes)
        naming = np.isin(kinds, NAMING_KINDS)
        describing = _class_sums(rows, ~naming, index, count)
        names = np.bincount(index[naming], minlength=count)
        terms = np.bincount(index[~naming], minlength=count) + (names > 0)
        nameless = np.flatnonzero((names == 0) & (terms > 0))  # one prototype too, of describing texts alone
        owner = np.concatenate([index[naming], nameless])
        prototypes = describing[owner]
        prototypes[: len(owner) - len(nameless)] += rows[naming]
        prototypes *= (_SCALE / terms[owner])[:, None]
        return cls._dealt(prototypes, owner, count, "text")

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
        rows, index, kinds, count = _checked_bank(texts, text_class, text_kind, n_classes)
        owner = np.unique(index[kinds == "name"])
        sums = _class_sums(rows, kinds == "name", index, count)[owner]
        return cls._dealt(
            _SCALE * unit_rows(sums, "the sums of name texts"), owner, count, "text of kind 'name'"
        )

    @classmethod
    def _dealt(cls, prototypes: FloatArray, owner: IntArray, count: int, needed: str) -> ZeroShotHead:
        """Deal prototypes (p, d) and the classes that own them (p,) into rounds of at most one a class."""
        held = np.bincount(owner, minlength=count)
        missing = np.flatnonzero(held == 0)
        if len(missing) or not count:
            which = (
                f"class {missing[0]} ({len(missing)} of {count}) has none" if count else "there is no class"
            )
            raise InvalidInputError(
                f"every class needs at least one {needed}, but {which}; add one or drop the class"
            )
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


def _class_sums(rows: FloatArray, counted: npt.NDArray[np.bool_], index: IntArray, count: int) -> FloatArray:
    """Return the sum of the counted rows of each class, (C, d); as products, which copy no sorted rows."""
    sums = np.zeros((count, rows.shape[1]), dtype=np.float32)
    weights = counted.astype(np.float32)
    for c, of_c in grouped(index):
        np.dot(weights[of_c], rows[of_c], out=sums[c])
    return sums


def _checked_bank(
    texts: npt.ArrayLike, text_class: npt.ArrayLike, text_kind: npt.ArrayLike, n_classes: int | None
) -> tuple[FloatArray, IntArray, npt.NDArray[np.str_], int]:
    """Return unit rows, class indices and kinds of the texts, and the number of classes."""
    rows = unit_rows(texts, "texts")
    index, count = class_indices(text_class, "text_class", length=len(rows), n_classes=n_classes)
    kinds = np.asarray(text_kind, dtype=np.str_)
    if kinds.shape != (len(rows),):
        raise InvalidInputError(
            f"text_kind must hold one kind for each of the {len(rows)} texts (shape ({len(rows)},)), "
            f"but its shape is {kinds.shape}"
        )
    unknown = ~np.isin(kinds, TEXT_KINDS)
    if unknown.any():
        raise UnknownNameError("kind of text", str(kinds[unknown][0]), TEXT_KINDS)
    return rows, index, kinds, count
