"""What the rule knows of a support set whatever its settings are, in float64."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from clipcoder.adapters.support import checked_weight
from clipcoder.arrays import IntArray, batches, class_indices, feature_rows, unit_rows
from clipcoder.errors import InvalidInputError

DoubleArray = npt.NDArray[np.float64]

_AT_ONCE: Final = 1 << 21  # weights of images in classes, of which all but a few are 0
_NO_SPREAD: Final = 1e-12  # a pivot so far below the largest is rounding: the matrix has no inverse


@dataclass(frozen=True, eq=False)
class SupportStatistics:
    """A support set of n images of C classes, seen from its mean image, and the texts of these classes.

    It shows n images, or some of them (``among``); what is said of all and of classes stays.

    Attributes:
        mean: the mean image, of shape (d,).
        total: the weight of all images.
        offsets: what each image differs from it by, of shape (n, d).
        labels: the class of each image, of shape (n,).
        weight: how much each image counts, of shape (n,).
        left: the weight of its class without each image, of shape (n,); 0 for one alone.
        shots: the total weight of each class, of shape (C,).
        class_offsets: the mean of the offsets of each class, of shape (C, d); 0 for a class without any.
        prototypes: the text prototype of each class, of shape (C, d).
        text_offsets: what each prototype differs from their mean by, of shape (C, d).
        scatter: W, the summed squares within classes, of shape (d, d).
        generic: S0, the generic covariance, of shape (d, d).
    """

    mean: DoubleArray
    total: float
    offsets: DoubleArray
    labels: IntArray
    weight: DoubleArray
    left: DoubleArray
    shots: DoubleArray
    class_offsets: DoubleArray
    prototypes: DoubleArray
    text_offsets: DoubleArray
    scatter: DoubleArray
    generic: DoubleArray

    @classmethod
    def of(
        cls,
        images: npt.ArrayLike,
        labels: npt.ArrayLike,
        prototypes: npt.ArrayLike,
        generic: npt.ArrayLike | None,
        sample_weight: npt.ArrayLike | None,
    ) -> SupportStatistics:
        """Check and sum up; arguments and errors are those of ``gaussian.fit``."""
        texts = feature_rows(prototypes, "prototypes").astype(np.float64)
        n_classes, dim = texts.shape
        rows = unit_rows(images, "images", dim=dim).astype(np.float64)
        index, _ = class_indices(labels, "labels", length=len(rows), n_classes=n_classes)
        weight = checked_weight(sample_weight, len(rows))
        mean = np.average(rows, axis=0, weights=weight)
        offsets = rows - mean
        shots, class_offsets = _class_means(offsets, index, weight, n_classes)
        within = offsets - class_offsets[index]
        return cls(
            mean=mean,
            total=float(weight.sum()),
            offsets=offsets,
            labels=index,
            weight=weight,
            left=_left(index, weight, shots),
            shots=shots,
            class_offsets=class_offsets,
            prototypes=texts,
            text_offsets=texts - texts.mean(axis=0),
            scatter=within.T @ (weight[:, None] * within),
            generic=_checked_generic(generic, dim),
        )

    def among(self, rows: IntArray | slice) -> SupportStatistics:
        """Return the same support set, showing the images of these positions only."""
        return replace(
            self,
            offsets=self.offsets[rows],
            labels=self.labels[rows],
            weight=self.weight[rows],
            left=self.left[rows],
        )

    def whitening(self, nu: float, shrinkage: float) -> DoubleArray:
        """Return V, of shape (d, d), with V^t V the inverse of S: in rows @ V.T, S is the identity.

        Raises:
            InvalidInputError: S has no inverse.
        """
        dim = len(self.mean)
        prior = (1 - shrinkage) * self.generic
        prior[np.diag_indices(dim)] += shrinkage * np.trace(self.generic) / dim
        try:
            factor = np.linalg.cholesky(nu * prior + self.scatter)
        except np.linalg.LinAlgError:
            factor = np.zeros((dim, dim))
        pivots = np.diag(factor) ** 2
        if not pivots.min() > _NO_SPREAD * pivots.max():
            raise InvalidInputError(
                "the generic covariance must be positive definite, but it has directions without spread; "
                "raise the shrinkage or take more generic images"
            )
        inverse: DoubleArray = np.linalg.inv(factor)
        return inverse


def degrees_of_freedom(shots: DoubleArray) -> DoubleArray:
    """Return what each class adds to the degrees of freedom of the scatter, its shots less one.

    >>> degrees_of_freedom(np.array([3.0, 1.0, 0.0]))
    array([2., 0., 0.])
    """
    freedom: DoubleArray = np.maximum(shots - 1, 0)
    return freedom


def _class_means(
    offsets: DoubleArray, labels: IntArray, weight: DoubleArray, n_classes: int
) -> tuple[DoubleArray, DoubleArray]:
    """Return the weight of each class, of shape (C,), and its mean, of shape (C, d); 0 without images."""
    shots, sums = np.zeros(n_classes), np.zeros((n_classes, offsets.shape[1]))
    for rows in batches(len(labels), max(1, _AT_ONCE // n_classes)):
        member = weight[rows, None] * (labels[rows, None] == np.arange(n_classes))
        shots += member.sum(axis=0)
        sums += member.T @ offsets[rows]
    return shots, sums / np.where(shots > 0, shots, 1)[:, None]


def _left(labels: IntArray, weight: DoubleArray, shots: DoubleArray) -> DoubleArray:
    alone = np.bincount(labels, minlength=len(shots))[labels] == 1
    left: DoubleArray = np.where(alone, 0, shots[labels] - weight)
    return left


def _checked_generic(generic: npt.ArrayLike | None, dim: int) -> DoubleArray:
    if generic is None:
        return np.eye(dim) / dim
    matrix = np.asarray(generic, dtype=np.float64)
    if matrix.shape != (dim, dim) or not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T):
        raise InvalidInputError(
            f"generic must be a finite symmetric covariance of shape ({dim}, {dim}), as wide as the "
            f"features, but what came has shape {matrix.shape}; np.cov(features.T) of generic images is one"
        )
    return matrix
