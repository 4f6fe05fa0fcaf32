"""A piece of a table of embeddings: what has become of consecutive inputs, in memory and as a file."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from clipcoder.arrays import FloatArray
from clipcoder.files import whole_file
from clipcoder.store.identity import FINGERPRINT_KEY
from clipcoder.store.parquet import embedding_table, opened, write_tables

if TYPE_CHECKING:
    import pyarrow as pa

ROWS: Final = 1024
"""Inputs in a piece: what a run that is killed may have to do again."""

SECONDS: Final = 30.0
"""After which a piece is written, however few inputs are in it."""

SUFFIX: Final = ".parquet"

_INPUTS: Final = b"clipcoder.inputs"
_FAILURES: Final = b"clipcoder.failures"
_ONE_GROUP: Final = 1 << 62

Failure = tuple[str, str]
"""The name of an input that could not be encoded, and the reason."""


@dataclass
class Piece:
    """What has become of consecutive inputs.

    Attributes:
        start: the position of the first one among all inputs.
        stamps: what tells each input from any other, and from itself when its content changes.
        names: of those that could be encoded.
        rows: their embeddings.
        failures: the others.
        begun: when it was begun, in seconds.
    """

    start: int
    stamps: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    rows: list[FloatArray] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)

    @property
    def end(self) -> int:
        """The position of the first input after it."""
        return self.start + len(self.stamps)

    @property
    def full(self) -> bool:
        """Whether it is time to write it."""
        return len(self.stamps) >= ROWS or time.monotonic() - self.begun >= SECONDS

    def write(self, folder: Path, schema: pa.Schema) -> None:
        """Write it as a file, which is whole or absent.

        Raises:
            OSError: the folder cannot be written to, or the disk is full.
        """
        rows = np.reshape(self.rows, (len(self.rows), schema.field("embedding").type.list_size))
        facts = {_INPUTS: digest(self.stamps), _FAILURES: json.dumps(self.failures)}
        described = schema.with_metadata({**schema.metadata, **facts})
        with whole_file(folder / f"{self.start:012}-{self.end:012}{SUFFIX}") as file:
            write_tables(
                file, described, [embedding_table(self.names, rows, described)], group_bytes=_ONE_GROUP
            )


@dataclass(frozen=True)
class FinishedPiece:
    """A piece on the disk, as far as its name and its head tell.

    Attributes:
        path: the file.
        start: the position of its first input among all inputs.
        end: the position of the first input after it.
        fingerprint: of the encoder.
        column: what the inputs are, ``"path"`` or ``"text"``.
        inputs: a digest of the inputs' stamps.
        failures: those that could not be encoded.
    """

    path: Path
    start: int
    end: int
    fingerprint: str
    column: str
    inputs: str
    failures: tuple[Failure, ...]

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Read the head of a file; None where it is no piece.

        Raises:
            OSError: the system does not give it, though it may be one.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            schema = pq.read_schema(opened(path))
            said = {key: value.decode() for key, value in schema.metadata.items()}
            start, end = map(int, path.stem.split("-"))
            failures = tuple((name, reason) for name, reason in json.loads(said[_FAILURES]))
            return cls(path, start, end, said[FINGERPRINT_KEY], schema.names[0], said[_INPUTS], failures)
        except (pa.ArrowException, ValueError, KeyError, AttributeError):
            return None
        except OSError as error:
            if error.errno is None:  # Arrow's word for a file that makes no sense
                return None
            raise

    def table(self) -> pa.Table:
        """Read its rows.

        Raises:
            OSError, pyarrow.ArrowException: the file is damaged.
        """
        import pyarrow.parquet as pq

        return pq.read_table(opened(self.path), page_checksum_verification=True)

    def holds(self, stamps: Sequence[str]) -> bool:
        """Whether these are its inputs."""
        return len(stamps) == self.end - self.start and digest(stamps) == self.inputs


def digest(stamps: Sequence[str]) -> str:
    """Return one digest for the stamps of a piece.

    >>> digest(["ab", "c"]) == digest(["a", "bc"])
    False
    """
    return hashlib.sha256(json.dumps(list(stamps)).encode()).hexdigest()
