"""The parts of one encoder and one kind of input; other processes add to them and merge them at any time."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

from clipcoder.arrays import grouped
from clipcoder.files import first_sentence, remove_abandoned
from clipcoder.store.complaint import LOG, Complaint
from clipcoder.store.digests import Heads, key_heads
from clipcoder.store.identity import EncoderIdentity
from clipcoder.store.label import mark_used, write_label
from clipcoder.store.merging import MergeError, due, merge
from clipcoder.store.parquet import FloatArray, embedding_table
from clipcoder.store.part import SUFFIX, DamagedPartError, Group, Part, part_schema, write_part

if TYPE_CHECKING:
    import pyarrow as pa

BoolArray = npt.NDArray[np.bool_]

DAMAGED: Final = "damaged"
"""The folder beside the kinds into which parts are moved that cannot be read."""

LOCK: Final = ".lock"
"""The file in the folder of all encoders that a process locks while it merges or clears."""

_RETRIES: Final = 5

_LOOK_SECONDS: Final = 1.0  # between two looks for what other processes have written
_HELD_BYTES: Final = 256 << 20  # of embeddings that have been read


class PartFolder:
    """Finds rows in the parts of a folder, adds parts to it and merges them. Threads may share it.

    Args:
        store: the folder of all encoders.
        identity: the encoder.
        kind: ``"images"`` or ``"texts"``.
        complaint: what to say where a part cannot be read.
    """

    def __init__(self, store: Path, identity: EncoderIdentity, kind: str, complaint: Complaint) -> None:
        self._lock_path = store / LOCK
        self._encoder = store / identity.fingerprint
        self._folder = self._encoder / kind
        self._identity = identity
        self._complaint = complaint
        self._lock = threading.RLock()
        self._parts: dict[str, Part] = {}
        self._unusable: set[str] = set()
        self._groups = _RecentGroups()
        self._looked = -np.inf

    def fill(self, keys: Sequence[str], rows: FloatArray, found: BoolArray) -> None:
        """Write the embeddings of keys that are not found yet into their rows, and mark them as found."""
        heads = key_heads(keys)
        with self._lock:
            self._search(keys, heads, rows, found)
            if not found.all() and self._look():
                self._search(keys, heads, rows, found)

    def add(self, keys: Sequence[str], rows: FloatArray) -> None:
        """Write a part.

        Raises:
            OSError: the folder cannot be written to, or the disk is full.
        """
        table = embedding_table(keys, rows, part_schema(self._identity))
        for _ in range(_RETRIES):
            with suppress(FileNotFoundError, FileExistsError):  # another process clears the store right now
                return self._write(table)
        return self._write(table)

    def merge(self) -> None:
        """Merge parts where there are many, unless another process does; it is no matter if it fails."""
        try:
            with FileLock(self._lock_path, timeout=0):
                remove_abandoned(self._folder)
                with self._lock:
                    self._look(always=True)
                    parts = due(list(self._parts.values()))
                if parts:
                    merge(self._folder, self._identity, parts)
        except MergeError as error:
            self._set_aside(error.part.path, str(error))
        except (Timeout, OSError, NotImplementedError):  # the last: a file system without locks
            return
        with self._lock:
            self._look(always=True)

    def _write(self, table: pa.Table) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        write_label(self._encoder, self._identity)
        write_part(self._folder, self._identity, [table])
        with self._lock:
            self._look(always=True)

    def _search(self, keys: Sequence[str], heads: Heads, rows: FloatArray, found: BoolArray) -> None:
        for part in list(self._parts.values()):
            missing = np.flatnonzero(~found)
            if not missing.size:
                return
            places = part.find(heads[missing])
            inputs, places = missing[places >= 0], places[places >= 0]
            groups, positions = part.located(places)
            for group, members in grouped(groups):
                content = self._read(part, group)
                if content is None:
                    break
                for i, position in zip(inputs[members].tolist(), positions[members].tolist(), strict=True):
                    if content.keys[position] == keys[i]:
                        rows[i], found[i] = content.features[position], True

    def _read(self, part: Part, group: int) -> Group | None:
        """Read a group of rows; None where the part turns out to be gone or damaged."""
        known = self._groups.get(part, group)
        if known is not None:
            return known
        try:
            content = part.read(group)
        except FileNotFoundError:  # merged by another process: its rows are in a part that is new to this one
            self._looked = -np.inf
            del self._parts[part.path.name]
            return None
        except DamagedPartError as error:
            self._set_aside(part.path, str(error))
            return None
        except OSError as error:
            self._do_without(part.path, error)
            return None
        self._groups.keep(part, group, content)
        return content

    def _look(self, *, always: bool = False) -> bool:
        """Notice what other processes have written and removed; return whether there is a new part."""
        now = time.monotonic()
        if not always and now - self._looked < _LOOK_SECONDS:
            return False
        if not self._parts:
            mark_used(self._encoder)
        self._looked = now
        paths = {path.name: path for path in self._listed()}
        self._parts = {name: part for name, part in self._parts.items() if name in paths}
        new = [path for name, path in paths.items() if name not in self._parts.keys() | self._unusable]
        opened = {path.name: part for path in new if (part := self._opened(path))}
        self._parts |= opened
        return bool(opened)

    def _listed(self) -> list[Path]:
        try:
            return list(self._folder.glob(f"*{SUFFIX}"))
        except FileNotFoundError:  # another process clears the store right now
            return []
        except OSError as error:
            self._complaint.make("read", error)
            return []

    def _opened(self, path: Path) -> Part | None:
        try:
            return Part(path, self._identity)
        except FileNotFoundError:
            return None
        except DamagedPartError as error:
            self._set_aside(path, str(error))
        except OSError as error:
            self._do_without(path, error)
        return None

    def _set_aside(self, path: Path, reason: str) -> None:
        """Move a damaged part out of the way, where that is allowed, and never look at it again."""
        LOG.warning(
            "set aside a damaged part of the feature cache, '%s' (%s); its features will be made again",
            path,
            first_sentence(reason),
        )
        with suppress(OSError):
            (self._encoder / DAMAGED).mkdir(exist_ok=True)
            path.rename(self._encoder / DAMAGED / f"{path.parent.name}-{path.name}")
        self._forget(path)

    def _do_without(self, path: Path, error: OSError) -> None:
        self._complaint.make("read", error)
        self._forget(path)

    def _forget(self, path: Path) -> None:
        with self._lock:
            self._unusable.add(path.name)
            self._parts.pop(path.name, None)


class _RecentGroups:
    """The groups of rows that were read last, up to a number of bytes."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str, int], Group] = OrderedDict()
        self._bytes = 0

    def get(self, part: Part, group: int) -> Group | None:
        key = (part.path.name, group)
        if key in self._held:
            self._held.move_to_end(key)
        return self._held.get(key)

    def keep(self, part: Part, group: int, content: Group) -> None:
        self._held[part.path.name, group] = content
        self._bytes += content.features.nbytes
        while self._bytes > _HELD_BYTES:
            self._bytes -= self._held.popitem(last=False)[1].features.nbytes
