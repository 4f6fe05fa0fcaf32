"""A text as the sum of its pieces' vectors: the starter's text tower, distilled from a sentence encoder.

Pieces are word pieces and the pairs of neighbouring pieces that the table knows ("great white"). Vectors are
stored as 4-bit numbers, two in a byte, with one scale a row; only the rows that a text needs are unpacked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from clipcoder.encoders.starter.text_space import FloatArray, unit

_ZERO: Final = 8  # the stored number that stands for 0: 0..15 are -8..7
MAX_PIECES: Final = 64


@dataclass(frozen=True)
class WordTable:
    """Vectors of word pieces and of known pairs of them.

    Attributes:
        tokenizer: text to ids of pieces, without special tokens; ids are rows of the table.
        packed: uint8 of shape (n_pieces + n_pairs, dim / 2).
        scales: float32 of shape (n_pieces + n_pairs,).
        pairs: int32 of shape (n_pairs, 2), ids of neighbouring pieces in ascending order; pair i is row
            n_pieces + i.
    """

    tokenizer: Tokenizer
    packed: npt.NDArray[np.uint8]
    scales: FloatArray
    pairs: npt.NDArray[np.int32]

    def __call__(self, texts: Sequence[str]) -> FloatArray:
        """Return unit rows of shape (n, dim); a text without a known piece is 0 before it is scaled."""
        sums = np.zeros((len(texts), 2 * self.packed.shape[1]), dtype=np.float32)
        rows, owners = self._rows(texts)
        if len(rows):
            used, where = np.unique(rows, return_inverse=True)
            starts = np.flatnonzero(np.r_[True, owners[1:] != owners[:-1]])
            sums[owners[starts]] = np.add.reduceat(self._vectors(used)[where], starts, axis=0)
        return unit(sums)

    def _rows(self, texts: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the table's rows for all texts, and which text each is for, in the order of the texts."""
        encodings = self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        ids = [encoding.ids[:MAX_PIECES] for encoding in encodings]
        pieces = np.array([piece for row in ids for piece in row], dtype=np.int64)
        owners = np.repeat(np.arange(len(ids)), [len(row) for row in ids])
        n_pieces = len(self.packed) - len(self.pairs)
        key = _key(pieces[:-1], pieces[1:], n_pieces)
        first, second = self.pairs.T.astype(np.int64)
        known = _key(first, second, n_pieces)
        place = np.searchsorted(known, key).clip(max=len(known) - 1)
        found = (
            (known[place] == key) & (owners[1:] == owners[:-1]) if len(known) else np.zeros(len(key), bool)
        )
        rows = np.r_[pieces, n_pieces + place[found]]
        owner = np.r_[owners, owners[1:][found]]
        order = np.argsort(owner, kind="stable")
        return rows[order], owner[order]

    def _vectors(self, rows: npt.NDArray[np.int64]) -> FloatArray:
        return unpacked(self.packed[rows], self.scales[rows])


def _key(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], n_pieces: int) -> npt.NDArray[np.int64]:
    return first * n_pieces + second


def packed(table: FloatArray) -> tuple[npt.NDArray[np.uint8], FloatArray]:
    """Round each row of an (n, d) table to 16 levels; the inverse of ``unpacked`` up to rounding.

    The scale of a row is the one, of a few, that loses least.

    Returns:
        uint8 of shape (n, d / 2), two numbers in a byte, and float32 scales of shape (n,).
    """
    largest = np.maximum(np.abs(table).max(axis=1), 1e-12) / 7
    tried = (
        np.stack([largest * shrink for shrink in np.linspace(0.6, 1.0, 9)])
        .astype(np.float16)
        .astype(np.float32)
    )
    loss = [((table - _levels(table, scale) * scale[:, None]) ** 2).sum(axis=1) for scale in tried]
    scales: FloatArray = tried[np.argmin(loss, axis=0), np.arange(len(table))]
    levels = (_levels(table, scales) + _ZERO).astype(np.uint8)
    halves: npt.NDArray[np.uint8] = levels[:, ::2] << np.uint8(4) | levels[:, 1::2]
    return halves, scales


def unpacked(rows: npt.NDArray[np.uint8], scales: FloatArray) -> FloatArray:
    """Return the float32 vectors (n, d) of packed rows (n, d / 2).

    Example:
        >>> unpacked(*packed(np.float32([[3.5, -0.5, 0.0, 1.5]])))
        array([[ 3.5, -0.5,  0. ,  1.5]], dtype=float32)
    """
    levels = np.stack([rows >> 4, rows & 15], axis=-1).reshape(len(rows), -1)
    return (levels.astype(np.float32) - _ZERO) * scales[:, None]


def _levels(table: FloatArray, scales: FloatArray) -> FloatArray:
    return np.clip(np.round(table / np.maximum(scales, 1e-12)[:, None]), -8, 7)
