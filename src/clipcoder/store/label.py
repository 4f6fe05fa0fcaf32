"""``encoder.json``: whose features a folder holds, since when, and when they were last asked for."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from clipcoder.files import whole_file
from clipcoder.store.identity import EncoderIdentity

NAME: Final = "encoder.json"


@dataclass(frozen=True)
class Label:
    """What the file says.

    Attributes:
        identity: the encoder.
        made: when the first features were kept, in ISO 8601, UTC.
        used: when a process last opened them, in seconds since 1970: the time of the file.
    """

    identity: EncoderIdentity
    made: str
    used: float


def write_label(folder: Path, identity: EncoderIdentity) -> None:
    """Write the file where it is absent.

    Raises:
        OSError: the folder is absent or cannot be written to, or the disk is full.
    """
    path = folder / NAME
    if path.exists():
        return
    made = datetime.now(UTC).isoformat(timespec="seconds")
    with whole_file(path) as file:
        file.write((json.dumps({**asdict(identity), "made": made}, indent=2) + "\n").encode())


def mark_used(folder: Path) -> None:
    """Give the file the present time, where there is one that may be changed."""
    with suppress(OSError):
        os.utime(folder / NAME)


def read_label(folder: Path) -> Label | None:
    """Read the file; None where it is absent or says nothing of use."""
    path = folder / NAME
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        made = str(said.pop("made"))
        return Label(EncoderIdentity(**said), made, path.stat().st_mtime)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
