"""Keys and the rows that belong to them, so that any process can tell whether what it finds is right."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from clipcoder.store import EncoderIdentity, Shelf

FloatArray = npt.NDArray[np.float32]

DIM = 4
IDENTITY = EncoderIdentity("toy", "0123456789abcdef", DIM, "float32")


def keys_of(numbers: Sequence[int]) -> list[str]:
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in numbers]


def rows_of(keys: Sequence[str]) -> FloatArray:
    """A row that only this key has: its first bytes."""
    return np.array([[b / 255 for b in bytes.fromhex(key[: 2 * DIM])] for key in keys], np.float32)


def put(shelf: Shelf, numbers: Sequence[int]) -> list[str]:
    """Put the rows of some numbers and return their keys."""
    keys = keys_of(numbers)
    shelf.put(keys, rows_of(keys).reshape(-1, DIM))
    return keys


def found(shelf: Shelf, keys: Sequence[str]) -> list[bool]:
    """Look keys up, make sure that whatever is found is right, and say what is."""
    rows, hits = shelf.get(keys)
    expected = np.where(hits[:, None], rows_of(keys).reshape(-1, DIM), 0)
    np.testing.assert_array_equal(rows, expected)
    return [bool(hit) for hit in hits]
