"""The strings of a JSON document that may be embedded in prose, broken, or cut off.

A scanner of tokens instead of a parser: it takes what is whole, never recurs, and reads each character once.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Final, NamedTuple

FIELD: Final = "texts"
"""The field of an answer that holds the snippets; where it is there, others are not read."""

_START = re.compile(r"\{\s*+\"|(?:^|:)[ \t]*+\[\s*+[\[{]?\s*+\"", re.MULTILINE)
_TOKEN = re.compile(
    r"\"(?P<string>(?:[^\"\\]|\\.)*+)(?P<closed>\"?)(?P<key>\s*+:)?|(?P<open>[\[{])|(?P<close>[\]}])",
    re.DOTALL,
)


class _String(NamedTuple):
    """A string, the key that it stands under, and whether it belongs to the field ``texts``."""

    value: str
    key: str
    wanted: bool


def json_strings(text: str) -> list[str] | None:
    """Return the strings of the JSON in a text that are snippets; None where there is no JSON in it.

    These are what stands under ``texts``; without such a field all values; of records the first value.

    Example:
        >>> json_strings('Here: {"texts": ["large eyes", "tufted ears", "a sho')
        ['large eyes', 'tufted ears']
        >>> json_strings('[{"name": "tiger", "why": "stripes"}, {"name": "lion", "why": "colour"}]')
        ['tiger', 'lion']
        >>> json_strings("large eyes")
    """
    start = _START.search(text)
    if not start:
        return None
    keys: Counter[str] = Counter()
    strings: list[_String] = []
    while start:
        end = _scan(text, start.start(), keys, strings)
        start = _START.search(text, end)
    if keys[FIELD]:
        strings = [string for string in strings if string.wanted]
    first = strings[0].key if strings else ""
    are_records = keys[first] > 1
    return [string.value for string in strings if string.key == first or not are_records]


def _scan(text: str, start: int, keys: Counter[str], strings: list[_String]) -> int:
    """Collect keys and strings of one document; return where it ends, which is the end of a cut text."""
    key = ""
    wanted: list[bool] = []  # of each open bracket: does it belong to the field?
    for token in _TOKEN.finditer(text, start):
        inside = bool(wanted) and wanted[-1]
        if token["open"]:
            wanted.append(inside or key == FIELD)
        elif token["close"]:
            wanted.pop()
            if not wanted:
                return token.end()
        elif token["key"]:
            key = _unescaped(token["string"])
            keys[key] += 1
        elif token["closed"]:
            strings.append(_String(_unescaped(token["string"]), key, inside or key == FIELD))
    return len(text)


def _unescaped(string: str) -> str:
    try:
        return str(json.loads(f'"{string}"', strict=False))
    except ValueError:  # an escape that JSON does not have, such as \'
        return string.replace("\\", "")
