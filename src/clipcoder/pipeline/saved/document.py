"""``classifier.json``: what a saved classifier says of itself, sealed so that damage is noticed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from clipcoder import __version__
from clipcoder.bank import PairBank, TextBank
from clipcoder.bank.files import laid_out
from clipcoder.encoders.json_file import JsonFile, is_count
from clipcoder.errors import InvalidInputError
from clipcoder.files import system_reason, whole_file
from clipcoder.pipeline.saved.made_with import MadeWith
from clipcoder.pipeline.saved.place import BANK, DOCUMENT, FORMAT, HEAD, PAIRS, standing

VERSION: Final = 1
"""Of the schema (``assets/schemas/classifier.json``); to be raised whenever an older reader would err."""


def write_document(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write the document beside the other files of a folder, which it lists with their checksums.

    Raises:
        OSError: the system refuses.
    """
    content = {
        "format": FORMAT,
        "version": VERSION,
        "written": {"by": f"clipcoder {__version__}", "at": datetime.now(UTC).isoformat(timespec="seconds")},
        **facts,
        "files": {file.name: _sha256(file.read_bytes()) for file in sorted(folder.iterdir())},
    }
    with whole_file(folder / DOCUMENT) as file:
        file.write(f"{laid_out({**content, 'checksum': _seal(content)})}\n".encode())


@dataclass(frozen=True)
class SavedFolder:
    """A saved classifier on the disk, whose document has been read.

    Attributes:
        path: what the user calls it.
        folder: where it is.
        document: its ``classifier.json``, complete and of a version that can be read.
    """

    path: Path
    folder: Path
    document: JsonFile

    @classmethod
    def open(cls, path: Path) -> SavedFolder:
        """Read the document.

        Raises:
            InvalidInputError: there is no saved classifier, it is damaged, or it is of a newer version.
        """
        folder = standing(path)
        if not (folder / DOCUMENT).is_file():
            raise InvalidInputError(f"'{path}' is no saved classifier: {_lacking(folder)}")
        document = JsonFile.read(folder / DOCUMENT)
        if document.values.get("format") != FORMAT:
            raise InvalidInputError(
                f"'{path}' is no saved classifier: the format of its {DOCUMENT} must be {FORMAT!r}, "
                f"but it is {json.dumps(document.values.get('format'))[:40]}"
            )
        version = document.value("version", is_count, "a whole number")
        if version > VERSION:
            raise InvalidInputError(
                f"'{path}' has version {version} of the format, and this clipcoder {__version__} reads "
                f"{VERSION}; install the newest clipcoder"
            )
        content = {key: value for key, value in document.values.items() if key != "checksum"}
        if document.values.get("checksum") != _seal(content):
            raise damaged(path, DOCUMENT)
        return cls(path, folder, document)

    def read(self, name: str) -> bytes:
        """Return what a file held when it was saved.

        Raises:
            InvalidInputError: it is gone, cannot be read, or holds something else.
        """
        try:
            content = (self.folder / name).read_bytes()
        except OSError as error:
            raise InvalidInputError(
                f"'{self.path}' is incomplete: the system says of its {name}: {system_reason(error)}; "
                "save the classifier again, or get the whole folder"
            ) from error
        if _sha256(content) != self._files()[name]:
            raise damaged(self.path, name)
        return content

    def bank(self) -> TextBank | None:
        """Return the texts, if there are any; errors are those of ``read`` and of ``TextBank.load``."""
        return TextBank.load(self._checked(BANK)) if BANK in self._files() else None

    def pairs(self) -> PairBank | None:
        """Return the one-to-one texts, if there are any; errors are those of ``bank``."""
        return PairBank.load(self._checked(PAIRS)) if PAIRS in self._files() else None

    def classes(self) -> list[Any]:
        """Return the class names, or labels of another type.

        Raises:
            InvalidInputError: they are none.
        """
        names: list[Any] = self.document.value(
            "classes", _are_classes, "a list of different names or numbers"
        )
        return names

    def made_with(self) -> MadeWith | None:
        """Return which encoder the classifier was made with; None if it was made from features.

        Raises:
            InvalidInputError: a fact about it that is none.
        """
        if self.document.values.get("encoder") is None:
            return None
        return MadeWith.read(self.document.section("encoder"))

    def _checked(self, name: str) -> Path:
        self.read(name)
        return self.folder / name

    def _files(self) -> Mapping[str, str]:
        files: Mapping[str, str] = self.document.value(
            "files",
            lambda v: isinstance(v, dict) and {HEAD} <= v.keys() <= {HEAD, BANK, PAIRS},
            f"an object with the checksum of {HEAD}, and of {BANK} and {PAIRS} where there are any",
        )
        return files


def damaged(path: Path, name: str) -> InvalidInputError:
    """Return the error for a file that is not what was saved."""
    return InvalidInputError(
        f"'{path}' is damaged: its {name} is not what was saved; save the classifier again, or get the whole "
        "folder again"
    )


def _lacking(folder: Path) -> str:
    if folder.is_dir():
        return f"the folder has no {DOCUMENT}; name one that clipcoder fit or save wrote"
    if folder.exists():
        return "a saved classifier is a folder, and this is a file; name the folder"
    return "there is no such folder; clipcoder fit or save writes one"


def _seal(content: Mapping[str, Any]) -> str:
    """Return the checksum of a document without its own, however it is laid out."""
    return _sha256(json.dumps(content, sort_keys=True).encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _are_classes(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) > 0
        and all(isinstance(name, str | int | float) for name in value)
        and len({type(name) for name in value}) == 1
        and len(set(value)) == len(value)
    )
