"""Two ways to read a flat column of numbers: as lines of text, and as groups of values."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt


class Lines:
    """Lines of a UTF-8 column, decoded one at a time; a sequence that ``bisect`` can search."""

    def __init__(self, column: npt.NDArray[np.uint8]) -> None:
        self._text = column.tobytes()
        self._ends = np.flatnonzero(column == ord("\n"))

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, line: int) -> str:
        start = self._ends[line - 1] + 1 if line else 0
        return self._text[start : self._ends[line]].decode()

    def __str__(self) -> str:
        return self._text.decode()


class Groups:
    """Values of consecutive groups, such as the lemmas of each synset."""

    def __init__(self, values: npt.NDArray[np.int32], lengths: npt.NDArray[np.integer]) -> None:
        self.values = values
        """All values, group after group."""
        self._lengths = lengths
        self._bounds = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])

    @cached_property
    def owners(self) -> npt.NDArray[np.int32]:
        """The group of each value."""
        return np.repeat(np.arange(len(self._lengths), dtype=np.int32), self._lengths)

    def slice(self, group: int) -> slice:
        """Where the values of a group lie."""
        return slice(int(self._bounds[group]), int(self._bounds[group + 1]))

    def __getitem__(self, group: int) -> tuple[int, ...]:
        return tuple(self.values[self.slice(group)].tolist())
