"""Files of texts as bytes, as text and as JSON; whatever is wrong with one is a sentence that names it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from clipcoder.errors import InvalidInputError
from clipcoder.files import system_reason

MOST_BYTES: Final = 64 << 20
"""Bytes of one file; 50,000 sentences take about 5 million."""


def read_bytes(path: Path) -> bytes:
    """Return what is in a file.

    Raises:
        InvalidInputError: it cannot be read, or is larger than any file of texts.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidInputError(f"cannot read '{path}': {system_reason(error)}") from error
    if len(content) > MOST_BYTES:
        raise InvalidInputError(
            f"a file of texts may have {MOST_BYTES >> 20} MiB, but '{path}' has more; split it by classes"
        )
    return content


def as_text(content: bytes, path: Path) -> str:
    """Return bytes as the text that they are in UTF-8, with or without a mark at the beginning.

    Raises:
        InvalidInputError: they are no UTF-8.

    >>> as_text(bytes([0xEF, 0xBB, 0xBF, 0x6F, 0x6B]), Path("texts.csv"))
    'ok'
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"'{path}' must be text in UTF-8, but its byte {error.start + 1} is not; save it as UTF-8"
        ) from error


def as_json(content: bytes, path: Path) -> Any:
    """Return what a JSON document holds; where an object has a key twice, its lists are joined.

    Raises:
        InvalidInputError: no JSON, or a key twice with something else than lists or objects.

    >>> as_json(b'{"cat": ["fur"], "dog": null, "cat": ["claws"]}', Path("texts.json"))
    {'cat': ['fur', 'claws'], 'dog': None}
    """
    text = as_text(content, path)
    try:
        return json.loads(text, object_pairs_hook=_joined)
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise InvalidInputError(f"'{path}' is no JSON that can be read: {reason}") from error


def _joined(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; the reader of JSON would drop all but the last of equal keys."""
    joined: dict[str, Any] = {}
    _join(joined, pairs)
    return joined


def _join(joined: dict[str, Any], pairs: Iterable[tuple[str, Any]]) -> None:
    for key, value in pairs:
        held = joined.setdefault(key, value)
        if held is None:
            joined[key] = value
        elif held is value or value is None:
            continue
        elif isinstance(held, list) and isinstance(value, list):
            held.extend(value)
        elif isinstance(held, dict) and isinstance(value, dict):
            _join(held, value.items())
        else:
            raise ValueError(f"it has {key[:80]!r} twice, with other things than lists; rename or drop one")
