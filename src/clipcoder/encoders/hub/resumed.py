"""A large file from the hub, which may come in pieces: what a stopped download left is not fetched again.

The hub's client begins anew where a process ended and, in some versions, where a connection broke. So a large
file is completed here, beside the place where the client keeps it, and put there as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from filelock import FileLock

_ATTEMPTS: Final = 8  # to go on after a broken connection, if each brought something


@dataclass(frozen=True)
class ResumedFile:
    """A file in the cache of the hub's client, whole or in part.

    Attributes:
        storage: the folder of its repository in the client's cache.
        sha256: of its bytes; the client keeps it under that name.
        size: its bytes.
    """

    storage: Path
    sha256: str
    size: int

    @property
    def whole(self) -> Path:
        """Where the client keeps it."""
        return self.storage / "blobs" / self.sha256

    @property
    def part(self) -> Path:
        """Where its first bytes wait for the rest."""
        return self.whole.with_name(f"{self.sha256}.incomplete")

    def begun(self) -> int:
        """Return how many of its bytes are there; more than it has are none of its own."""
        length = self._length()
        return length if length <= self.size else 0

    def to_come(self) -> int:
        """Return how many of its bytes are still to be fetched."""
        return 0 if self.whole.exists() else self.size - self.begun()

    def complete(self, url: str, name: str) -> None:
        """Fetch what is missing; processes wait for each other.

        Args:
            url: where it is.
            name: what the progress bar calls it.

        Raises:
            Exception: whatever the client, the network or the disk raise; the next call goes on from there.
        """
        lock = self.storage.parent / ".locks" / self.storage.name / f"{self.part.name}.lock"
        for folder in (self.whole.parent, lock.parent):
            folder.mkdir(parents=True, exist_ok=True)
        with FileLock(lock):
            for attempts_left in reversed(range(_ATTEMPTS)):
                if self.whole.exists():
                    return
                begun = self.begun()
                try:
                    self._append(url, name, begun)
                except Exception as error:
                    on_disk = isinstance(error, OSError) and error.errno is not None
                    if on_disk or self._length() <= begun or not attempts_left:
                        raise
                else:
                    self.part.replace(self.whole)

    def _length(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _append(self, url: str, name: str, begun: int) -> None:
        from huggingface_hub.file_download import http_get
        from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

        headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
        with self.part.open("ab" if begun else "wb") as file:
            http_get(
                url,
                file,
                resume_size=begun,
                headers=headers,
                expected_size=self.size,
                displayed_filename=name,
            )
