"""A folder of results: ``rows.jsonl``, one row a line, and ``predictions/ID.npz``, what each row predicted.

A row is written after its predictions and in one piece, so that whatever kills a run leaves whole rows and at
most one half of a line behind them, which is dropped. One run at a time writes into a folder.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, IntArray
from clipcoder.benchmark.row import Row
from clipcoder.errors import InvalidInputError
from clipcoder.files import remove_abandoned, system_reason, whole_file

__all__ = ["Predictions", "Results", "Row", "read_rows"]

ROWS: Final = "rows.jsonl"
PREDICTIONS: Final = "predictions"

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a row predicted, in the order of the evaluated split.

    Attributes:
        labels: the class of each image, of shape (n,).
        predictions: the class that it was given, of shape (n,); -1 for one that could not be read.
        confidence: the probability of that class, float32 of shape (n,); 0 for one that could not be read.
        class_names: the C classes in the order of the labels; empty in a file that does not have them.
    """

    labels: IntArray
    predictions: IntArray
    confidence: FloatArray
    class_names: tuple[str, ...] = ()


class Results:
    """A folder of results, which need not exist yet.

    >>> Results("results").rows()
    []
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    def rows(self) -> list[Row]:
        """Return the rows in the order in which they were made; of two of one id, the later one.

        Raises:
            InvalidInputError: the file cannot be read, or a line is no row.
        """
        return list({row.id: row for row in self._content().rows}.values())

    def append(
        self,
        row: Row,
        labels: npt.ArrayLike,
        predictions: npt.ArrayLike,
        confidence: npt.ArrayLike,
        class_names: Sequence[str] = (),
    ) -> None:
        """Write a row and what it predicted, arrays as in ``Predictions``; only inside ``writing``.

        Raises:
            OSError: the folder cannot be written to, or the disk is full.
        """
        folder = self.folder / PREDICTIONS
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(self._predictions_file(row.id)) as file:
            np.savez_compressed(
                file,
                labels=np.asarray(labels, dtype=np.int64),
                predictions=np.asarray(predictions, dtype=np.int64),
                confidence=np.asarray(confidence, dtype=np.float32),
                class_names=np.asarray(class_names, dtype=np.str_),
            )
        line = json.dumps(row.to_json(), ensure_ascii=False, allow_nan=False) + "\n"
        with (self.folder / ROWS).open("ab") as file:
            file.write(
                line.encode(errors="backslashreplace")
            )  # JSON's own escapes, for names of broken bytes
            file.flush()
            os.fsync(file.fileno())

    def predictions(self, row_id: str) -> Predictions:
        """Return what a row predicted.

        Raises:
            InvalidInputError: there is no such file, or it is damaged.
        """
        path = self._predictions_file(row_id)
        try:
            with np.load(path, allow_pickle=False) as arrays:
                names = tuple(arrays["class_names"].tolist()) if "class_names" in arrays else ()
                labels, predictions = (arrays[name].astype(np.intp) for name in ("labels", "predictions"))
                return Predictions(labels, predictions, arrays["confidence"].astype(np.float32), names)
        except FileNotFoundError as error:
            raise InvalidInputError(
                f"the row {row_id} has no predictions: '{path}' is missing; remove its line from {ROWS} and "
                "run again"
            ) from error
        except Exception as error:  # a damaged archive fails in many ways
            raise InvalidInputError(
                f"'{path}' must hold the arrays of a row, but it cannot be read; remove its line from {ROWS} "
                "and run again"
            ) from error

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other runs out of the folder, and mend what a killed one left behind.

        Raises:
            InvalidInputError: another run is writing, the folder cannot be written to, or a line is no row.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.folder / f".{ROWS}.lock")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout as error:
            raise InvalidInputError(
                f"another run is writing into '{self.folder}'; wait for it, or name another folder"
            ) from error
        except (OSError, NotImplementedError) as error:
            reason = system_reason(error) if isinstance(error, OSError) else "it takes no locks"
            raise InvalidInputError(
                f"cannot write into '{self.folder}': {reason}; name another folder"
            ) from error
        try:
            remove_abandoned(self.folder / PREDICTIONS)
            self._mend()
            yield
        finally:
            lock.release()

    def _predictions_file(self, row_id: str) -> Path:
        return self.folder / PREDICTIONS / f"{row_id}.npz"

    def _mend(self) -> None:
        """Cut half a line off, or end a whole one."""
        content = self._content()
        if content.is_whole:
            return
        with (self.folder / ROWS).open("r+b") as file:
            file.truncate(content.length)
            if content.lacks_end:
                file.seek(content.length)
                file.write(b"\n")

    def _content(self) -> _Content:
        path = self.folder / ROWS
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return _Content([], 0, 0, lacks_end=False)
        except OSError as error:
            raise InvalidInputError(f"cannot read '{path}': {system_reason(error)}") from error
        return _parsed(content, path)


def read_rows(folder: str | os.PathLike[str]) -> list[Row]:
    """Return the rows of a folder of results in the order in which they were made.

    Raises:
        InvalidInputError: there are none, the file cannot be read, or a line is no row.
    """
    rows = Results(folder).rows()
    if not rows:
        raise InvalidInputError(
            f"there are no results in '{folder}'; clipcoder bench run --out '{folder}' makes some"
        )
    return rows


class _Content(NamedTuple):
    """The rows of a file, how many bytes it has, and up to which of them they are rows."""

    rows: list[Row]
    size: int
    length: int
    lacks_end: bool

    @property
    def is_whole(self) -> bool:
        return self.size == self.length and not self.lacks_end


def _parsed(content: bytes, path: Path) -> _Content:
    *whole, last = content.split(b"\n")
    rows = [_row(line, f"'{path}', line {number}") for number, line in enumerate(whole, 1) if line.strip()]
    if not last.strip():
        return _Content(rows, len(content), len(content), lacks_end=False)
    try:
        rows.append(_row(last, ""))
    except InvalidInputError:
        log.warning("the last line of '%s' is half a row, of a run that was killed; it does not count", path)
        return _Content(rows, len(content), len(content) - len(last), lacks_end=False)
    return _Content(rows, len(content), len(content), lacks_end=True)


def _row(line: bytes, spot: str) -> Row:
    try:
        return Row.from_json(json.loads(line))
    except InvalidInputError as error:
        raise InvalidInputError(f"{spot}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"{spot} must be a JSON object; mend or remove it") from error
