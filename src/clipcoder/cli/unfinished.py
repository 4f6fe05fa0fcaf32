"""A table of embeddings on its way: its pieces in a folder beside the target, so that nothing is lost."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from filelock import FileLock, Timeout

from clipcoder import __version__
from clipcoder.cli.inputs import check_writable, tell
from clipcoder.cli.pieces import SUFFIX, Failure, FinishedPiece, Piece
from clipcoder.errors import InvalidInputError
from clipcoder.files import first_sentence, whole_file
from clipcoder.store.identity import EncoderIdentity
from clipcoder.store.parquet import embedding_schema, write_tables

if TYPE_CHECKING:
    import pyarrow as pa

_GROUP_BYTES: Final = 32 << 20


class UnfinishedTable:
    """The folder ``TARGET.unfinished``; as a context manager it makes the folder, locks it and tidies up.

    A piece says which inputs it is about, so that a later run takes over the pieces whose inputs are still
    the same and makes the rest anew. The target appears when it is whole, and the folder goes.

    Args:
        target: the Parquet file to be.
        column: what the inputs are, ``"path"`` or ``"text"``.

    Raises:
        InvalidInputError: the target is no Parquet file or cannot be written, or another process writes it.
    """

    def __init__(self, target: Path, column: str) -> None:
        if target.suffix.lower() != SUFFIX:
            raise InvalidInputError(f"--out must name a file that ends in {SUFFIX}, got '{target}'")
        self.target = target
        self.failures_file = target.with_suffix(".errors.csv")
        self._column = column
        self._folder = target.with_name(f"{target.name}.unfinished")
        self._lock = FileLock(self._folder / ".lock", timeout=0)

    def __enter__(self) -> Self:
        check_writable(self.target, "--out", self._begin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._piece_files():
            shutil.rmtree(self._folder, ignore_errors=True)
        elif isinstance(error, KeyboardInterrupt):
            tell(f"what is finished is kept in '{self._folder}'; the same command goes on there")
        self._lock.release()

    def resume(self, identity: EncoderIdentity, stamps: Iterator[str]) -> int:
        """Take over what is finished, and remove pieces about other inputs.

        Args:
            identity: the encoder.
            stamps: of all inputs, in their order; taken no further than there are pieces.

        Returns:
            How many inputs, from the first one on, need not be encoded again.

        Raises:
            InvalidInputError: another encoder has made the pieces.
        """
        pieces = self._pieces()
        if any((piece.fingerprint, piece.column) != (identity.fingerprint, self._column) for piece in pieces):
            raise InvalidInputError(
                f"'{self._folder}' holds unfinished work with another model, precision or kind of input; "
                "finish that, name another --out, or delete the folder"
            )
        end, same = 0, True
        for piece in pieces:
            same = same and piece.start == end and piece.holds(list(islice(stamps, piece.end - end)))
            if same:
                end = piece.end
            else:
                piece.path.unlink()
        return end

    def write(self, piece: Piece, identity: EncoderIdentity) -> None:
        """Put a piece beside the others.

        Raises:
            OSError: the folder cannot be written to, or the disk is full.
        """
        piece.write(self._folder, self._schema(identity))

    def finish(self, identity: EncoderIdentity, count: int) -> tuple[int, int]:
        """Join the pieces and put the table in its place; name the failures in a file beside it, if any.

        Args:
            identity: the encoder.
            count: how many inputs there are, which the pieces must account for.

        Returns:
            How many embeddings there are, and how many failures.

        Raises:
            InvalidInputError: a piece has been damaged or removed since it was written.
            OSError: there is no room, or the place can no longer be written to.
        """
        pieces = self._pieces()
        if [piece.start for piece in pieces] + [count] != [0, *(piece.end for piece in pieces)]:
            raise InvalidInputError(
                f"a finished piece of the table in '{self._folder}' is gone or damaged; run the command again"
            )
        failures = [failure for piece in pieces for failure in piece.failures]
        whole = self._folder / "whole"
        with whole_file(whole) as file:
            write_tables(file, self._schema(identity), map(_table, pieces), group_bytes=_GROUP_BYTES)
        self._write_failures(failures)
        whole.replace(self.target)
        shutil.rmtree(self._folder, ignore_errors=True)
        return count - len(failures), len(failures)

    def _begin(self) -> None:
        self._folder.mkdir(exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout as error:
            raise InvalidInputError(
                f"another process is writing '{self.target}'; wait for it or name another file"
            ) from error
        except NotImplementedError as error:
            raise InvalidInputError(
                f"--out cannot write '{self.target}', which lies on a file system without locks; name a file "
                "on another one"
            ) from error
        for draft in self._folder.glob(".*.tmp"):
            draft.unlink()

    def _pieces(self) -> list[FinishedPiece]:
        return [piece for piece in map(FinishedPiece.read, self._piece_files()) if piece]

    def _piece_files(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{SUFFIX}"))

    def _schema(self, identity: EncoderIdentity) -> pa.Schema:
        facts = {**identity.metadata(), b"clipcoder.version": __version__.encode()}
        return embedding_schema(self._column, identity.dim).with_metadata(facts)

    def _write_failures(self, failures: Sequence[Failure]) -> None:
        if not failures:
            self.failures_file.unlink(missing_ok=True)  # of an earlier table
            return
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([(self._column, "error"), *failures])
        with whole_file(self.failures_file) as file:
            file.write(text.getvalue().encode())


def _table(piece: FinishedPiece) -> pa.Table:
    import pyarrow as pa

    try:
        return piece.table()
    except (OSError, pa.ArrowException) as error:
        piece.path.unlink(missing_ok=True)
        raise InvalidInputError(
            f"a finished piece of the table was damaged ({first_sentence(error)}) and has been removed; "
            "run the command again"
        ) from error
