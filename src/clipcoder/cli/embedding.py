"""Embedding a long list of inputs piece by piece, from where an earlier run was stopped."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, Self

from clipcoder.arrays import FloatArray, batches
from clipcoder.cli.inputs import read_lines, tell
from clipcoder.cli.pieces import Piece
from clipcoder.cli.progress import progress
from clipcoder.cli.sources import Source, shown
from clipcoder.cli.unfinished import UnfinishedTable
from clipcoder.errors import InvalidInputError, UnreadableImageError

if TYPE_CHECKING:
    from clipcoder.encoders.base import StagedEncoder

_TEXTS: Final = 1024  # that are encoded at a time

Outcome = tuple[str, str, FloatArray | UnreadableImageError]
"""An input's name and stamp, with its embedding, of shape (dim,), or why it cannot be read."""


class Inputs(Protocol):
    """A list of what can be embedded."""

    def __len__(self) -> int: ...

    def stamps(self) -> Iterator[str]:
        """Yield for each input what tells it from any other, and from itself when its content changes."""

    def outcomes(self, encoder: StagedEncoder, start: int) -> Iterator[Outcome]:
        """Embed the inputs from a position on, in their order."""


@dataclass(frozen=True)
class Images:
    """Images by their paths, or by their bytes; a file is known by its path, size and time."""

    sources: Sequence[Source]

    def __len__(self) -> int:
        return len(self.sources)

    def stamps(self) -> Iterator[str]:
        """Yield a stamp for each image."""
        return map(_image_stamp, self.sources)

    def outcomes(self, encoder: StagedEncoder, start: int) -> Iterator[Outcome]:
        """Embed the images from a position on, in their order."""
        from clipcoder.encoders.ahead import encode_ahead

        begun: deque[tuple[str, str]] = deque()

        def sources() -> Iterator[Source]:
            for source in islice(self.sources, start, None):
                begun.append((shown(source), _image_stamp(source)))  # before it is read, lest it change then
                yield source

        for _, outcome in encode_ahead(encoder, sources()):
            yield *begun.popleft(), outcome


@dataclass(frozen=True)
class Texts:
    """Texts, known by their characters."""

    lines: Sequence[str]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file of texts in UTF-8, one a line; empty lines are left out.

        Raises:
            InvalidInputError: the file cannot be read, or holds no text.
        """
        texts = [line for line in read_lines(path, "--texts") if line.strip()]
        if not texts:
            raise InvalidInputError(
                f"there is no text in '{path}'; --texts takes a file with one text a line"
            )
        return cls(texts)

    def __len__(self) -> int:
        return len(self.lines)

    def stamps(self) -> Iterator[str]:
        """Yield each text: it is its own stamp."""
        return iter(self.lines)

    def outcomes(self, encoder: StagedEncoder, start: int) -> Iterator[Outcome]:
        """Embed the texts from a position on, in their order."""
        rest = self.lines[start:]
        for batch in batches(len(rest), _TEXTS):
            for text, row in zip(rest[batch], encoder.encode_texts(rest[batch]), strict=True):
                yield text, text, row


def embed_rest(table: UnfinishedTable, inputs: Inputs, encoder: StagedEncoder) -> None:
    """Embed what an earlier run has not, naming what cannot be read; whatever stops it, nothing is lost.

    Args:
        table: takes the pieces.
        inputs: all inputs.
        encoder: embeds them.

    Raises:
        InvalidInputError: the earlier run had another encoder.
        OSError: a piece cannot be written.
    """
    from clipcoder.cached import identity_of

    identity = identity_of(encoder)
    done = table.resume(identity, inputs.stamps())
    if done:
        tell(f"going on after {done:,} of {len(inputs):,}, which an earlier run has finished")
    piece = Piece(done)
    try:
        for outcome in progress(inputs.outcomes(encoder, done), len(inputs) - done, "embedding"):
            _add(piece, *outcome)
            if piece.full:
                table.write(piece, identity)
                piece = Piece(piece.end)
    finally:
        if piece.stamps:
            table.write(piece, identity)


def _add(piece: Piece, name: str, stamp: str, outcome: FloatArray | UnreadableImageError) -> None:
    piece.stamps.append(stamp)
    if isinstance(outcome, UnreadableImageError):
        tell(str(outcome))
        piece.failures.append((name, outcome.reason))
    else:
        piece.names.append(name)
        piece.rows.append(outcome)


def _image_stamp(source: Source) -> str:
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    try:
        status = Path(source).stat()
    except (OSError, ValueError):
        return f"{shown(source)} absent"
    return f"{shown(source)} {status.st_size} {status.st_mtime_ns}"
