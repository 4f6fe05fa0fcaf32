"""What few-shot rules learn from: a support set of labelled images, and the texts of their classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, IntArray, class_indices, feature_rows, unit_rows
from clipcoder.errors import InvalidInputError

LOGIT_SCALE: Final = 100.0
"""CLIP's, by which zero-shot logits exceed cosines."""


@dataclass(frozen=True, eq=False)
class Support:
    """A support set of n images of C classes with d-dimensional features.

    Attributes:
        images: unit features, float32 of shape (n, d), n at least 1.
        labels: the class of each, of shape (n,); a class may have none.
        weight: how much each image counts, positive, float64 of shape (n,).
        prototypes: one text feature a class, float32 of shape (C, d), whose length counts; zeros where no
            texts are known.
        texts: the unit features of all texts, float32 of shape (m, d); none where no texts are known.
    """

    images: FloatArray
    labels: IntArray
    weight: npt.NDArray[np.float64]
    prototypes: FloatArray
    texts: FloatArray

    @classmethod
    def of(
        cls,
        images: npt.ArrayLike,
        labels: npt.ArrayLike,
        prototypes: npt.ArrayLike,
        *,
        texts: npt.ArrayLike | None = None,
        sample_weight: npt.ArrayLike | None = None,
    ) -> Support:
        """Check what is known and bring it into form.

        Args:
            images: image features of shape (n, d), of any scale.
            labels: the class of each, integers of shape (n,) in [0, C).
            prototypes: one text feature a class, of shape (C, d).
            texts: text features of shape (m, d), of any scale; None means that there are none.
            sample_weight: positive numbers of shape (n,); None means 1.

        Raises:
            InvalidInputError: arrays that do not fit together, a zero or not finite row, no image.

        >>> Support.of([[2, 0]], [1], [[1, 0], [0, 1]]).n_classes
        2
        """
        centres = feature_rows(prototypes, "prototypes")
        n_classes, dim = centres.shape
        rows = unit_rows(images, "images", dim=dim)
        index, _ = class_indices(labels, "labels", length=len(rows), n_classes=n_classes)
        return cls(
            rows,
            index,
            checked_weight(sample_weight, len(rows)),
            centres,
            np.empty((0, dim), np.float32) if texts is None else unit_rows(texts, "texts", dim=dim),
        )

    @property
    def n_classes(self) -> int:
        """The number of classes C."""
        return len(self.prototypes)

    @property
    def has_company(self) -> npt.NDArray[np.bool_]:
        """Whether each image has another one of its class, so that it can be left out; of shape (n,).

        The only image of a class cannot be judged by the others: its class would have a text alone where all
        others have an image as well.
        """
        alone: npt.NDArray[np.bool_] = np.bincount(self.labels, minlength=self.n_classes) > 1
        return alone[self.labels]

    def zero_shot(self, images: FloatArray) -> FloatArray:
        """Return the logits of unit rows by the texts alone, 100 x.t_c, float32 of shape (n, C)."""
        return LOGIT_SCALE * (images @ self.prototypes.T)


def checked_weight(sample_weight: npt.ArrayLike | None, length: int) -> npt.NDArray[np.float64]:
    """Return one positive weight for each image of a support set, float64 of shape (length,).

    Raises:
        InvalidInputError: no image, or weights of another number or sign.
    """
    if not length:
        raise InvalidInputError("a support set needs at least one image, but there is none")
    weight = np.ones(length) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (length,) or not (np.isfinite(weight) & (weight > 0)).all():
        raise InvalidInputError(
            f"sample_weight must hold one positive number for each of the {length} images; "
            "leave out an image that should not count"
        )
    return weight
