"""Two published few-shot probes as their papers and their code define them, in NumPy.

CLAP is the class-adaptive linear probe of Silva-Rodriguez et al. (A Closer Look at the Few-Shot Adaptation
of Large Vision-Language Models, CVPR 2024, arXiv 2312.12730). LP++ is by Huang et al. (LP++: A Surprisingly
Strong Linear Probe for Few-Shot CLIP, CVPR 2024, arXiv 2404.02285).

Both keep their published constants for every data set and take their last epoch: no validation images.
``temperature`` divides what they say in units of CLIP's softmax, logits of 100 cosines; 1 is as published.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

LOGIT_SCALE = 100  # CLIP's
EPOCHS = 300  # of both
MOMENTUM = 0.9  # of both, in the published code
CLAP_RATE, CLAP_WARMUP_RATE, CLAP_BATCH = 0.1, 1e-5, 256
LP_ALPHA = 250  # times the mean cosine of an image and its class's text: where the multipliers start
LP_CYCLE = 10  # steps of the image weights for each step of the multipliers

Floats = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.intp]
Linear = tuple[Floats, Floats]
"""Weights of shape (C, d) and biases of shape (C,), whose logits are x.W^t + b."""


def log_softmax(logits: Floats) -> Floats:
    logs = logits - logits.max(axis=1, keepdims=True)
    logs -= np.log(np.exp(logs).sum(axis=1, keepdims=True))
    return logs


def cross_entropy(logits: Floats, targets: Floats) -> tuple[float, Floats]:
    """Return the mean cross-entropy with one-hot targets of shape (n, C), and its gradient by the logits."""
    logs = log_softmax(logits)
    return -float((targets * logs).sum()) / len(logs), (np.exp(logs) - targets) / len(logs)


def unit(rows: Floats) -> Floats:
    lengths: Floats = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / lengths


def class_means(values: Floats, targets: Floats) -> Floats:
    """Return the mean over each class's images of its own column: of shape (C,), from values of (n, C)."""
    means: Floats = (values * targets).sum(axis=0) / targets.sum(axis=0)
    return means


def clap_multipliers(images: Floats, targets: Floats, prototypes: Floats, scale: float) -> Floats:
    """Return how strongly each class is held: its mean zero-shot probability on its own labelled images."""
    return class_means(np.exp(log_softmax(scale * images @ unit(prototypes).T)), targets)


def clap_loss(
    weights: Floats, images: Floats, targets: Floats, prototypes: Floats, multipliers: Floats, scale: float
) -> tuple[float, Floats]:
    """Return CLAP's loss and its gradient by the weights.

    It is the cross-entropy of a cosine classifier, and the mean over the classes of the squared distance to
    the class's prototype, times its multiplier.
    """
    norms = np.linalg.norm(weights, axis=1, keepdims=True)
    directions, moved = weights / norms, weights - prototypes
    loss, by_logits = cross_entropy(scale * images @ directions.T, targets)
    by_directions = scale * by_logits.T @ images
    radial = (by_directions * directions).sum(axis=1, keepdims=True)
    held = float((multipliers * (moved**2).sum(axis=1)).mean())
    gradient = (by_directions - radial * directions) / norms
    return loss + held, gradient + 2 / len(weights) * multipliers[:, None] * moved


def clap_rate(epoch: int) -> float:
    """Return the learning rate: one epoch of warm-up, then half a cosine."""
    return CLAP_RATE * (1 + math.cos(math.pi * (epoch - 1) / EPOCHS)) / 2 if epoch else CLAP_WARMUP_RATE


def fit_clap(images: Floats, labels: IntArray, prototypes: Floats, *, temperature: float = 1.0) -> Linear:
    """Fit CLAP by stochastic gradient descent from the prototypes; each class needs an image.

    As in the published code, an epoch is the whole batches that there are, one at least, drawn anew, and the
    multipliers stay as they start.
    """
    targets = np.eye(len(prototypes), dtype=images.dtype)[labels]
    scale = LOGIT_SCALE / temperature
    multipliers = clap_multipliers(images, targets, prototypes, scale)
    weights, velocity = prototypes.copy(), np.zeros_like(prototypes)
    dice = np.random.default_rng(0)
    for epoch in range(EPOCHS):
        order = dice.permutation(len(images))
        for first in range(0, max(1, len(images) // CLAP_BATCH) * CLAP_BATCH, CLAP_BATCH):
            batch = order[first : first + CLAP_BATCH]
            _, slope = clap_loss(weights, images[batch], targets[batch], prototypes, multipliers, scale)
            velocity = MOMENTUM * velocity + slope
            weights = weights - clap_rate(epoch) * velocity
    return scale * unit(weights), np.zeros(len(weights), dtype=images.dtype)


def lp_loss(
    weights: Floats, bias: Floats, alpha: Floats, images: Floats, targets: Floats, cosines: Floats
) -> tuple[float, Floats, Floats, Floats]:
    """Return LP++'s loss, the cross-entropy of x.(w_c + alpha_c t_c) + b_c, and its gradients by w, b, alpha.

    Cosines are those of the images and the texts, of shape (n, C).
    """
    loss, by_logits = cross_entropy(images @ weights.T + bias + alpha * cosines, targets)
    return loss, by_logits.T @ images, by_logits.sum(axis=0), (by_logits * cosines).sum(axis=0)


def lp_steps(images: Floats, cosines: Floats) -> tuple[float, float]:
    """Return the step sizes of LP++ for the image weights and for the multipliers, from Lipschitz bounds."""
    largest = float(np.linalg.norm(images, ord=2)) ** 2  # eigenvalue of X^t.X
    return 4 * len(images) / largest, len(images) / (4 * float((cosines**2).sum(axis=0).max()))


def fit_lp(images: Floats, labels: IntArray, prototypes: Floats, *, temperature: float = 1.0) -> Linear:
    """Fit LP++ by gradient steps in blocks; each class needs an image.

    Image weights start as the sums of the images of each class; the multipliers all start at one value, and
    nothing else depends on the temperature. As in the paper, they step by the gradient of the moment (the
    published code sums it over all steps so far).
    """
    targets = np.eye(len(prototypes), dtype=images.dtype)[labels]
    cosines = images @ prototypes.T
    step, alpha_step = lp_steps(images, cosines)
    weights, bias = targets.T @ images, np.zeros(len(prototypes), dtype=images.dtype)
    alpha = np.full_like(bias, LP_ALPHA / temperature * class_means(cosines, targets).mean())
    velocity, bias_velocity = np.zeros_like(weights), np.zeros_like(bias)
    for epoch in range(EPOCHS):
        _, by_weights, by_bias, by_alpha = lp_loss(weights, bias, alpha, images, targets, cosines)
        velocity, bias_velocity = MOMENTUM * velocity + by_weights, MOMENTUM * bias_velocity + by_bias
        weights, bias = weights - step * velocity, bias - step * bias_velocity
        if (epoch + 1) % LP_CYCLE == 0:
            alpha = alpha - alpha_step * by_alpha
    return weights + alpha[:, None] * prototypes, bias
