"""Trust on first use: the commit that a repository was at when first fetched, and what its files held.

A name of a model says nothing about the bytes behind it, and a repository can change. So the first fetch is
remembered: later ones ask for the same commit, and files are compared with what they were.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from clipcoder.errors import InvalidInputError
from clipcoder.files import alone, whole_file
from clipcoder.paths import cache_folder

FILE: Final = "pins.json"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SeenFile:
    """What a file was when its bytes were last read.

    Attributes:
        sha256: of its bytes, hexadecimal.
        size: its bytes.
        mtime_ns: when it was last written, nanoseconds since 1970.
    """

    sha256: str
    size: int
    mtime_ns: int

    @classmethod
    def read(cls, path: Path) -> SeenFile:
        """Read the bytes of a file."""
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(digest, status.st_size, status.st_mtime_ns)

    def untouched(self, path: Path) -> bool:
        """Whether a file has the size and the time of writing that it had: then it is not read again."""
        status = path.stat()
        return (status.st_size, status.st_mtime_ns) == (self.size, self.mtime_ns)


SeenFiles = Mapping[str, SeenFile]
"""The files of a commit, by their paths in the repository."""


@dataclass(frozen=True)
class Sight:
    """What one fetch saw.

    Attributes:
        repository: ``OWNER/REPOSITORY``.
        commit: the commit.
        files: all of its files.
        revision: the tag or branch that was asked for, if one was.
        pin: whether the repository is pinned to the commit: no, only if it has no pin, or in any case.
    """

    repository: str
    commit: str
    files: SeenFiles
    revision: str | None = None
    pin: Literal["never", "first", "always"] = "first"

    def added_to(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the content of the file of pins, with this added."""
        entry = dict(content.get(self.repository, {}))
        files = {name: asdict(seen) for name, seen in self.files.items()}
        entry["seen"] = {**entry.get("seen", {}), self.commit: files}
        if self.revision and self.revision != self.commit:
            entry["revisions"] = {**entry.get("revisions", {}), self.revision: self.commit}
        if self.pin == "always" or (self.pin == "first" and "commit" not in entry):
            entry["commit"] = self.commit
        return {**content, self.repository: entry}


class Pins:
    """The pins of this machine, in one JSON file that processes may share.

    ``{"OWNER/NAME": {"commit": "...", "revisions": {"TAG": "..."}, "seen": {"COMMIT": {"FILE": {...}}}}}``

    Args:
        path: the file, which need not exist; by default ``pins.json`` in the folder of all caches.

    Raises:
        InvalidInputError: the file is not one of pins. What is no longer known must not pass for never seen.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or cache_folder() / FILE
        self._content = self._read()

    @property
    def repositories(self) -> tuple[str, ...]:
        """All repositories that are pinned."""
        return tuple(repository for repository in self._content if self.commit(repository))

    def commit(self, repository: str) -> str | None:
        """Return the commit that a repository is pinned to, if it is."""
        commit: str | None = self._content.get(repository, {}).get("commit")
        return commit

    def seen(self, repository: str, commit: str) -> SeenFiles:
        """Return what the files of a commit were; empty where it was never fetched."""
        files = self._content.get(repository, {}).get("seen", {}).get(commit, {})
        return {name: SeenFile(**facts) for name, facts in files.items()}

    def commit_of(self, repository: str, revision: str) -> str | None:
        """Return the commit that a tag or branch was when it was last asked for."""
        commit: str | None = self._content.get(repository, {}).get("revisions", {}).get(revision)
        return commit

    def remember(self, sight: Sight) -> None:
        """Write down what was seen, if it is news. Where that cannot be written, a message is logged."""
        if sight.added_to(self._content) == self._content:
            return
        try:
            with alone(self.path):
                self._content = sight.added_to(self._read())
                with whole_file(self.path) as file:
                    file.write((json.dumps(self._content, indent=1, sort_keys=True) + "\n").encode())
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            _log.warning(
                "cannot write '%s': %s; next time %s is trusted anew", self.path, reason, sight.repository
            )

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            return _checked(content)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise InvalidInputError(f"cannot read '{self.path}': {str(error.strerror).lower()}") from error
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
            raise InvalidInputError(
                f"'{self.path}' must hold the pins of published models, but it is damaged; delete it, and "
                "what is fetched next is trusted anew"
            ) from error


def _checked(content: dict[str, Any]) -> dict[str, Any]:
    """Return the pins if they can be worked with; whatever is raised otherwise says that they cannot."""
    for entry in content.values():
        commits = [entry.get("commit", ""), *entry.get("revisions", {}).values()]
        if not all(isinstance(commit, str) for commit in commits):
            raise TypeError
        for files in entry["seen"].values():
            for facts in files.values():
                SeenFile(**facts)
    return content
