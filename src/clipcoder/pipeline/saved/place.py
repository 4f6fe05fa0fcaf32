"""Where a classifier is put: a folder that is there as a whole or not at all, and that is ours to replace."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import Final
from uuid import uuid4

from clipcoder.errors import InvalidInputError
from clipcoder.files import sync_folder, system_reason

DOCUMENT: Final = "classifier.json"
HEAD: Final = "head.safetensors"
BANK: Final = "bank.json"
PAIRS: Final = "pairs.json"

FORMAT: Final = "clipcoder/classifier"

_FILES: Final = frozenset((DOCUMENT, HEAD, BANK, PAIRS))
_ABANDONED: Final = 3600.0  # seconds after which nobody writes at a draft any more


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a hidden folder beside the target, which takes its place once the block has ended well.

    A classifier that is there already stays until then. Files in the folder are the block's to bring to the
    disk (``files.whole_file``).

    Raises:
        InvalidInputError: the place cannot be written to, or holds something else than a classifier.
    """
    target = path.resolve()
    draft = _begin(target, path)
    try:
        yield draft
        _put_in_place(draft, target)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def check_place(path: Path) -> None:
    """Refuse a place where no classifier can be saved; nothing is left there.

    Raises:
        InvalidInputError: as in ``whole_folder``.
    """
    _begin(path.resolve(), path).rmdir()


def standing(path: Path) -> Path:
    """Return where the classifier of a path is: there, or, where saving another one was cut off, aside."""
    target = path.resolve()
    aside = _aside(target)
    return aside if not target.exists() and aside.is_dir() else target


def stamp(path: Path) -> tuple[int, int] | None:
    """Return what tells a saved classifier from one that has taken its place; None where there is none."""
    try:
        facts = (standing(path) / DOCUMENT).stat()
    except OSError:
        return None
    return facts.st_ino, facts.st_mtime_ns


def _begin(target: Path, path: Path) -> Path:
    """Make the draft of a target, which is called ``path`` to the user."""
    _check_ours(target, path)
    draft = target.with_name(f".{target.name}.{uuid4().hex[:8]}.tmp")
    try:
        _remove_abandoned(target)
        draft.mkdir()
    except OSError as error:
        raise _refused(path, error) from error
    return draft


def _check_ours(target: Path, path: Path) -> None:
    """Refuse to replace what is no classifier."""
    try:
        held = {entry.name for entry in target.iterdir()}
    except FileNotFoundError:
        return
    except NotADirectoryError as error:
        raise InvalidInputError(
            f"a classifier is saved as a folder, but '{path}' is a file; name another place"
        ) from error
    except OSError as error:
        raise _refused(path, error) from error
    if not held:
        return
    if strangers := sorted(held - _FILES):
        raise InvalidInputError(
            f"'{path}' holds {strangers[0]!r}, which is no part of a classifier and would be lost; "
            "name another place"
        )
    if not _is_document(target / DOCUMENT):
        raise InvalidInputError(
            f"'{path}' is a folder that holds no classifier, and is left alone; name another place"
        )


def _is_document(file: Path) -> bool:
    """Whether a file says that it is a classifier's, of whatever version."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.get("format") == FORMAT


def _put_in_place(draft: Path, target: Path) -> None:
    """Exchange the folders. No system does that in one step, so the old one steps aside for a moment."""
    aside = _aside(target)
    if target.exists():
        shutil.rmtree(aside, ignore_errors=True)  # left by a process that was killed after its new one came
        target.rename(aside)
    try:
        draft.rename(target)
    except BaseException:
        if aside.exists() and not target.exists():
            aside.rename(target)
        raise
    with suppress(OSError):  # the new one is there, whatever becomes of the rest
        sync_folder(target.parent)
        shutil.rmtree(aside, ignore_errors=True)


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def _remove_abandoned(target: Path) -> None:
    """Remove the drafts that killed processes have left."""
    for draft in target.parent.glob(f".{escape(target.name)}.*.tmp"):
        with suppress(OSError):
            if time.time() - draft.stat().st_mtime > _ABANDONED:
                shutil.rmtree(draft)


def _refused(path: Path, error: OSError) -> InvalidInputError:
    return InvalidInputError(
        f"cannot save a classifier at '{path}': {system_reason(error)}; "
        "name a place in a folder that exists and that you may write to"
    )
