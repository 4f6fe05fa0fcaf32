"""The heuristic score of zero-shot CODER (paper, section 3.4), folded so that the texts are read only once.

With describing texts A_c (attributes, analogues) and naming texts N_c (name, synonyms) of class c,

    score(x, c) = 100 * ( sum_{t in A_c} x.t + max_{t in N_c} x.t ) / ( |A_c| + 1 ).

The sum is linear in x and the same for every naming text, so it moves inside the maximum:

    score(x, c) = max_{t in N_c} x.p_t,    p_t = 100 * ( t + sum of A_c ) / ( |A_c| + 1 ).

A class is therefore as many prototypes p_t as it has naming texts, however many describe it, and the (n, m)
matrix of similarities, which the published code builds, is never formed.

The published rule favours classes whose texts agree, for their prototypes are longer, and what all texts
share weighs more than what tells them apart. ``equidistant_scores`` therefore puts every prototype at the
same distance r from the mean q, to which each class gives the mean of its prototypes:

    score(x, c) = max_{t in N_c} x.( q + r (p_t - q) / |p_t - q| ),    r = the mean of |p_t - q| over all t.

A prototype that is the mean itself stays there, and the unit of the scores stays what it was.
"""

from __future__ import annotations

import numpy.typing as npt

from clipcoder.arrays import FloatArray
from clipcoder.zero_shot.head import ZeroShotHead

__all__ = ["ZeroShotHead", "clip_scores", "equidistant_scores", "heuristic_scores"]


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


def equidistant_scores(
    images: npt.ArrayLike,
    texts: npt.ArrayLike,
    text_class: npt.ArrayLike,
    text_kind: npt.ArrayLike,
    *,
    n_classes: int | None = None,
) -> FloatArray:
    """Score images by neighbour texts with all prototypes at one distance from their mean (see the module).

    Arguments and errors are those of ``heuristic_scores``. The scores are in its unit too, cosines times 100,
    and equal to it where all prototypes lie at one distance anyway, as those of two classes with one name do.

    >>> equidistant_scores([[1, 0]], [[1, 0], [0, 1], [0, 2]], [0, 0, 1], ["name", "attribute", "name"])
    array([[50.,  0.]], dtype=float32)
    """
    return ZeroShotHead.equidistant(texts, text_class, text_kind, n_classes=n_classes).scores(images)


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
