"""Archives as trees: zip files, and tar files plain or compressed with gzip, none of them extracted."""

from __future__ import annotations

import io
import logging
import stat
import tarfile
import threading
import zipfile
import zlib
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, cast

from clipcoder.data.trees.gzip_file import GzipFile
from clipcoder.data.trees.tree import NOTHING, Listing, Tree, checked_path, joined
from clipcoder.errors import InvalidInputError
from clipcoder.files import first_sentence, system_reason

_LARGE: Final = 2_000_000_000  # bytes that take a while to go through
_log = logging.getLogger(__name__)


def archive_tree(file: Path) -> ArchiveTree:
    """Return an archive as a tree; its list of files is read once something is asked for.

    Args:
        file: a zip file by its suffix ``.zip``, or else a tar file, compressed with gzip or not at all.

    Raises:
        InvalidInputError: once it is read, that it cannot be, or that it holds paths that lead out of it.
    """
    return ArchiveTree(ZipMembers(file) if file.suffix.lower() == ".zip" else TarMembers(file))


class ArchiveTree(Tree):
    """The files of an archive below one of its folders.

    Args:
        members: the archive.
        folder: the folder.
    """

    def __init__(self, members: Members, folder: str = "") -> None:
        self._members = members
        self._folder = folder

    def listing(self, folder: str = "") -> Listing:
        """Return what lies directly in a folder."""
        return self._members.listings.get(joined(self._folder, folder), NOTHING)

    def image(self, path: str) -> bytes:
        """Return the bytes of an image; where they are damaged none, so that only this image is lost."""
        try:
            return self.read(path)
        except InvalidInputError:
            return b""

    def read(self, path: str) -> bytes:
        """Return the bytes of a file."""
        return self._members.read(joined(self._folder, path))

    def at(self, folder: str) -> ArchiveTree:
        """Return the files below a folder."""
        return ArchiveTree(self._members, joined(self._folder, checked_path(folder, "the catalogue")))

    def place(self, path: str = "") -> str:
        """Return where a path is."""
        return joined(str(self._members.file), joined(self._folder, path))


class Members:
    """The files in an archive, by their paths.

    Args:
        file: the archive.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[Members], tuple[Path]]:
        return type(self), (self.file,)  # another process opens it for itself

    @cached_property
    def listings(self) -> Mapping[str, Listing]:
        """What lies directly in each folder.

        Raises:
            InvalidInputError: the archive cannot be read, or a path leads out of it.
        """
        if self.file.is_file() and self.file.stat().st_size > _LARGE:
            _log.info("reading through '%s' for the list of its files; once extracted, it is not", self.file)
        with self._reading():
            return listings(self.paths())

    def read(self, path: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            InvalidInputError: it is not there, or damaged.
        """
        with self._reading(), self._lock:
            return self.content(path)

    @abstractmethod
    def paths(self) -> Iterator[str]:
        """Return the paths of all files that are no links."""

    @abstractmethod
    def content(self, path: str) -> bytes:
        """Return the bytes of a file."""

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InvalidInputError(f"cannot read '{self.file}': {system_reason(error)}") from error
        except KeyError as error:
            raise InvalidInputError(f"'{self.file}' has no file {error}; fetch it again") from error
        except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise InvalidInputError(
                f"the archive '{self.file}' is damaged: {first_sentence(error)}; fetch it again"
            ) from error


class ZipMembers(Members):
    """The files in a zip file."""

    @cached_property
    def _zip(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(self.file)

    @cached_property
    def _entries(self) -> Mapping[str, zipfile.ZipInfo]:
        return {
            checked_path(entry.filename, f"'{self.file}'"): entry
            for entry in self._zip.infolist()
            if not _is_special(entry)
        }

    def paths(self) -> Iterator[str]:
        """Return the paths of all files that are no links."""
        return iter(self._entries)

    def content(self, path: str) -> bytes:
        """Return the bytes of a file."""
        return self._zip.read(self._entries[path])


class TarMembers(Members):
    """The files in a tar file."""

    class _Member(NamedTuple):
        offset: int
        size: int

    @cached_property
    def _stream(self) -> BinaryIO:
        with self.file.open("rb") as file:
            compressed = file.read(2) == b"\x1f\x8b"
        return cast(BinaryIO, io.BufferedReader(GzipFile(self.file))) if compressed else self.file.open("rb")

    @cached_property
    def _entries(self) -> Mapping[str, _Member]:
        with tarfile.open(fileobj=self._stream, mode="r:") as tar:
            return {
                checked_path(member.name, f"'{self.file}'"): self._Member(member.offset_data, member.size)
                for member in tar
                if member.isreg() and not member.issparse()
            }

    def paths(self) -> Iterator[str]:
        """Return the paths of all files that are no links."""
        return iter(self._entries)

    def content(self, path: str) -> bytes:
        """Return the bytes of a file."""
        offset, size = self._entries[path]
        self._stream.seek(offset)
        content = self._stream.read(size)
        if len(content) < size:
            raise EOFError("it ends too early")
        return content


def listings(paths: Iterator[str]) -> Mapping[str, Listing]:
    """Return what lies directly in each folder, from the paths of all files.

    >>> listings(iter(["cat/1.jpg"]))[""].folders
    frozenset({'cat'})
    """
    files: dict[str, set[str]] = defaultdict(set)
    folders: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        folder, _, name = path.rpartition("/")
        if name.startswith("."):
            continue
        new = folder not in files
        files[folder].add(name)
        while new and folder:
            above, _, name = folder.rpartition("/")
            new = name not in folders[above]
            folders[above].add(name)
            folder = above
    return {
        folder: Listing(frozenset(files[folder]), frozenset(folders[folder])) for folder in {*files, *folders}
    }


def _is_special(entry: zipfile.ZipInfo) -> bool:
    """Return whether an entry is a folder, a link or the like, and no file."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    return entry.is_dir() or kind not in (0, stat.S_IFREG)
