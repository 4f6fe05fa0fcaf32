"""What is asked of the hub's client: which files a revision has, and those files in the client's cache.

The client (huggingface_hub) keeps each file under its checksum, in ``blobs``, and each commit as a folder of
links to them, in ``snapshots``. Other programs share that cache: what one of them fetched, all of them have.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from clipcoder.encoders.hub.pins import SeenFile
from clipcoder.encoders.hub.resumed import ResumedFile

NEEDED: Final = (
    "config.json",
    "visual/preprocess_cfg.json",
    "visual/model.onnx",
    "textual/tokenizer.json",
    "textual/model.onnx",
)
"""What a repository must have to be one of the layout."""

_TOWERS: Final = ("visual", "textual")
_FOR_OTHER_ENGINES: Final = frozenset({".armnn", ".rknn", ".tflite", ".mlmodel", ".engine"})
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_NEWEST: Final = "main"


@dataclass(frozen=True)
class HubFile:
    """What the hub says about a file; None is what it does not say.

    Attributes:
        size: its bytes.
        sha256: of its bytes, where it is kept in large file storage.
        git_sha1: git's name for its bytes, where it is kept in git itself.
    """

    size: int | None = None
    sha256: str | None = None
    git_sha1: str | None = None

    def resumed(self, place: Path) -> ResumedFile | None:
        """Return it as one that may come in pieces, if it is large."""
        return ResumedFile(place, self.sha256, self.size) if self.sha256 and self.size else None

    def describes(self, path: Path, seen: SeenFile) -> bool:
        """Whether a file is the one that the hub means."""
        if self.sha256 is not None:
            return seen.sha256 == self.sha256
        return self.git_sha1 is None or git_sha1(path.read_bytes()) == self.git_sha1


@dataclass(frozen=True)
class Snapshot:
    """A commit of a repository, in the client's cache.

    Attributes:
        repository: ``OWNER/REPOSITORY``.
        commit: its 40 hexadecimal digits.
    """

    repository: str
    commit: str

    @property
    def folder(self) -> Path:
        """Where its files are, or would be."""
        return storage(self.repository) / "snapshots" / self.commit

    def lacks(self, files: Iterable[str]) -> list[str]:
        """Return which of some files are not there."""
        return [name for name in files if not (self.folder / name).is_file()]

    def found(self) -> dict[str, HubFile]:
        """Return the files of the layout that are there; empty unless all that are needed are among them."""
        paths = sorted(path for path in self.folder.glob("*/*") if path.is_file())
        names = ["config.json", *(path.relative_to(self.folder).as_posix() for path in paths)]
        complete = not self.lacks(NEEDED)
        return {name: HubFile() for name in names if is_wanted(name)} if complete else {}


def storage(repository: str) -> Path:
    """Return the folder of a repository in the client's cache."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE) / f"models--{repository.replace('/', '--')}"


def is_commit(revision: str | None) -> bool:
    """Whether a revision is a commit, which never changes, and not a branch or a tag.

    >>> is_commit("main"), is_commit("0123456789abcdef0123456789abcdef01234567")
    (False, True)
    """
    return revision is not None and bool(_COMMIT.fullmatch(revision))


def is_wanted(name: str) -> bool:
    """Whether a file of a repository belongs to the layout: weights that lie beside a graph too.

    >>> is_wanted("visual/model.onnx"), is_wanted("visual/onnx__MatMul_1234"), is_wanted("config.json")
    (True, True, True)
    >>> is_wanted("visual/fp16/model.armnn"), is_wanted("textual/model.rknn"), is_wanted("README.md")
    (False, False, False)
    """
    folder, slash, file = name.partition("/")
    in_tower = folder in _TOWERS and bool(slash) and "/" not in file and not file.startswith(".")
    return name == "config.json" or (in_tower and Path(file).suffix not in _FOR_OTHER_ENGINES)


def git_sha1(content: bytes) -> str:
    r"""Return git's name for the content of a file.

    >>> git_sha1(b"hello\n")
    'ce013625030ba8dba906f756967f9e9ca394464a'
    """
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def ask(repository: str, revision: str | None) -> tuple[Snapshot, dict[str, HubFile]]:
    """Return the commit that a revision is now and its files of the layout.

    Args:
        repository: ``OWNER/REPOSITORY``.
        revision: a commit, tag or branch; by default the newest commit.

    Raises:
        Exception: whatever the client raises when it gets no answer, or no good one.
    """
    from huggingface_hub import HfApi

    with _quiet():
        info = HfApi().model_info(repository, revision=revision, files_metadata=True)
    files = {s.rfilename: _described(s) for s in info.siblings or () if is_wanted(s.rfilename)}
    return Snapshot(repository, str(info.sha)), files


def recall(repository: str, revision: str | None) -> Snapshot | None:
    """Return the commit that a revision was when the client last asked; None where it never did."""
    if revision is not None and is_commit(revision):
        return Snapshot(repository, revision)
    try:
        commit = (storage(repository) / "refs" / (revision or _NEWEST)).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return Snapshot(repository, commit) if is_commit(commit) else None


def bytes_to_come(snapshot: Snapshot, files: Iterable[HubFile]) -> int:
    """Return how many bytes of files are still to be fetched."""
    place = storage(snapshot.repository)
    return sum(large.to_come() if (large := f.resumed(place)) else f.size or 0 for f in files)


def bytes_free(snapshot: Snapshot) -> int:
    """Return how many bytes the disk has room for where a repository is kept."""
    folder = storage(snapshot.repository)
    return shutil.disk_usage(next(place for place in (folder, *folder.parents) if place.exists())).free


def download(snapshot: Snapshot, name: str, file: HubFile) -> None:
    """Fetch a file into the client's cache; what was begun goes on where it stopped.

    Raises:
        Exception: whatever the client, the network or the disk raise.
    """
    from huggingface_hub import hf_hub_download, hf_hub_url

    with _quiet():
        if large := file.resumed(storage(snapshot.repository)):
            large.complete(hf_hub_url(snapshot.repository, name, revision=snapshot.commit), name)
        hf_hub_download(snapshot.repository, name, revision=snapshot.commit)


def remove(path: Path) -> None:
    """Take a file out of the client's cache: the link in the snapshot, and the bytes it leads to."""
    for file in (path.resolve(), path):
        file.unlink(missing_ok=True)


def address(repository: str) -> str:
    """Return where a repository can be looked at."""
    from huggingface_hub import constants

    return f"{constants.ENDPOINT}/{repository}"


def _described(sibling: Any) -> HubFile:
    if sibling.lfs is not None:
        return HubFile(sibling.lfs["size"], sha256=sibling.lfs["sha256"])
    return HubFile(sibling.size, git_sha1=sibling.blob_id)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold the client's warnings back where nobody watches; its progress bars do so by themselves."""
    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    if not (sys.stderr and sys.stderr.isatty()):
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
