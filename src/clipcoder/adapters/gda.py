"""``gda``: a Gaussian discriminant beside the zero-shot logits, without training.

    logits(x) = 100 x.T + alpha (x P m_c - m_c P m_c / 2),    P = d ( (n - 1) cov + tr(cov) I )^-1

with class means m_c and cov the unbiased covariance of the n images about their class means; weights count
as numbers of images. Alpha is the one with which most support images are right when each is left out, means,
covariance and trace included. In the eigenvectors of (n - 1) cov that is a change of one diagonal and a
step of rank one (Sherman and Morrison), so that all n refits cost one factorisation.

A left-out image's own class has a mean of fewer images, which is longer by their noise and so stands back
behind the others. An image to come meets no such thing, so half the expected difference, t / (n_c - 1) -
t / n_c with t the noise of one image (the mean squared distance under P of left-out images from their class
mean, times (n_c - 1) / n_c), is added to its logits. (Without that, leave-one-out at two shots takes the
Gaussian for much worse than it is.)

A class without images has a mean that its text stands in for: the mean of all means, moved along the text's
offset from the other texts as far as class means move with theirs (least squares, one number).

Where no image has company, as with one shot, cov is 0 and the formula 0/0; its limit is a multiple of I,
which makes it the nearest class mean. The spread about the mean image gives its size there. Alpha is then the
one at which Gaussian and texts have an equal say (``sweep.even_alpha``).

Wang et al.: A Hard-to-Beat Baseline for Training-free CLIP-based Adaptation, ICLR 2024, arXiv 2402.04087.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from clipcoder.adapters.fitted import Fitted, judged_images
from clipcoder.adapters.heads import LinearHead
from clipcoder.adapters.support import LOGIT_SCALE, Support
from clipcoder.adapters.sweep import LOUDEST, best_alpha, even_alpha
from clipcoder.adapters.voting import some_of
from clipcoder.arrays import FloatArray, IntArray, batches

_Floats = npt.NDArray[np.float64]
_NO_SPREAD: Final = 1e-12  # of unit rows; what is below is rounding
_AT_ONCE: Final = 1 << 20


def fit(support: Support) -> Fitted:
    """Choose alpha and fit; see ``methods.fit``."""
    gaussian = Gaussian.of(support)
    judged = judged_images(support)
    if not judged.size:
        rows = some_of(np.arange(len(support.images)), len(support.images))
        base = support.zero_shot(support.images[rows])
        alpha = even_alpha(base, gaussian.held_out(rows), support.labels[rows])
        return Fitted(_head(support, gaussian, alpha), {"alpha": alpha})
    judged = some_of(judged, len(support.images))
    base, labels = support.zero_shot(support.images[judged]), support.labels[judged]
    ratios = gaussian.held_out(judged)
    most = LOUDEST * even_alpha(base, ratios, labels)
    alpha = best_alpha(base, ratios, labels, image_weight=support.weight[judged], max_alpha=most).alpha
    held_out = base + np.float32(alpha) * ratios
    return Fitted(_head(support, gaussian, alpha), {"alpha": alpha}, judged, held_out)


@dataclass(frozen=True, eq=False)
class Gaussian:
    """The discriminant of a support set, seen from its middle and along the eigenvectors of its scatter.

    The mean of a class with images is its anchor; that of a class without is ``slope`` times its anchor, the
    offset of its text.

    Attributes:
        middle: the mean of the class means, of shape (d,).
        axes: the eigenvectors of the scatter (n - 1) cov, as columns, of shape (d, d).
        scatter: its eigenvalues, of shape (d,).
        anchors: along the axes, of shape (C, d).
        offsets: of the texts of classes with images from their mean, along the axes, of shape (C, d); 0 for
            the other classes.
        slope: how far class means move where their texts move by 1, before it is kept from being negative.
        images: what the images differ from ``middle`` by, along the axes, of shape (s, d).
        labels: their classes, of shape (s,).
        weight: their weights, of shape (s,).
        shots: the total weight of each class, of shape (C,).
    """

    middle: _Floats
    axes: _Floats
    scatter: _Floats
    anchors: _Floats
    offsets: _Floats
    slope: float
    images: _Floats
    labels: IntArray
    weight: _Floats
    shots: _Floats

    @classmethod
    def of(cls, support: Support) -> Gaussian:
        """Sum up a support set."""
        images, texts = support.images.astype(np.float64), support.prototypes.astype(np.float64)
        weight, labels = support.weight, support.labels
        shots: _Floats = np.bincount(labels, weight, support.n_classes).astype(np.float64)
        known = shots > 0
        anchors = np.zeros_like(texts)
        np.add.at(anchors, labels, weight[:, None] * images)
        anchors[known] /= shots[known, None]
        middle = anchors[known].mean(axis=0)
        anchors[known] -= middle
        within = images - middle - anchors[labels]
        scatter, axes = np.linalg.eigh(within.T @ (weight[:, None] * within))
        texts -= texts[known].mean(axis=0)
        anchors[~known] = texts[~known]
        texts[~known] = 0
        slope = (anchors * texts).sum() / ((texts**2).sum() or 1)
        turned = ((images - middle) @ axes, anchors @ axes, texts @ axes)
        scatter = np.maximum(scatter, 0)
        return cls(
            middle, axes, scatter, turned[1], turned[2], float(slope), turned[0], labels, weight, shots
        )

    def head(self) -> tuple[_Floats, _Floats]:
        """Return W, of shape (C, d), and b, of shape (C,), of x W^t + b."""
        total = float(self.weight.sum())
        spare = self.scatter.sum() / _freedom(total)
        live = spare > _NO_SPREAD
        if not live:
            spread = self.weight @ (self.images**2).sum(axis=1) / total
            spare = spread if spread > _NO_SPREAD else 1.0
        means = np.where(self.shots > 0, 1, max(self.slope, 0))[:, None] * self.anchors
        stretched = means * (len(self.scatter) / (live * self.scatter + spare))
        weights = stretched @ self.axes.T
        return weights, -(stretched * means).sum(axis=1) / 2 - weights @ self.middle

    def held_out(self, rows: IntArray, *, allowance: bool = True) -> FloatArray:
        """Return x P m_c - m_c P m_c / 2 of images, by a support set without each, of shape (j, C).

        An image that is alone in its class is not left out. What is the same for all classes is left away.

        Args:
            rows: the positions of the images, of shape (j,).
            allowance: add to the logits of own classes what they lack for being smaller (see the module).
        """
        logits, noise = np.empty((len(rows), len(self.shots)), np.float32), np.empty(len(rows))
        for batch in batches(len(rows), max(1, _AT_ONCE // max(self.anchors.shape))):
            logits[batch], noise[batch] = self._held_out(rows[batch])
        if allowance:
            weight, lost = self.weight[rows], self._leaving(rows)
            shots = self.shots[self.labels[rows]]
            longer = lost / (shots * np.where(lost > 0, shots - lost, 1))  # 1 / (n - w) - 1 / n
            left = lost > 0
            one = float(weight[left] @ noise[left] / weight[left].sum()) if left.any() else 0.0
            logits[np.arange(len(rows)), self.labels[rows]] += one / 2 * longer
        return logits

    def _leaving(self, rows: IntArray) -> _Floats:
        """Return the weight that leaves with each image, of shape (j,): 0 for one that is alone."""
        company = np.bincount(self.labels)[self.labels[rows]] > 1
        leaving: _Floats = np.where(company, self.weight[rows], 0)
        return leaving

    def _held_out(self, rows: IntArray) -> tuple[_Floats, _Floats]:
        """Return logits, of shape (j, C), and the noise of one image by the distance of each, (j,)."""
        own, lost = self.labels[rows], self._leaving(rows)
        z, shots = self.images[rows], self.shots[self.labels[rows]]
        r = z - self.anchors[own]
        left = np.where(lost > 0, shots - lost, 1)
        nearer = lost / left  # m_y' = m_y - nearer r
        outer = nearer * shots  # S' = S - outer r r^t
        spare = self.scatter.sum() - outer * (r**2).sum(axis=1)
        spare /= _freedom(self.weight.sum() - lost)
        live = spare > _NO_SPREAD
        spare = np.where(live, spare, self._spread(z, lost, nearer[:, None] * r))
        inverse = 1 / (live[:, None] * self.scatter + spare[:, None])
        d_z, d_r = z * inverse, r * inverse
        z_r, r_r = (d_z * r).sum(axis=1)[:, None], (d_r * r).sum(axis=1)[:, None]
        keep, along = self._moves(r, own, nearer)
        r_v = d_r @ self.anchors.T
        z_m = keep * (d_z @ self.anchors.T) + along * z_r
        r_m = keep * r_v + along * r_r
        m_m = keep**2 * (inverse @ (self.anchors**2).T) + along * (2 * keep * r_v + along * r_r)
        gain = (live * outer)[:, None]
        gain /= 1 - gain * r_r
        ratios = z_m + gain * z_r * r_m - (m_m + gain * r_m**2) / 2
        noise = ((1 + gain * r_r) * r_r)[:, 0] * shots / left
        return len(self.scatter) * ratios, len(self.scatter) * noise

    def _moves(self, r: _Floats, own: IntArray, nearer: _Floats) -> tuple[_Floats, _Floats]:
        """Return what each anchor and r count in the mean of each class, both of shape (j, C)."""
        known = self.shots > 0
        keep, along = np.ones((2, len(own), len(known)))
        along *= -nearer[:, None] / known.sum() * ~known
        along[np.arange(len(own)), own] = -nearer
        steeper = nearer * (r * self.offsets[own]).sum(axis=1) / ((self.offsets**2).sum() or 1)
        slope = np.maximum(self.slope - steeper, 0)
        return np.where(known, keep, slope[:, None]), along

    def _spread(self, z: _Floats, lost: _Floats, nearer: _Floats) -> _Floats:
        """Return the spread of the other images about their middle, of shape (j,), where a class has none."""
        total = self.weight.sum() - lost
        moved = -nearer / (self.shots > 0).sum()
        squares = self.weight @ (self.images**2).sum(axis=1) - lost * (z**2).sum(axis=1)
        sums = self.weight @ self.images - lost[:, None] * z
        about = squares - 2 * (moved * sums).sum(axis=1) + total * (moved**2).sum(axis=1)
        spread: _Floats = about / total
        return np.where(spread > _NO_SPREAD, spread, 1)


def _freedom(total: npt.ArrayLike) -> _Floats:
    """Return n - 1, kept positive where weights add up to hardly an image."""
    count = np.asarray(total, dtype=np.float64)
    return np.maximum(count - 1, count / 2)


def _head(support: Support, gaussian: Gaussian, alpha: float) -> LinearHead:
    weights, bias = gaussian.head()
    weights = LOGIT_SCALE * support.prototypes + alpha * weights
    return LinearHead(weights.astype(np.float32), (alpha * bias).astype(np.float32), support.prototypes, 1.0)
