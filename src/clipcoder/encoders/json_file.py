"""Settings that come with a model: read as they are, checked one by one, never guessed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clipcoder.errors import InvalidInputError

_REQUIRED = object()


@dataclass(frozen=True)
class JsonFile:
    """A JSON object that knows its file, so that whatever is wrong with it can be said in one sentence.

    Attributes:
        path: the file.
        values: its content.
    """

    path: Path
    values: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> JsonFile:
        """Read a file.

        Raises:
            InvalidInputError: it cannot be read, or holds no JSON object.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InvalidInputError(f"cannot read '{path}': {str(error.strerror).lower()}") from error
        except (ValueError, RecursionError) as error:
            raise InvalidInputError(f"'{path}' is no JSON ({error}); get the file again") from error
        if not isinstance(values, dict):
            raise InvalidInputError(f"'{path}' must hold a JSON object, but it holds a {_kind(values)}")
        return cls(path, values)

    def value(
        self, key: str, holds: Callable[[Any], bool], expected: str, *, default: object = _REQUIRED
    ) -> Any:
        """Return the value of a key.

        Args:
            key: the key.
            holds: whether a value is one that can be worked with.
            expected: what ``holds`` means, for the error message.
            default: what an absent key or a null stands for; without it the key is required.

        Raises:
            InvalidInputError: the key is required and absent, or its value is another than expected.
        """
        value = self.values.get(key)
        if value is None and default is not _REQUIRED:
            return default
        if value is None:
            raise InvalidInputError(f"'{self.path}' lacks {key!r}, which must be {expected}")
        if not holds(value):
            raise InvalidInputError(f"{key!r} in '{self.path}' must be {expected}, got {json.dumps(value)}")
        return value

    def section(self, key: str) -> JsonFile:
        """Return the object that a key holds, as a file of its own."""
        return JsonFile(self.path, self.value(key, lambda v: isinstance(v, dict), "an object"))


def is_count(value: object) -> bool:
    """Whether a value is a positive whole number.

    >>> is_count(77), is_count(0), is_count(True)
    (True, False, False)
    """
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def is_number(value: object) -> bool:
    """Whether a value is a number that fits into a float.

    >>> is_number(-0.5), is_number(float("inf")), is_number(10**400), is_number(False)
    (True, False, False, False)
    """
    return (
        isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
    )


def is_positive(value: object) -> bool:
    """Whether a value is a finite number above 0.

    >>> is_positive(0.5), is_positive(0)
    (True, False)
    """
    return is_number(value) and value > 0  # type: ignore[operator]


def _kind(value: object) -> str:
    return {list: "list", str: "string", bool: "boolean", type(None): "null"}.get(type(value), "number")
