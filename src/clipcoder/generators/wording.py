"""Wordings are texts with named fields in braces, checked before they are used."""

from __future__ import annotations

from collections.abc import Iterable
from string import Formatter

from clipcoder.errors import InvalidInputError

_SHOWN = 60  # characters of a wording in an error


def fields_of(wording: str) -> frozenset[str]:
    """Return the names of a wording's fields; a doubled brace is no field.

    Raises:
        ValueError: a brace that is not closed, or never opened.
        TypeError: no text.

    Example:
        >>> sorted(fields_of("a photo of {a_name}, not {other} {{sic}}"))
        ['a_name', 'other']
    """
    return frozenset(field for field, _ in _parsed(wording))


def check_wording(what: str, wording: str, needed: Iterable[frozenset[str]], allowed: frozenset[str]) -> None:
    """Refuse a wording with other fields than the allowed ones, or without one that it needs.

    Args:
        what: what it is, such as ``"a wording for the kind name"``.
        wording: the text with its fields.
        needed: sets of fields; of each, one has to be there.
        allowed: all fields that there may be, bare: ``{name:>9}`` and ``{name!r}`` are none of them.

    Raises:
        InvalidInputError: the wording breaks one of these rules, or is no text.

    Example:
        >>> name = frozenset({"name"})
        >>> check_wording("a wording", "a photo of {name}", [name], name | {"domain"})
    """
    try:
        parsed = _parsed(wording)
    except (ValueError, TypeError) as error:
        raise InvalidInputError(
            f"{what} must be a text with fields among {_braced(allowed)}, but it is {_short(wording)}; "
            "write a brace that is no field twice"
        ) from error
    if wrong := [field + rest for field, rest in parsed if rest or field not in allowed]:
        raise InvalidInputError(
            f"{what} may have the fields {_braced(allowed)}, but {_short(wording)} has {_braced(wrong)}; "
            "write a brace that is no field twice"
        )
    for choices in needed:
        if choices.isdisjoint(field for field, _ in parsed):
            raise InvalidInputError(
                f"{what} must hold {_braced(choices, ' or ')}, but it is {_short(wording)}"
            )


def _parsed(wording: str) -> list[tuple[str, str]]:
    """Return each field and what stands behind its name: a conversion, a format, or nothing."""
    return [
        (field, (f"!{conversion}" if conversion else "") + (f":{form}" if form else ""))
        for _, field, form, conversion in Formatter().parse(wording)
        if field is not None
    ]


def _braced(fields: Iterable[str], between: str = " ") -> str:
    return between.join(f"{{{field}}}" for field in sorted(fields))


def _short(wording: object) -> str:
    return repr(wording) if len(repr(wording)) <= _SHOWN else f"{repr(wording)[:_SHOWN]}..."
