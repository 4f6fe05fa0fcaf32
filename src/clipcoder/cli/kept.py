"""What is kept between runs, other than models that were fetched: features, graphs, paid answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clipcoder.paths import cache_folder

if TYPE_CHECKING:
    from clipcoder.store import StoredEncoder


@dataclass(frozen=True)
class KeptFile:
    """A model's graph in another precision, or its weights; or an answer of a language model.

    Attributes:
        path: the file.
        bytes: its size.
        used: when it was last written or read, in seconds since 1970.
    """

    path: Path
    bytes: int
    used: float


@dataclass(frozen=True)
class Kept:
    """What is kept between runs, or the part of it that is to go.

    Attributes:
        encoders: the features, encoder by encoder.
        graphs: graphs in other precisions.
        answers: answers of language models, which are paid for.
    """

    encoders: Sequence[StoredEncoder] = ()
    graphs: Sequence[KeptFile] = ()
    answers: Sequence[KeptFile] = ()

    @property
    def bytes(self) -> int:
        """The size of all of it."""
        files = *self.graphs, *self.answers
        return sum(encoder.bytes for encoder in self.encoders) + sum(file.bytes for file in files)

    def __bool__(self) -> bool:
        return bool(self.encoders or self.graphs or self.answers)

    def __str__(self) -> str:
        rows = sum(encoder.images + encoder.texts for encoder in self.encoders)
        names = ", ".join(dict.fromkeys(encoder.name for encoder in self.encoders))
        parts = {
            f"{rows:,} features of {names}": self.encoders,
            f"{len(self.graphs)} graphs in other precisions": self.graphs,
            f"{len(self.answers):,} paid answers of language models": self.answers,
        }
        return " and ".join(text for text, kept in parts.items() if kept)

    def unused_since(self, moment: float) -> Kept:
        """Return the part that has not been used after a moment, in seconds since 1970."""
        return Kept(
            [encoder for encoder in self.encoders if encoder.used <= moment],
            [graph for graph in self.graphs if graph.used <= moment],
            [answer for answer in self.answers if answer.used <= moment],
        )


def derived_graphs() -> list[KeptFile]:
    """Return the graphs in the cache folder; what is being written at the moment is not among them."""
    from clipcoder.encoders.onnx.derived_graphs import FOLDER

    paths = sorted((cache_folder() / FOLDER).glob("[!.]*.onnx*"))
    return _kept_files(path for path in paths if path.suffix != ".lock")


def paid_answers() -> list[KeptFile]:
    """Return the answers of language models in the cache folder."""
    from clipcoder.generators.llm.answers import answer_files

    return _kept_files(answer_files())


def _kept_files(paths: Iterable[Path]) -> list[KeptFile]:
    found = []
    for path in paths:
        with suppress(FileNotFoundError):
            status = path.stat()
            found.append(KeptFile(path, status.st_size, max(status.st_atime, status.st_mtime)))
    return found
