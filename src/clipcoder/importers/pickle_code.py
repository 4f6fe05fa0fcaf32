"""The instructions of a pickle, one after the other, as long as they are among those that are allowed."""

from __future__ import annotations

import codecs
import io
import pickletools
import re
from collections.abc import Container, Iterator
from typing import Any, Final

MOST_STEPS: Final = 2_000_000
"""Instructions in one pickle; 1,000 classes with 50 texts each take about 150,000."""

_BY_CODE: Final = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes}
_WELL_ESCAPED: Final = re.compile(rb"(?:[^\\]++|\\x[0-9a-f]{2}|\\[\\'\"nrt])*+")


class RefusedError(Exception):
    """A pickle is not read; the message is the end of the sentence that says why."""


def instructions(content: bytes, allowed: Container[str]) -> Iterator[tuple[str, Any]]:
    r"""Yield the name and the argument of each instruction up to the end of a pickle.

    Args:
        content: the pickle.
        allowed: the names of the instructions that may be in it.

    Raises:
        RefusedError: there are others, or too many, or something comes behind the end.
        ValueError: the pickle is damaged.

    >>> list(instructions(b"](I1\nI2\ne.", {"EMPTY_LIST", "MARK", "INT", "APPENDS"}))
    [('EMPTY_LIST', None), ('MARK', None), ('INT', 1), ('INT', 2), ('APPENDS', None)]
    """
    stream = io.BytesIO(content)
    for _ in range(MOST_STEPS):
        opcode = _BY_CODE.get(stream.read(1))
        if opcode is None:
            raise ValueError("no instruction, or the end of the file")
        if opcode.name == "STOP":
            break
        if opcode.name not in allowed:
            raise RefusedError(f"asks for {opcode.name}, of which they have no need")
        if opcode.name == "STRING":
            yield opcode.name, _quoted(stream.readline())
        else:
            yield opcode.name, opcode.arg.reader(stream) if opcode.arg else None
    else:
        raise RefusedError(f"has more than {MOST_STEPS:,} instructions")
    if stream.read(1):
        raise RefusedError("goes on behind its end")


def _quoted(line: bytes) -> str:
    r"""Return a text as Python 2 quotes it in protocol 0; pickletools stops at the first accent in one.

    >>> _quoted(b"'caf\\xc3\\xa9'\n")
    'café'
    """
    inner = line[1:-2]
    if len(line) < 3 or line[:1] not in (b"'", b'"') or line[-2:] != line[:1] + b"\n":
        raise ValueError("a text without quotes")
    if not _WELL_ESCAPED.fullmatch(inner):
        raise ValueError("an escape that Python 2 does not write")
    return as_text(codecs.escape_decode(inner)[0])


def as_text(content: bytes) -> str:
    """Return a text of Python 2, which is bytes: UTF-8, or Latin-1 where it is none.

    >>> as_text(bytes([0xC3, 0xA9])), as_text(bytes([0xE9]))
    ('é', 'é')
    """
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")
