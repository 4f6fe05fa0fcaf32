"""The arguments of a classifier's constructor as plain values, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from inspect import signature
from typing import Any, Final

import numpy as np

from clipcoder.encoders.json_file import JsonFile, is_number
from clipcoder.errors import InvalidInputError

_PARTS: Final = frozenset(("encoder", "bank", "pairs"))  # which have files of their own


def settings_of(classifier: object) -> dict[str, Any]:
    """Return all arguments that a classifier was made with, but for its encoder and banks.

    Raises:
        InvalidInputError: an argument that is no plain value.
    """
    return {name: plain(getattr(classifier, name), name) for name in _defaults(type(classifier))}


def checked_settings(facts: JsonFile, kind: type) -> dict[str, Any]:
    """Return the arguments that a document has for the constructor of a classifier.

    Raises:
        InvalidInputError: an argument that it does not have, or a value of another type.
    """
    defaults = _defaults(kind)
    if unknown := sorted(facts.values.keys() - defaults):
        raise InvalidInputError(
            f"{unknown[0]!r} in '{facts.path}' is no setting of a {kind.__name__}, which has "
            f"{', '.join(defaults)}"
        )
    settings = {}
    for name, value in facts.values.items():
        settings[name] = number(value)
        if not _fits(settings[name], defaults[name]):
            raise InvalidInputError(
                f"{name!r} in '{facts.path}' must be of the same type as {defaults[name]!r}, got {value!r}"
            )
    return settings


def plain(value: Any, name: str) -> str | int | float | bool | None:
    """Return a setting as JSON has it; infinity, which JSON has not, as a word.

    Raises:
        InvalidInputError: it is no plain value.

    >>> plain(np.float32(0.5), "alpha"), plain(math.inf, "max_gap")
    (0.5, 'inf')
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is not None and not isinstance(value, str | int | float):
        raise InvalidInputError(
            f"a classifier can be saved whose {name} is a text or a number, but it is {value!r}"
        )
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def number(value: Any) -> Any:
    """Return what ``plain`` made a value of.

    >>> number("inf"), number("auto"), number(1)
    (inf, 'auto', 1)
    """
    return float(value) if value in ("inf", "-inf", "nan") else value


def numbers(facts: JsonFile) -> Mapping[str, float]:
    """Return an object of numbers.

    Raises:
        InvalidInputError: a value is no number.
    """
    for name in facts.values:
        facts.value(name, lambda v: is_number(number(v)) or isinstance(number(v), float), "a number")
    return {name: number(value) for name, value in facts.values.items()}


def _defaults(kind: type) -> dict[str, Any]:
    return {name: p.default for name, p in signature(kind).parameters.items() if name not in _PARTS}


def _fits(value: object, default: object) -> bool:
    if default is None:
        return value is None or (isinstance(value, str | int | float) and not isinstance(value, bool))
    if isinstance(default, float):  # of which some may be left to be learned
        return is_number(value) or value == math.inf or isinstance(value, str)
    if isinstance(default, str):
        return value is None or isinstance(value, str)
    return type(value) is type(default)
