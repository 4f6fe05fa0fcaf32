"""Banks on disk: versioned JSON to read and edit, one text a line, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from clipcoder.errors import ClipcoderError, InvalidInputError
from clipcoder.files import whole_file

VERSION: Final = 2
_READ: Final = (1, 2)  # version 1 had no facts about sources

Bank = TypeVar("Bank")


def write_document(path: str | os.PathLike[str], format_name: str, content: dict[str, Any]) -> None:
    """Write a bank's document, replacing the file only once the new one is complete and on the disk.

    Raises:
        InvalidInputError: the place cannot be written to.
    """
    target = Path(path)
    text = laid_out({"format": format_name, "version": VERSION, **content}) + "\n"
    try:
        if not target.name:
            raise IsADirectoryError(None, "there is a folder of that name")
        with whole_file(target) as file:
            file.write(text.encode())
    except OSError as error:
        raise InvalidInputError(
            f"cannot write {target}: {error.strerror}; name a folder that takes files"
        ) from error


def read_bank(
    path: str | os.PathLike[str], format_name: str, build: Callable[[dict[str, Any]], Bank]
) -> Bank:
    """Read a document and build a bank of its content, which has no format and version any more.

    Raises:
        InvalidInputError: no readable JSON, another format or version than this package writes, or content
            that makes no bank; whatever ``build`` raises comes with the path in front.
    """
    content = _document(path, [format_name])
    del content["format"]
    version = content.pop("version", None)
    if version not in _READ or isinstance(version, bool):
        raise InvalidInputError(
            f"{path} must have version {VERSION} or an older one, but it has {version!r}; "
            "use the clipcoder that wrote it"
        )
    try:
        return build(content)
    except ClipcoderError as error:
        raise InvalidInputError(f"{path}: {error}") from error


def stored_format(path: str | os.PathLike[str], formats: Sequence[str]) -> str:
    """Return which of several formats a file has.

    Raises:
        InvalidInputError: no readable JSON, or none of the formats.
    """
    return str(_document(path, formats)["format"])


def _document(path: str | os.PathLike[str], formats: Sequence[str]) -> dict[str, Any]:
    wanted = " or ".join(map(repr, formats))
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        document = json.loads(text, object_pairs_hook=_each_field_once)
    except OSError as error:
        raise InvalidInputError(
            f"cannot read {path}: {error.strerror}; name a file that save wrote"
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"{path} must be a JSON file of format {wanted}, but {error}") from error
    found = document.get("format") if isinstance(document, dict) else None
    if found not in formats:
        raise InvalidInputError(
            f"{path} must have the format {wanted}, but it has {found!r}; name another file"
        )
    return dict(document)


def _each_field_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its fields; of one that stands twice, json would drop the first without a word."""
    content = dict(pairs)
    if len(content) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the field {twice!r} stands twice in one object")
    return content


def fields(value: object, spot: str, **types: type) -> tuple[Any, ...]:
    """Return the fields of a JSON object, which must be exactly the ones named, each of its type.

    Raises:
        InvalidInputError: an object with other fields, or a field of another type; names the spot.

    >>> fields({"text": "a cat"}, "texts[0]", text=str)
    ('a cat',)
    """
    if not isinstance(value, dict) or value.keys() != types.keys():
        names = ", ".join(map(json.dumps, value))[:80] or "none" if isinstance(value, dict) else ""
        came = names or json.dumps(value)[:40]
        raise InvalidInputError(
            f"{spot} must be an object with the fields {', '.join(types)}, but it has {came}"
        )
    for name, expected in types.items():
        if not isinstance(value[name], expected):
            kind = "a list" if expected is list else "a text"
            raise InvalidInputError(f"{spot}.{name} must be {kind}, but it is {json.dumps(value[name])[:40]}")
    return tuple(value[name] for name in types)


def laid_out(value: object, indent: str = "") -> str:
    """Write JSON with one line for each object or list that holds no other."""
    if not isinstance(value, dict | list) or not any(isinstance(v, dict | list) for v in _items(value)):
        return json.dumps(value, ensure_ascii=False)
    inner = indent + "  "
    if isinstance(value, dict):
        lines = [f"{json.dumps(k, ensure_ascii=False)}: {laid_out(v, inner)}" for k, v in value.items()]
        return f"{{\n{inner}" + f",\n{inner}".join(lines) + f"\n{indent}}}"
    return f"[\n{inner}" + f",\n{inner}".join(laid_out(v, inner) for v in value) + f"\n{indent}]"


def _items(value: dict[str, Any] | list[Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value
