"""Logits and labels of which the truth is known: labels are drawn from the softmax of the logits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, softmax


def drawn(
    seed: int, n: int, n_classes: int = 5, *, scale: float = 3.0, temperature: float = 1.0
) -> tuple[FloatArray, npt.NDArray[np.intp]]:
    """Return logits of shape (n, C) that are calibrated at a temperature, and their labels."""
    rng = np.random.default_rng(seed)
    logits = (scale * rng.normal(size=(n, n_classes))).astype(np.float32)
    reached = softmax(logits, temperature=temperature).cumsum(axis=1)
    return logits, (rng.random((n, 1)) * reached[:, -1:] > reached).sum(axis=1)
