"""How the starter carries a text into the space of its images: by the texts whose images it knows.

No text was ever seen with enough images to learn a map from words to pixels. What is known are *anchors*: a
few texts for each class of ImageNet, with its row of the classifier's weights, likewise for groups of classes
such as birds, and the captions of photos, with their features. A new text is placed by its similarity to the
anchors' texts, in two ways that lie side by side in one vector:

- relative (after ASIF, Norelli et al., 2023): the text is its largest similarities to ImageNet's classes and
  their groups, an image its probabilities of the classes;
- regressed: a kernel ridge regression from similarities to all anchors predicts the image's features.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

_ROUNDED: Final = ("anchors", "relative_basis", "regression")


@dataclass(frozen=True)
class TextSpace:
    """The map from text vectors to the shared space.

    With u = unit(t - centre) and cosines s = u . anchors, a text becomes

        [ sqrt(mix)     * unit(relative_code(s) @ relative_basis),
          sqrt(1 - mix) * unit(exp(sharpness * (s - 1)) @ regression) ].
    """

    centre: FloatArray
    """Mean of the class anchors' texts, shape (t,)."""
    anchors: FloatArray
    """Unit rows of shape (n_anchors, t): classes, groups, photos."""
    relative_basis: FloatArray
    """Where each class and each group lies in the relative part, shape (n_classes + n_groups, r)."""
    regression: FloatArray
    """Dual weights of shape (n_anchors, g)."""
    keep: int
    """How many of the largest similarities to classes and groups count."""
    power: float
    """What they are raised to."""
    sharpness: float
    """Of the regression's kernel."""
    mix: float
    """Weight of the relative part in a cosine, in [0, 1]."""

    def __call__(self, texts: FloatArray) -> FloatArray:
        """Carry text vectors of shape (n, t) into the shared space: float32 unit rows of shape (n, r + g)."""
        similarities = unit(texts - self.centre) @ self.anchors.T
        named = similarities[:, : len(self.relative_basis)]
        relative = relative_code(named, self.keep, self.power) @ self.relative_basis
        regressed = np.exp(self.sharpness * (similarities - 1)) @ self.regression
        return side_by_side(relative, regressed, self.mix)

    def stored(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays for a weight file: the centre as it is, the rest as 8-bit numbers with scales."""
        arrays: dict[str, npt.NDArray[Any]] = {"centre": self.centre}
        for name in _ROUNDED:
            arrays[name], arrays[f"{name}_scale"] = eight_bit(getattr(self, name))
        return arrays

    @classmethod
    def restored(cls, arrays: Mapping[str, npt.NDArray[Any]], settings: Mapping[str, Any]) -> TextSpace:
        """Put a space together from what ``stored`` and ``settings`` gave."""
        full = {name: arrays[name].astype(np.float32) * arrays[f"{name}_scale"] for name in _ROUNDED}
        return cls(centre=arrays["centre"], **full, **settings)

    def settings(self) -> dict[str, float]:
        """Return the numbers by name, for a configuration file."""
        return {
            f.name: value for f in fields(self) if isinstance(value := getattr(self, f.name), int | float)
        }


def eight_bit(array: FloatArray) -> tuple[npt.NDArray[np.int8], FloatArray]:
    """Round to 8-bit numbers with one scale for each column: array (n, m) is about numbers * scale.

    Example:
        >>> eight_bit(np.float32([[1.27, -5.0], [0.5, 10.0]]))
        (array([[127, -64],
               [ 50, 127]], dtype=int8), array([0.01      , 0.07874016], dtype=float32))
    """
    scale = np.maximum(np.abs(array).max(axis=0), 1e-12) / np.float32(127)
    return np.round(array / scale).astype(np.int8), scale


def relative_code(similarities: FloatArray, keep: int, power: float) -> FloatArray:
    """Keep the ``keep`` largest of each row of an (n, m) array, raised to ``power``; the rest become 0.

    Example:
        >>> relative_code(np.float32([[0.5, -0.2, 1.0, 0.1]]), keep=2, power=2.0)
        array([[0.25, 0.  , 1.  , 0.  ]], dtype=float32)
    """
    keep = min(keep, similarities.shape[1])
    threshold = np.partition(similarities, -keep, axis=1)[:, -keep, None]
    kept: FloatArray = np.where(similarities >= threshold, np.maximum(similarities, 0), 0) ** np.float32(
        power
    )
    return kept


def side_by_side(first: FloatArray, second: FloatArray, mix: float) -> FloatArray:
    """Join two parts: a cosine of the whole is ``mix`` of the first's and ``1 - mix`` of the second's."""
    return np.hstack([np.sqrt(np.float32(mix)) * unit(first), np.sqrt(np.float32(1 - mix)) * unit(second)])


def unit(rows: FloatArray) -> FloatArray:
    """Scale rows to length 1; a row of zeros becomes equal in every dimension, so that it has one too."""
    rows = np.asarray(rows, dtype=np.float32)
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.where(length > 1e-12, rows / np.maximum(length, 1e-12), np.float32(rows.shape[-1] ** -0.5))
