"""What one-to-one texts come down to: one difference for each pair of classes that has texts both ways.

    D(c, o) = mean T(c, o) - mean T(o, c) = -D(o, c)

Only pairs that exist are stored, by the number c C + o of the pair: p of them take p rows, whatever C is, and
are found by bisection where classes are many: a table of all pairs of 10,000 classes would be 800 MB.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, IntArray, class_indices, grouped, unit_rows
from clipcoder.errors import InvalidInputError

_TABLE: Final = 1 << 20  # pairs of up to 1,024 classes are found in a table of 8 MB, of more by bisection


@dataclass(frozen=True, eq=False)
class PairDifferences:
    """D(c, o) for the pairs of classes that exist, the rest is not stored.

    Attributes:
        differences: D(c, o) with c < o, float32 of shape (p, d).
        keys: which pairs these are, c C + o each, ascending integers of shape (p,).
        n_classes: the number of classes C.
    """

    differences: FloatArray
    keys: IntArray
    n_classes: int

    @classmethod
    def from_texts(
        cls, pair_texts: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike, n_classes: int
    ) -> PairDifferences:
        """Fold one-to-one texts, each of which says how class ``first`` differs from class ``second``.

        Args:
            pair_texts: text features of shape (t, d), of any scale and in any order; t may be 0.
            first: the class that each text is about, integers of shape (t,).
            second: the class it is told apart from, integers of shape (t,).
            n_classes: the number of classes C.

        Raises:
            InvalidInputError: arrays that do not fit together, a zero row, or a class paired with itself.

        >>> PairDifferences.from_texts([[1, 0], [0, 1]], [0, 1], [1, 0], 2).differences
        array([[ 1., -1.]], dtype=float32)
        """
        rows = unit_rows(pair_texts, "pair_texts")
        own, count = class_indices(first, "first", length=len(rows), n_classes=n_classes)
        other, _ = class_indices(second, "second", length=len(rows), n_classes=n_classes)
        if (own == other).any():
            raise InvalidInputError(
                f"a pair must be of two classes, but text {int(np.argmax(own == other))} has one twice"
            )
        means = {key: rows[of_pair].mean(axis=0) for key, of_pair in grouped(own * count + other)}
        turned = {key: key % count * count + key // count for key in means}  # ascending, as grouped is
        keys = [key for key, back in turned.items() if key < back and back in means]
        differences = [means[key] - means[turned[key]] for key in keys]
        return cls(
            np.array(differences, dtype=np.float32).reshape(-1, rows.shape[1]),
            np.array(keys, dtype=np.intp),
            count,
        )

    @property
    def dim(self) -> int:
        """The length d of a feature."""
        return int(self.differences.shape[1])

    def find(self, own: IntArray, other: IntArray) -> tuple[IntArray, FloatArray]:
        """Look up pairs of classes, in either order.

        Args:
            own: the classes c, integers of any shape.
            other: the classes o, of the same shape.

        Returns:
            The row r and the sign of each pair, so that D(c, o) = sign x differences[r]. A sign of 0 says
            that the pair does not exist; its row is then 0.

        >>> pairs = PairDifferences.from_texts([[1, 0], [0, 1]], [0, 2], [2, 0], 3)
        >>> pairs.find(np.array([0, 2, 1]), np.array([2, 0, 2]))
        (array([0, 0, 0]), array([ 1., -1.,  0.], dtype=float32))
        """
        wanted = np.minimum(own, other) * self.n_classes + np.maximum(own, other)
        row = self._rows_of(wanted)
        sign = np.where(row < 0, 0, np.where(own < other, 1, -1)).astype(np.float32)
        return np.maximum(row, 0), sign

    def _rows_of(self, wanted: IntArray) -> IntArray:
        """Return the row of each key, -1 where there is none."""
        if self._table is not None:
            return self._table[wanted]
        row = np.searchsorted(self.keys, wanted)
        found = np.append(self.keys, -1)[row] == wanted
        return np.where(found, row, -1)

    @cached_property
    def _table(self) -> IntArray | None:
        """The row of every key there may be, where that is no matter of memory: a third of the time."""
        if self.n_classes**2 > _TABLE:
            return None
        table = np.full(self.n_classes**2, -1, dtype=np.intp)
        table[self.keys] = np.arange(len(self.keys))
        return table
