"""From the texts of a bank to the prototypes of its classes (see the package)."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, IntArray, class_indices, grouped, unit_rows
from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.kinds import NAMING_KINDS, TEXT_KINDS

SCALE: Final = np.float32(100)
"""CLIP's logit scale, which the paper puts into the score."""


def coder_prototypes(
    texts: npt.ArrayLike, text_class: npt.ArrayLike, text_kind: npt.ArrayLike, n_classes: int | None
) -> tuple[FloatArray, IntArray, int]:
    """Return the prototypes p_t of the heuristic score, (p, d), the class of each, (p,), and C."""
    rows, index, kinds, count = checked_bank(texts, text_class, text_kind, n_classes)
    naming = is_naming(kinds)
    describing = class_sums(rows, ~naming, index, count)
    terms = terms_of(index, kinds, count)
    check_covered(terms, "text")
    names = np.bincount(index[naming], minlength=count)
    nameless = np.flatnonzero(names == 0)  # one prototype too, of describing texts alone
    owner = np.concatenate([index[naming], nameless])
    prototypes = describing[owner]
    prototypes[: len(owner) - len(nameless)] += rows[naming]
    prototypes *= (SCALE / terms[owner])[:, None]
    return prototypes, owner, count


def at_one_distance(prototypes: FloatArray, owner: IntArray) -> FloatArray:
    """Move prototypes (p, d) to their mean distance from the mean, in which every class counts once."""
    centre, stretch = centre_and_stretch(prototypes, owner)
    moved: FloatArray = centre + (prototypes - centre) * stretch[:, None]
    return moved


def centre_and_stretch(prototypes: FloatArray, owner: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean of the prototypes, (d,), and the factor that brings each to the mean distance, (p,)."""
    held = np.bincount(owner)
    centre = np.average(prototypes, axis=0, weights=1 / held[owner]).astype(np.float32)
    distances = np.linalg.norm(prototypes - centre, axis=1)
    stretch = np.ones_like(distances)
    apart = distances > SCALE * 1e-6  # not a single class, whose prototype is the mean itself
    stretch[apart] = distances.mean() / distances[apart]
    return centre, stretch


def is_naming(kinds: npt.NDArray[np.str_]) -> npt.NDArray[np.bool_]:
    """Return which kinds, of shape (m,), are of texts that compete for the place of the name."""
    return np.isin(kinds, NAMING_KINDS)


def terms_of(index: IntArray, kinds: npt.NDArray[np.str_], count: int) -> IntArray:
    """Return of how many texts a prototype of each class is made, of shape (C,)."""
    naming = is_naming(kinds)
    named = np.bincount(index[naming], minlength=count) > 0
    return np.bincount(index[~naming], minlength=count) + named


def check_covered(held: IntArray, needed: str) -> None:
    """Refuse a class without the texts that it needs; ``held`` is how many each class has, of shape (C,)."""
    missing = np.flatnonzero(held == 0)
    if len(missing) or not len(held):
        which = (
            f"class {missing[0]} ({len(missing)} of {len(held)}) has none"
            if len(held)
            else "there is no class"
        )
        raise InvalidInputError(
            f"every class needs at least one {needed}, but {which}; add one or drop the class"
        )


def class_sums(rows: FloatArray, counted: npt.NDArray[np.bool_], index: IntArray, count: int) -> FloatArray:
    """Return the sum of the counted rows of each class, (C, d); as products, which copy no sorted rows."""
    sums = np.zeros((count, rows.shape[1]), dtype=np.float32)
    weights = counted.astype(np.float32)
    for c, of_c in grouped(index):
        np.dot(weights[of_c], rows[of_c], out=sums[c])
    return sums


def checked_bank(
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
