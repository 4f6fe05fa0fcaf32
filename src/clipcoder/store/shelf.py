"""The features of one encoder and one kind of input: a buffer in memory before the parts on the disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np

from clipcoder.arrays import feature_rows
from clipcoder.errors import InvalidInputError
from clipcoder.store.complaint import Complaint
from clipcoder.store.digests import key_heads
from clipcoder.store.parquet import FloatArray
from clipcoder.store.part_folder import BoolArray, PartFolder

Kind = Literal["images", "texts"]

FLUSH_ROWS: Final = 1024
"""Rows that wait to be written: what a process that is killed may lose."""

FLUSH_SECONDS: Final = 10.0
"""Seconds after which rows are written with the next ones that come, however few they are."""


class Shelf:
    """Gets and puts features by their keys, for any number of threads and processes at once.

    ``FeatureStore.shelf`` makes it.

    Args:
        parts: the parts on the disk.
        dim: the length of an embedding.
        complaint: what to say where nothing can be written; from then on nothing is kept.
    """

    def __init__(self, parts: PartFolder, dim: int, complaint: Complaint) -> None:
        self.dim = dim
        self._parts = parts
        self._complaint = complaint
        self._lock = threading.Lock()
        self._waiting: dict[str, FloatArray] = {}
        self._since = time.monotonic()
        self._writable = True

    def get(self, keys: Sequence[str]) -> tuple[FloatArray, BoolArray]:
        """Look keys up.

        Args:
            keys: SHA-256 digests in hexadecimal, n of them.

        Returns:
            float32 of shape (n, dim), and for each key whether it was found; other rows are zeros.

        Raises:
            InvalidInputError: a key that is no digest.
        """
        rows = np.zeros((len(keys), self.dim), dtype=np.float32)
        found = np.zeros(len(keys), dtype=bool)
        with self._lock:
            for i, key in enumerate(keys):
                if key in self._waiting:
                    rows[i], found[i] = self._waiting[key], True
        if not found.all():
            self._parts.fill(keys, rows, found)
        return rows, found

    def put(self, keys: Sequence[str], rows: FloatArray) -> None:
        """Keep features: soon on the disk, at once for ``get``.

        Args:
            keys: SHA-256 digests in hexadecimal, n of them.
            rows: finite numbers of shape (n, dim).

        Raises:
            InvalidInputError: a key that is no digest, or other rows than these.
        """
        key_heads(keys)
        features = feature_rows(rows, "features", dim=self.dim)
        if len(features) != len(keys):
            raise InvalidInputError(f"there must be a row for each of {len(keys)} keys, got {len(features)}")
        with self._lock:
            if not self._writable:
                return
            if not self._waiting:
                self._since = time.monotonic()
            self._waiting.update(zip(keys, features.copy(), strict=True))
            full = len(self._waiting) >= FLUSH_ROWS or time.monotonic() - self._since >= FLUSH_SECONDS
        if full:
            self.flush()

    def flush(self) -> None:
        """Write what waits. A failure is no error: one warning, and nothing is kept from then on."""
        with self._lock:
            if not self._waiting:
                return
            try:
                self._parts.add(list(self._waiting), np.stack(list(self._waiting.values())))
            except OSError as error:
                self._complaint.make("write to", error)
                self._writable = False
            self._waiting = {}
        if self._writable:
            self._parts.merge()
