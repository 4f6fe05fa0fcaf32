"""Random few-shot problems, for properties that must hold of any."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st


class FewShots(NamedTuple):
    """A support set with unequal shots, some classes perhaps with none, and what the rule knows beside it."""

    images: npt.NDArray[np.float64]
    labels: npt.NDArray[np.intp]
    prototypes: npt.NDArray[np.float64]
    generic: npt.NDArray[np.float64]
    sample_weight: npt.NDArray[np.float64]


@st.composite
def few_shots(draw: st.DrawFn, *, least_shots: int = 0) -> FewShots:
    n_classes, dim = draw(st.integers(1, 5)), draw(st.integers(2, 7))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    fill = rng.integers(0, n_classes, draw(st.integers(2, 12)))  # often fewer images than dimensions
    labels = rng.permutation(np.append(np.repeat(np.arange(n_classes), least_shots), fill))
    images = rng.normal(size=(len(labels), dim)) + rng.normal(size=dim)
    return FewShots(
        images / np.linalg.norm(images, axis=1, keepdims=True),
        labels,
        rng.normal(size=(n_classes, dim)) / dim,
        np.cov(rng.normal(size=(3 * dim, dim)).T) / dim,
        rng.uniform(0.5, 2, len(labels)),
    )
