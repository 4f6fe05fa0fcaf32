"""What the pack says of a class and of a pair of classes, and the line of JSON that holds it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from clipcoder.errors import InvalidInputError

_CLASS_KEYS: Final = ("class", "sense", "attributes", "analogues", "synonyms")
_PAIR_KEYS: Final = ("class", "other", "differences", "other_differences")
_TEXTS: Final = frozenset(("class", "other", "sense"))


@dataclass(frozen=True, slots=True)
class ClassKnowledge:
    """What is known of a class.

    Attributes:
        class_name: the class, as its data set spells it.
        sense: what it is, in a few words, such as ``"wading bird"`` for a crane.
        attributes: what one sees of it in a photo, most telling first.
        analogues: names of what looks alike and is no class of the data set.
        synonyms: other names of just that thing.
    """

    class_name: str
    sense: str
    attributes: tuple[str, ...]
    analogues: tuple[str, ...]
    synonyms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PairKnowledge:
    """What tells two classes of a data set apart.

    Attributes:
        class_name: the class that comes first in the data set.
        other: the later one.
        differences: what one sees of ``class_name`` and not of ``other``.
        other_differences: what one sees of ``other`` and not of ``class_name``.
    """

    class_name: str
    other: str
    differences: tuple[str, ...]
    other_differences: tuple[str, ...]


def class_of(line: str) -> ClassKnowledge:
    """Read a class from its line.

    Raises:
        InvalidInputError: no JSON, other keys or another order of them, or a value of another type.

    >>> class_of('{"class": "owl", "sense": "bird", "attributes": [], "analogues": [], "synonyms": []}').sense
    'bird'
    """
    return ClassKnowledge(*_values(line, _CLASS_KEYS))


def pair_of(line: str) -> PairKnowledge:
    """Read a pair from its line; errors are those of ``class_of``."""
    return PairKnowledge(*_values(line, _PAIR_KEYS))


def _values(line: str, keys: tuple[str, ...]) -> list[Any]:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise InvalidInputError(f"a line must be an object in JSON, but {error}") from error
    if not isinstance(record, dict) or tuple(record) != keys:
        came = ", ".join(record) if isinstance(record, dict) else type(record).__name__
        raise InvalidInputError(f"a line must have the keys {', '.join(keys)} in this order, but has {came}")
    return [_checked(key, value) for key, value in record.items()]


def _checked(key: str, value: object) -> str | tuple[str, ...]:
    if key in _TEXTS and isinstance(value, str):
        return value
    if key not in _TEXTS and isinstance(value, list) and set(map(type, value)) <= {str}:
        return tuple(value)
    wanted = "a text" if key in _TEXTS else "a list of texts"
    raise InvalidInputError(f"{key} must be {wanted}, but it is {json.dumps(value)[:40]}")
