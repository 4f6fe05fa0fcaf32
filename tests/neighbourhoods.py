"""Random classification problems on unit-less features, for properties that must hold of any."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from clipcoder.kinds import TEXT_KINDS


class Neighbourhood(NamedTuple):
    """Images, and texts of every class in no order; each class has at least one text, of any kind."""

    images: npt.NDArray[np.float32]
    texts: npt.NDArray[np.float32]
    text_class: npt.NDArray[np.intp]
    text_kind: npt.NDArray[np.str_]
    n_classes: int


@st.composite
def neighbourhoods(draw: st.DrawFn, *, min_classes: int = 1) -> Neighbourhood:
    n_classes = draw(st.integers(min_classes, 6))
    n_images, dim, extra = draw(st.integers(1, 9)), draw(st.integers(2, 8)), draw(st.integers(0, 25))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    text_class = rng.permutation(np.append(np.arange(n_classes), rng.integers(0, n_classes, extra)))
    return Neighbourhood(
        rng.standard_normal((n_images, dim), dtype=np.float32),
        rng.standard_normal((len(text_class), dim), dtype=np.float32),
        text_class,
        rng.choice(TEXT_KINDS, len(text_class)),
        n_classes,
    )
