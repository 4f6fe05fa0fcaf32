"""Where each of millions of keys is, in 12 bytes a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from clipcoder.errors import InvalidInputError

Heads = npt.NDArray[np.uint64]
"""The first 16 digits of each key as a number."""

DIGITS: Final = 64
"""Characters of a key."""

_HEAD: Final = 16
_BAD: Final = 255
_VALUES: Final = np.full(256, _BAD, dtype=np.uint8)
_VALUES[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)


def key_heads(keys: Sequence[str]) -> Heads:
    """Return the first 16 digits of keys as numbers.

    Raises:
        InvalidInputError: a key that is not 64 hexadecimal digits in lower case.

    >>> key_heads(["00000000000000ff" + 48 * "0"])
    array([255], dtype=uint64)
    """
    try:
        if any(len(key) != DIGITS for key in keys):
            raise ValueError
        return heads(np.frombuffer("".join(keys).encode("ascii"), np.uint8).reshape(-1, DIGITS))
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            "keys must be a list of SHA-256 digests, each 64 hexadecimal digits in lower case; "
            "bytes_key and text_key make them"
        ) from error


def heads(characters: npt.NDArray[np.uint8]) -> Heads:
    """Return the same for keys as a matrix of ASCII codes, uint8 of shape (n, 64).

    Raises:
        ValueError: a character among the first 16 that is no hexadecimal digit.
    """
    values = _VALUES[characters[:, :_HEAD]]
    if (values == _BAD).any():
        raise ValueError("a key that is no hexadecimal digest")
    pairs = np.ascontiguousarray(values[:, ::2] << 4 | values[:, 1::2])
    return pairs.view(">u8").ravel().astype(np.uint64)


class DigestIndex:
    """Finds the rows of keys by their first 16 digits.

    Two keys with the same first 16 digits are as good as impossible (1 in 400,000 for ten million rows), and
    whoever reads the row compares the whole key: then one of the two is not found, and encoded again.

    Args:
        heads: the keys' first digits, in the order of the rows.

    Example:
        >>> index = DigestIndex(key_heads([64 * "b", 64 * "a"]))
        >>> index.find(key_heads([64 * "a", 64 * "c", 64 * "b"]))
        array([ 1, -1,  0])
    """

    def __init__(self, heads: Heads) -> None:
        order = np.argsort(heads, kind="stable")
        self._heads = heads[order]
        self._rows = order.astype(np.uint32)

    def find(self, heads: Heads) -> npt.NDArray[np.int64]:
        """Return the row of each key, -1 where there is none."""
        if not len(self._heads):
            return np.full(len(heads), -1)
        place = np.minimum(np.searchsorted(self._heads, heads), len(self._heads) - 1)
        return np.where(self._heads[place] == heads, self._rows[place].astype(np.int64), -1)
