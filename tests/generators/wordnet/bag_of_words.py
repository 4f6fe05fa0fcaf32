"""A text encoder whose cosines count shared words, so that tests can say which definition is near."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


class BagOfWords:
    """Hashes words into buckets; ``calls`` records the batches, ``synonyms`` puts words into one bucket."""

    def __init__(self, synonyms: dict[str, str] | None = None, dim: int = 4096) -> None:
        self.calls: list[list[str]] = []
        self._synonyms = synonyms or {}
        self._dim = dim

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.calls.append(list(texts))
        rows = np.full((len(texts), self._dim), 1e-6, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                row[zlib.crc32(self._synonyms.get(word, word).encode()) % self._dim] += 1
        unit: npt.NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit
