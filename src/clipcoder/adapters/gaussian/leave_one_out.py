"""Leave-one-out in closed form: all n refits from one factorisation.

Let z = x_i - mean image, of weight w in a support of total weight N, r = x_i - the mean of its class y, and
n_y the weight of that. What a refit without x_i changes, is along z and r alone:

    x_i - mean' = (1 + e) z,                                         e = w / (N - w)
    m_c' - mean' = a (m_c - mean) + b z,    a = 1, b = e n_c / (kappa + n_c) for the other classes,
        a = (kappa + n_y) / (kappa + n_y - w), b = (e (n_y - w) - w) / (kappa + n_y - w) for its own
    P' = P + g P r r^t P,                   g = h / (1 - h rPr),  h = w n_y / (n_y - w), 0 where x_i is alone,

the last by Sherman and Morrison. Every logit so is a polynomial in products under P of images, class means
and texts, which hold for one nu and serve any kappa and slope. Images are taken a batch at a time, so that
what lies between stays small.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from clipcoder.adapters.gaussian.head import text_share
from clipcoder.adapters.gaussian.statistics import DoubleArray, SupportStatistics, degrees_of_freedom
from clipcoder.arrays import batches
from clipcoder.errors import InvalidInputError

_AT_ONCE: Final = 1 << 16  # ratios, so that what they are made of stays near the processor


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What all refits of one support set with one nu and one shrinkage have in common.

    Attributes:
        support: the support set, which shows the n images that are left out.
        nu: the weight of the generic covariance.
        to_classes: z P (class mean), of shape (n, C).
        to_texts: z P (text offset), of shape (n, C).
        between: the (2C, 2C) products of class means, then text offsets.
        length: z P z, of shape (n,).
    """

    support: SupportStatistics
    nu: float
    to_classes: DoubleArray
    to_texts: DoubleArray
    between: DoubleArray
    length: DoubleArray

    @classmethod
    def of(cls, support: SupportStatistics, nu: float, shrinkage: float) -> HeldOut:
        """Factor the covariance once; the images that the support set shows are left out.

        Raises:
            InvalidInputError: a covariance without inverse.
        """
        turn = support.whitening(nu, shrinkage).T
        images = support.offsets @ turn
        anchors = np.concatenate([support.class_offsets, support.text_offsets]) @ turn
        to_classes, to_texts = np.split(images @ anchors.T, 2, axis=1)
        return cls(support, nu, to_classes, to_texts, anchors @ anchors.T, (images**2).sum(axis=1))

    def among(self, rows: slice) -> HeldOut:
        """Return the same refits, of these images only."""
        return replace(
            self,
            support=self.support.among(rows),
            to_classes=self.to_classes[rows],
            to_texts=self.to_texts[rows],
            length=self.length[rows],
        )

    def log_ratios(self, kappa: float, slope: float) -> DoubleArray:
        """Return the log-likelihood ratios of each image by the rule that never saw it, of shape (n, C).

        Raises:
            InvalidInputError: kappa 0 where a class has fewer than two images.
        """
        means = _Means.of(self, kappa, slope)
        n_images, n_classes = self.to_classes.shape
        ratios = np.empty((n_images, n_classes))
        for rows in batches(n_images, max(1, _AT_ONCE // n_classes)):
            ratios[rows] = self.among(rows)._log_ratios(means)
        return ratios

    def _log_ratios(self, means: _Means) -> DoubleArray:
        labels = self.support.labels
        own = np.arange(len(labels)), labels
        to_means = means.classes * self.to_classes + means.texts * self.to_texts
        within = to_means - means.between[labels]
        z_r = self.length - self.to_classes[own]
        r_r = z_r - self.to_classes[own] + np.diag(self.between)[labels]
        stretch, keep, along = self._moves(means.kappa)
        gain = self._gain(r_r)[:, None]
        z_z, z_r = self.length[:, None], z_r[:, None]
        z_m = keep * to_means + along * z_z
        r_m = keep * within + along * z_r
        m_m = keep**2 * means.squares + along * (2 * z_m - along * z_z)
        ratios: DoubleArray = stretch * (z_m + gain * z_r * r_m) - (m_m + gain * r_m**2) / 2
        return self._freedom()[:, None] * ratios

    def _moves(self, kappa: float) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
        """Return 1 + e, of shape (n, 1), and a and b, of shape (n, C)."""
        support, left = self.support, self.support.left
        own = np.arange(len(support.labels)), support.labels
        if kappa == 0 and not left.all():
            raise InvalidInputError(
                "with kappa 0 texts do not count and leave-one-out needs two images of every class, but "
                f"class {support.labels[np.argmin(left)]} has one; raise kappa or add an image"
            )
        ease = support.weight / (support.total - support.weight)
        along = ease[:, None] * (1 - text_share(support.shots, kappa))
        keep = np.ones_like(along)
        keep[own] = (kappa + support.shots[support.labels]) / (kappa + left)
        along[own] = (ease * left - support.weight) / (kappa + left)
        return 1 + ease[:, None], keep, along

    def _gain(self, r_r: DoubleArray) -> DoubleArray:
        """Return g, of shape (n,), of residuals with these r P r."""
        support = self.support
        stay = support.left > 0
        lost = np.where(
            stay, support.weight * support.shots[support.labels] / np.where(stay, support.left, 1), 0
        )
        gain: DoubleArray = lost / (1 - lost * r_r)
        return gain

    def _freedom(self) -> DoubleArray:
        """Return nu + degrees of freedom of each refit, of shape (n,)."""
        before = degrees_of_freedom(self.support.shots)
        lost = before[self.support.labels] - degrees_of_freedom(self.support.left)
        freedom: DoubleArray = self.nu + before.sum() - lost
        return freedom


@dataclass(frozen=True, eq=False)
class _Means:
    """The class means of all images under one kappa and slope: classes * class mean + texts * text offset.

    Attributes:
        kappa: how many images a text is worth.
        classes: what the images of each class count in its mean, of shape (C,).
        texts: what its text offset counts, of shape (C,).
        between: (mean of the images) P m, of shape (C, C).
        squares: m P m, of shape (C,).
    """

    kappa: float
    classes: DoubleArray
    texts: DoubleArray
    between: DoubleArray
    squares: DoubleArray

    @classmethod
    def of(cls, held_out: HeldOut, kappa: float, slope: float) -> _Means:
        """Take the products that all refits have in common."""
        share, products = text_share(held_out.support.shots, kappa), held_out.between
        texts, classes = slope * share, 1 - share
        n_classes = len(share)
        between = classes * products[:n_classes, :n_classes] + texts * products[:n_classes, n_classes:]
        squares = classes * np.diag(between) + texts * (
            classes * np.diag(products, n_classes) + texts * np.diag(products)[n_classes:]
        )
        return cls(kappa, classes, texts, between, squares)
