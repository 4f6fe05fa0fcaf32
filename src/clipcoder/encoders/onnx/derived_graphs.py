"""Graphs in other precisions, made once and kept in the cache folder, under ``graphs``."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeVar

from clipcoder.encoders.engine import onnxruntime
from clipcoder.encoders.machine import instructions
from clipcoder.encoders.onnx.graph import Feeds
from clipcoder.encoders.onnx.quantize import RECIPE, Derived, converted, workshops
from clipcoder.errors import InvalidInputError
from clipcoder.files import alone
from clipcoder.paths import cache_folder

FOLDER: Final = "graphs"
_ROOM: Final = 3  # times the size of the original: what is being written, beside its intermediate forms

_log = logging.getLogger("clipcoder")
T = TypeVar("T")


@dataclass(frozen=True)
class DerivedGraph:
    """A graph in another precision than its file, and how it is made.

    Attributes:
        source: the ONNX file, in float32.
        digest: of its weights.
        precision: the other precision.
        dim: width of its features.
        probe: returns what it is compared on, as in ``converted``; called where the graph has to be made.
    """

    source: Path
    digest: str
    precision: Derived
    dim: int
    probe: Callable[[], Feeds]

    @property
    def path(self) -> Path:
        """Where the cache keeps it: named by what it is made of, in which precision, by what, and where.

        Processors without instructions for 8-bit products carry them out in 16 bits, which may overflow: a
        graph in int8 is near enough to float32 only where it was found to be.
        """
        makers = f"onnxruntime{onnxruntime.__version__}-recipe{RECIPE}"
        if self.precision == "int8":
            makers += f"-{instructions()}"
        return cache_folder() / FOLDER / f"{self.digest[:32]}-{self.precision}-{makers}.onnx"

    def open(self, opener: Callable[[Path], T]) -> T:
        """Return what ``opener`` makes of the graph's file; the graph is made first if it is not there.

        A second process waits until the first one has made it. Where the cache folder cannot be written to,
        or is full, the graph is made in a temporary folder, for this time only, and a warning says so.

        Raises:
            MissingExtraError: the package that makes it is not installed.
            InvalidInputError: the graph cannot be had in this precision, or there is no room for it anywhere.
        """
        with alone(self.path):
            kept = self._opened(opener)
            if kept is not None:
                return kept
            try:
                self._remove_abandoned()
                self._refuse_full_disk()
                self._make(self.path)
                return opener(self.path)
            except OSError as error:
                reason = error.strerror or error
                _log.warning(
                    "cannot keep a graph in '%s' (%s); it will be made again", self.path.parent, reason
                )
        return self._opened_once(opener)

    def _opened(self, opener: Callable[[Path], T]) -> T | None:
        """Return what was kept; None where nothing was, or something broken."""
        if not self.path.is_file():
            return None
        try:
            return opener(self.path)
        except InvalidInputError:
            _log.warning("'%s' is broken; it is made again", self.path)
            return None

    def _opened_once(self, opener: Callable[[Path], T]) -> T:
        try:
            with TemporaryDirectory(prefix="clipcoder-", ignore_cleanup_errors=True) as folder:
                self._make(path := Path(folder) / self.path.name)
                return opener(path)
        except OSError as error:
            raise InvalidInputError(
                f"there is no room to make '{self.source}' in {self.precision} ({error.strerror or error}); "
                "choose float32, or set CLIPCODER_CACHE to a folder with more room"
            ) from error

    def _make(self, path: Path) -> None:
        converted(self.source, self.precision, path, dim=self.dim, probe=self.probe())

    def _remove_abandoned(self) -> None:
        """Remove what killed processes have left: who holds the lock is alone at work on this graph."""
        for folder in workshops(self.path):
            shutil.rmtree(folder, ignore_errors=True)

    def _refuse_full_disk(self) -> None:
        files = self.source.parent.iterdir()  # weights may lie beside the graph, under any names
        needed = _ROOM * sum(file.stat().st_size for file in files if file.is_file())
        free = shutil.disk_usage(self.path.parent).free
        if free < needed:
            raise OSError(f"{needed // 1_000_000:,} MB needed, {free // 1_000_000:,} MB free")
