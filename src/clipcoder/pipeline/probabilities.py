"""From scores to probabilities: of classes that exclude each other, and of classes that do not."""

from __future__ import annotations

import numpy as np

from clipcoder.arrays import FloatArray, IntArray, softmax
from clipcoder.encoders.base import Encoder
from clipcoder.errors import InvalidInputError


def exclusive(scores: FloatArray, chosen: IntArray, *, temperature: float) -> FloatArray:
    """Return the softmax of scores: one class is right, and the rows sum to 1.

    Args:
        scores: of shape (n, C).
        chosen: the predicted class of each image, of shape (n,); its probability is made the largest.
        temperature: what scores are divided by.

    Example:
        >>> exclusive(np.float32([[2.0, 2.0]]), np.array([0]), temperature=1)
        array([[0.5, 0.5]], dtype=float32)
    """
    return _largest_at(chosen, softmax(scores, temperature=temperature), scores)


def independent(scores: FloatArray, chosen: IntArray, *, logit_scale: float, logit_bias: float) -> FloatArray:
    """Return the sigmoid of scaled scores: each class may be right or not, whatever the others are.

    It is what SigLIP is trained with (Zhai et al., 2023, section 3.2).

    Args:
        scores: mean cosines times 100, of shape (n, C).
        chosen: the predicted class of each image, of shape (n,); its probability is made the largest.
        logit_scale: what cosines are multiplied with.
        logit_bias: what is added to them.

    Example:
        >>> independent(np.float32([[10.0, 10.0]]), np.array([0]), logit_scale=100, logit_bias=-10)
        array([[0.5, 0.5]], dtype=float32)
    """
    logits = scores * np.float32(logit_scale / 100) + np.float32(logit_bias)
    return _largest_at(chosen, np.exp(-np.logaddexp(np.float32(0), -logits)), scores)


def logit_bias_of(encoder: Encoder) -> float:
    """Return what an encoder that was trained with a sigmoid adds to its logits.

    Raises:
        InvalidInputError: it was not trained so.
    """
    bias: float | None = getattr(encoder, "logit_bias", None)
    if bias is None:
        raise InvalidInputError(
            "independent probabilities need an encoder that was trained with a sigmoid, such as SigLIP, "
            f"but {encoder.name!r} has no logit_bias; leave out independent=True"
        )
    return bias


def _largest_at(chosen: IntArray, probabilities: FloatArray, scores: FloatArray) -> FloatArray:
    """Exchange the probabilities of the chosen classes and of those with the best scores."""
    rows, best = np.arange(len(scores)), scores.argmax(axis=1)
    highest, taken = probabilities[rows, best], probabilities[rows, chosen]
    probabilities[rows, best], probabilities[rows, chosen] = taken, highest
    return probabilities
