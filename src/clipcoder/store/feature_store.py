"""The folder of all kept features, and the shelves that are open in it."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from clipcoder.paths import cache_folder
from clipcoder.store import inventory
from clipcoder.store.complaint import Complaint
from clipcoder.store.identity import EncoderIdentity
from clipcoder.store.inventory import StoredEncoder
from clipcoder.store.part_folder import PartFolder
from clipcoder.store.shelf import Kind, Shelf

Shelves = dict[tuple[EncoderIdentity, str], Shelf]


class FeatureStore:
    """Features of any number of encoders. Threads may share it, and other processes may use the same folder.

    What waits to be written is written by ``flush`` and ``close``, when the store is no longer referred to,
    and when the interpreter exits. A folder that cannot be written to, or a disk that is full, costs one
    warning (logger ``clipcoder``), after which nothing is kept.

    Args:
        folder: where to keep them; by default ``features`` in ``clipcoder.paths.cache_folder()``. It is made
            when there is something to write.

    Example:
        >>> import tempfile
        >>> from clipcoder.store.keys import text_key
        >>> identity = EncoderIdentity("my encoder", "0123456789abcdef", 2, "float32")
        >>> with FeatureStore(Path(tempfile.mkdtemp())) as store:
        ...     shelf = store.shelf(identity, "texts")
        ...     shelf.put([text_key("a cat")], [[0.6, 0.8]])
        ...     rows, found = shelf.get([text_key("a cat"), text_key("a dog")])
        >>> found
        array([ True, False])
        >>> rows
        array([[0.6, 0.8],
               [0. , 0. ]], dtype=float32)
        >>> [(encoder.name, encoder.texts) for encoder in store.info()]
        [('my encoder', 1)]
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or cache_folder() / "features"
        self._complaint = Complaint(self.folder)
        self._lock = threading.Lock()
        self._shelves: Shelves = {}
        weakref.finalize(self, _flush, self._shelves)

    def shelf(self, identity: EncoderIdentity, kind: Kind) -> Shelf:
        """Return the features of an encoder for one kind of input; nothing is read yet."""
        with self._lock:
            if (identity, kind) not in self._shelves:
                parts = PartFolder(self.folder, identity, kind, self._complaint)
                self._shelves[identity, kind] = Shelf(parts, identity.dim, self._complaint)
            return self._shelves[identity, kind]

    def flush(self) -> None:
        """Write everything that waits."""
        _flush(self._shelves)

    def close(self) -> None:
        """Write everything that waits; the store can be used again."""
        self.flush()

    def info(self) -> list[StoredEncoder]:
        """Return what is kept on the disk, encoder by encoder, the one that was used last in front."""
        return inventory.stored_encoders(self.folder)

    def clear(self, encoders: Iterable[StoredEncoder] | None = None) -> int:
        """Remove the features of some encoders, or of all; other processes may go on working.

        Returns:
            How many bytes that freed.

        Raises:
            InvalidInputError: another process is merging and does not come to an end, or the folder may not
                be written to.
        """
        return inventory.clear(self.folder, self.info() if encoders is None else encoders)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _flush(shelves: Shelves) -> None:
    for shelf in list(shelves.values()):
        shelf.flush()
