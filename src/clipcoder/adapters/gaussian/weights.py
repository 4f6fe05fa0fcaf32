"""How much logits should count: logistic regression with one number or two, none of them negative.

For margins u_k(i, c), what logits of kind k give class c above the true class of image i, it minimises

    mean_i log sum_c exp( sum_k theta_k u_k(i, c) ) + penalty |theta|^2 / 2n,    theta_k >= 0,

which is convex: Newton's method needs a handful of passes. One of the numbers is the inverse temperature, so
the softmax of the weighted sum is a probability already.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from clipcoder.adapters.gaussian.statistics import DoubleArray
from clipcoder.arrays import IntArray

_PENALTY: Final = 0.01  # keeps the weights finite where no image is mistaken
_START: Final = 3.0  # of weights of margins that are scaled to a spread of 1
_STEPS: Final = 30
_SHORTEST: Final = 1e-3  # of a step's halves
_SETTLED: Final = 1e-6  # nats
_FAITH: Final = 15.0  # how many images the weight that is expected is worth, where one weight is fitted
_FARTHEST: Final = 6.0  # of a weight from what is expected, in logarithms


def softening(
    logits: DoubleArray, labels: IntArray, image_weight: DoubleArray, expected: float
) -> tuple[float, float]:
    """Return the mean negative log-likelihood (nats an image) and the weight of one kind of logits.

    Few images say little about a temperature, so the weight starts from one that is expected: its logarithm
    is drawn there with the force of 15 images. It is above 0 always.

    Args:
        logits: of shape (n, C).
        labels: the true classes, of shape (n,).
        image_weight: how much each image counts, of shape (n,).
        expected: the weight without any image, above 0.

    >>> loss, weight = softening(np.array([[2.0, 0], [0, 2]]), np.array([0, 1]), np.ones(2), 1.0)
    >>> bool(1 < weight < 2)
    True
    """
    from scipy.optimize import minimize_scalar

    margins = (logits - np.take_along_axis(logits, labels[:, None], axis=1))[None]
    share = image_weight / image_weight.sum()
    force = _FAITH / image_weight.sum()

    def loss(farther: float) -> float:
        return _loss(margins, np.array([expected * np.exp(farther)]), share, 0.0)[0]

    found = minimize_scalar(
        lambda farther: loss(farther) + force / 2 * farther**2,
        bounds=(-_FARTHEST, _FARTHEST),
        method="bounded",
    )
    return loss(found.x), expected * float(np.exp(found.x))


def non_negative_weights(
    logits: DoubleArray, labels: IntArray, image_weight: DoubleArray
) -> tuple[float, DoubleArray]:
    """Return the least mean negative log-likelihood (nats an image) and the weights that reach it.

    Args:
        logits: the K = 2 kinds of logits, of shape (K, n, C).
        labels: the true classes, of shape (n,).
        image_weight: how much each image counts, of shape (n,).

    >>> loss, weights = non_negative_weights(
    ...     np.array([[[1.0, 0], [1, 0], [0, 1]], [[0, 1], [0, 1], [1, 0]]]), np.array([0, 1, 1]), np.ones(3)
    ... )
    >>> bool(weights[0] > 0), float(weights[1])
    (True, 0.0)
    """
    margins = logits - np.take_along_axis(logits, labels[None, :, None], axis=2)
    spread = margins.std(axis=(1, 2))
    spread[spread == 0] = 1
    margins /= spread[:, None, None]
    loss, theta = _newton(margins, image_weight)
    if theta.min() < 0:
        alone = [_newton(margins[[k]], image_weight) for k in range(len(margins))]
        allowed = [(loss, k, max(found[0], 0.0)) for k, (loss, found) in enumerate(alone) if found[0] > 0]
        loss, kept, value = min(allowed, default=(np.log(margins.shape[2]), 0, 0.0))
        theta = np.zeros(len(margins))
        theta[kept] = value
    return float(loss), theta / spread


def _newton(margins: DoubleArray, image_weight: DoubleArray) -> tuple[float, DoubleArray]:
    theta = np.full(len(margins), _START)
    share = image_weight / image_weight.sum()
    penalty = _PENALTY / len(share)
    loss, chances = _loss(margins, theta, share, penalty)
    for _ in range(_STEPS):
        step = _step(margins, theta, chances, share, penalty)
        length = 1.0
        while True:
            nearer, chances = _loss(margins, theta - length * step, share, penalty)
            if nearer <= loss or length < _SHORTEST:
                break
            length /= 2
        gained = loss - nearer
        theta, loss = theta - length * step, nearer
        if gained < _SETTLED:
            break
    return loss, theta


def _loss(
    margins: DoubleArray, theta: DoubleArray, share: DoubleArray, penalty: float
) -> tuple[float, DoubleArray]:
    """Return the loss and the probabilities of the classes, of shape (n, C)."""
    chances = np.tensordot(theta, margins, 1)
    top = chances.max(axis=1, keepdims=True)
    chances -= top
    np.exp(chances, out=chances)
    total = chances.sum(axis=1, keepdims=True)
    chances /= total
    return float(share @ (np.log(total) + top)[:, 0] + penalty / 2 * theta @ theta), chances


def _step(
    margins: DoubleArray, theta: DoubleArray, chances: DoubleArray, share: DoubleArray, penalty: float
) -> DoubleArray:
    """Return the inverse Hessian times the gradient, of shape (K,)."""
    weighted = margins * chances
    expected = weighted.sum(axis=2)
    gradient = expected @ share + penalty * theta
    weighted *= share[:, None]
    kinds = len(theta)
    hessian = weighted.reshape(kinds, -1) @ margins.reshape(kinds, -1).T - (expected * share) @ expected.T
    step: DoubleArray = np.linalg.solve(hessian + penalty * np.eye(kinds), gradient)
    return step
