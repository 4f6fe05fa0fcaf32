"""Whose features they are: what a folder of the store and every Parquet file in it say about the encoder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from clipcoder.errors import InvalidInputError

_PREFIX: Final = "clipcoder."
_DIGEST: Final = re.compile(r"[0-9a-f]{8,128}")


@dataclass(frozen=True)
class EncoderIdentity:
    """An encoder, as far as its features depend on it.

    Attributes:
        name: what people call it; of two names for the same fingerprint the first one stays.
        fingerprint: a hexadecimal digest of weights, preprocessing and precision.
        dim: the length of an embedding.
        precision: the arithmetic of the model.

    Raises:
        InvalidInputError: a fingerprint that is no digest, or a dim that is no positive number.

    Example:
        >>> EncoderIdentity("starter", "0123456789abcdef", 512, "float32").metadata()[b"clipcoder.dim"]
        b'512'
    """

    name: str
    fingerprint: str
    dim: int
    precision: str

    def __post_init__(self) -> None:
        if not (isinstance(self.fingerprint, str) and _DIGEST.fullmatch(self.fingerprint)):
            raise InvalidInputError(
                "a fingerprint must be 8 to 128 hexadecimal digits in lower case, as hashlib makes them, "
                f"but {self.name!r} has {self.fingerprint!r}"
            )
        if self.dim < 1:
            raise InvalidInputError(f"dim must be a positive number, but {self.name!r} has {self.dim}")

    def metadata(self) -> dict[bytes, bytes]:
        """Return what a Parquet file says about the encoder (DuckDB: ``parquet_kv_metadata``)."""
        facts = {
            "model": self.name,
            "fingerprint": self.fingerprint,
            "dim": str(self.dim),
            "precision": self.precision,
        }
        return {f"{_PREFIX}{key}".encode(): value.encode() for key, value in facts.items()}


FINGERPRINT_KEY: Final = f"{_PREFIX}fingerprint".encode()
"""Where a Parquet file says which encoder made it."""
