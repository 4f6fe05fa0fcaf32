"""Published models by name: fetched once, pinned to a commit, checked, and found again without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from clipcoder.encoders.hub import client
from clipcoder.encoders.hub.catalog import MODEL_NAMES, model_facts
from clipcoder.encoders.hub.client import NEEDED, HubFile, Snapshot
from clipcoder.encoders.hub.errors import reason
from clipcoder.encoders.hub.pins import Pins, SeenFile, Sight
from clipcoder.errors import ClipcoderError, InvalidInputError, ModelUnavailableError, UnknownNameError

__all__ = ["MODEL_NAMES", "Held", "fetch", "held", "pinned_names", "update"]

SCHEME: Final = "hub:"
_REPOSITORY: Final = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


@dataclass(frozen=True)
class _Published:
    """What a name means.

    Attributes:
        name: as it was given, without the revision.
        repository: ``OWNER/REPOSITORY`` on the hub.
        revision: the revision that the name itself, or the catalogue, asks for.
    """

    name: str
    repository: str
    revision: str | None

    @classmethod
    def parse(cls, name: str) -> _Published:
        """Read a name.

        Raises:
            UnknownNameError: it is none of the catalogue's.
            InvalidInputError: behind ``hub:`` there is no name of a repository.
        """
        plain, _, revision = str(name).partition("@")
        if not plain.startswith(SCHEME):
            facts = model_facts(plain)
            if not facts.repository:
                raise UnknownNameError("published model", plain, MODEL_NAMES)
            return cls(plain, facts.repository, revision or facts.revision or None)
        repository = plain.removeprefix(SCHEME)
        if not _REPOSITORY.fullmatch(repository):
            raise InvalidInputError(
                f"a model on the hub is named hub:OWNER/REPOSITORY, and @REVISION may follow, got {name!r}"
            )
        return cls(plain, repository, revision or None)


def fetch(name: str, *, revision: str | None = None) -> Path:
    """Return the folder of a published model; only what is not in the cache is fetched.

    The first fetch pins the model: its commit and the checksums of its files are kept in ``pins.json`` in
    the folder of all caches. Later calls ask for that commit, or for nothing at all where everything is
    there. Fetched bytes are compared with the checksums that the hub announces, and files that were written
    to since with the checksums that they had.

    Args:
        name: one of ``MODEL_NAMES``, or ``hub:OWNER/REPOSITORY`` for any other repository of the layout;
            ``@REVISION`` may follow either.
        revision: a commit, tag or branch, for this call; by default the pinned commit.

    Raises:
        UnknownNameError: no model has this name.
        ModelUnavailableError: it cannot be fetched, for want of a network, of the repository, or of room.
        InvalidInputError: a file is not what it was when it was fetched.

    Example:
        >>> fetch("hub:nobody")
        Traceback (most recent call last):
            ...
        clipcoder.errors.InvalidInputError: a model on the hub is named hub:OWNER/REPOSITORY, \
and @REVISION may follow, got 'hub:nobody'
    """
    model = _Published.parse(name)
    pins = Pins()
    asked = revision or model.revision
    pin: Literal["never", "first"] = "never" if asked else "first"
    return _fetched(model, asked or pins.commit(model.repository), pins, pin).folder


def update(name: str) -> tuple[str | None, str]:
    """Fetch the newest commit of a published model, and pin the model to it.

    Args:
        name: as for ``fetch``; with ``@REVISION`` the pin moves to that revision.

    Returns:
        The commit that it was pinned to, None if it was not, and the one that it is pinned to now.

    Raises:
        ClipcoderError: as for ``fetch``; the old pin then holds.
    """
    model = _Published.parse(name)
    pins = Pins()
    before = pins.commit(model.repository)
    return before, _fetched(model, model.revision, pins, "always").commit


@dataclass(frozen=True)
class Held:
    """A published model on this machine.

    Attributes:
        commit: the one that it is pinned to, or that another program fetched.
        folder: where its files are.
        size: their bytes.
        pinned: whether it was checked and pinned, rather than fetched by another program.
    """

    commit: str
    folder: Path
    size: int
    pinned: bool


def held(name: str) -> Held | None:
    """Return what ``fetch`` would find on this machine, without asking anybody; None where it would fetch.

    Raises:
        UnknownNameError: no model has this name.
    """
    model, pins = _Published.parse(name), Pins()
    snapshot = _recalled(model, model.revision or pins.commit(model.repository), pins)
    files = _held_files(snapshot, pins) if snapshot else {}
    if snapshot is None or not files:
        return None
    size = sum((snapshot.folder / file).stat().st_size for file in files)
    return Held(snapshot.commit, snapshot.folder, size, bool(pins.seen(model.repository, snapshot.commit)))


def pinned_names() -> tuple[str, ...]:
    """Return the names, ``hub:OWNER/REPOSITORY``, of pinned models that are not in the catalogue."""
    known = {model_facts(name).repository for name in MODEL_NAMES}
    return tuple(f"{SCHEME}{repository}" for repository in Pins().repositories if repository not in known)


def _fetched(
    model: _Published, revision: str | None, pins: Pins, pin: Literal["never", "first", "always"]
) -> Snapshot:
    """Make sure that a revision is here and is what it was, and remember it."""
    with _explained(model):
        snapshot, files = _plan(model, revision, pins, must_ask=pin == "always")
        seen = pins.seen(model.repository, snapshot.commit)
        absent = snapshot.lacks(files)
        _check_room(model, snapshot, [files[name] for name in absent])
        now = {}
        for name, file in files.items():
            if name in absent:
                client.download(snapshot, name, file)
            now[name] = _checked(model, snapshot, name, file, seen.get(name), fresh=name in absent)
    pins.remember(Sight(model.repository, snapshot.commit, now, revision, pin))
    return snapshot


def _plan(
    model: _Published, revision: str | None, pins: Pins, *, must_ask: bool
) -> tuple[Snapshot, dict[str, HubFile]]:
    """Return the commit of a revision and its files: those that are here, or else what the hub says."""
    snapshot = _recalled(model, revision, pins)
    here = _held_files(snapshot, pins) if snapshot else {}
    if snapshot and here and client.is_commit(revision) and pins.seen(model.repository, snapshot.commit):
        return snapshot, here
    try:
        asked, files = client.ask(model.repository, revision)
    except Exception:  # whatever kept the hub from answering, what is here will do, unless it must be asked
        if must_ask or not (snapshot and here):
            raise
        return snapshot, here
    missing = [name for name in NEEDED if name not in files]
    if missing:
        raise _unavailable(model, f"it has no {' and no '.join(missing)}, which an ONNX encoder needs")
    return asked, files


def _recalled(model: _Published, revision: str | None, pins: Pins) -> Snapshot | None:
    """Return the commit that a revision is known to be, by itself, by our own notes, or by the client's."""
    commit = pins.commit_of(model.repository, revision) if revision else None
    return client.recall(model.repository, commit or revision)


def _held_files(snapshot: Snapshot, pins: Pins) -> dict[str, HubFile]:
    """Return the files of a commit if all of them are in the client's cache."""
    seen = pins.seen(snapshot.repository, snapshot.commit)
    if not seen:
        return snapshot.found()
    return {} if snapshot.lacks(seen) else {name: HubFile() for name in seen}


def _check_room(model: _Published, snapshot: Snapshot, files: Sequence[HubFile]) -> None:
    """Refuse to begin what cannot be finished."""
    to_come, free = client.bytes_to_come(snapshot, files), client.bytes_free(snapshot)
    if to_come > free:
        place = client.storage(snapshot.repository).parent
        room = f"'{place}' has room for {free / 1e9:.2f}"
        raise _unavailable(model, f"{to_come / 1e9:.2f} GB are to come, and {room}")


def _checked(
    model: _Published, snapshot: Snapshot, name: str, file: HubFile, before: SeenFile | None, *, fresh: bool
) -> SeenFile:
    """Return what a file is, if that is what it was before and what the hub says."""
    path = snapshot.folder / name
    if before and before.untouched(path):
        return before
    now = SeenFile.read(path)
    if (before is None or now.sha256 == before.sha256) and file.describes(path, now):
        return now
    if fresh:
        client.remove(path)
        raise _unavailable(
            model, f"the bytes of {name} have another checksum than announced, and were removed; try again"
        )
    raise InvalidInputError(
        f"'{path}' is not what it was when {model.name} was fetched (its sha256 is now {now.sha256[:8]}...); "
        f"delete '{path.resolve()}', and it is fetched again"
    )


@contextmanager
def _explained(model: _Published) -> Iterator[None]:
    """Turn whatever the client, the network or the disk raise into one sentence."""
    try:
        yield
    except ClipcoderError:
        raise
    except Exception as error:
        raise _unavailable(model, reason(error)) from error


def _unavailable(model: _Published, why: str) -> ModelUnavailableError:
    return ModelUnavailableError(model.name, client.address(model.repository), why)
