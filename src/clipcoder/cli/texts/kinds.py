"""The kinds of text that a command line asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clipcoder.errors import InvalidInputError, UnknownNameError

if TYPE_CHECKING:
    from clipcoder.generators.base import SnippetKind

KINDS: Final[dict[str, SnippetKind]] = {
    "attribute": "attribute",
    "analogue": "analogue",
    "synonym": "synonym",
    "one-to-one": "one_to_one",
}
"""The kinds by their names on the command line."""

DEFAULT: Final = "attribute,analogue,synonym"


def read_kinds(listed: str) -> tuple[SnippetKind, ...]:
    """Return the kinds of a list with commas, each once.

    Raises:
        UnknownNameError: one that there is not.
        InvalidInputError: none at all.

    >>> read_kinds("synonym, one-to-one,synonym")
    ('synonym', 'one_to_one')
    """
    named = [name for name in (part.strip().replace("_", "-") for part in listed.split(",")) if name]
    for name in named:
        if name not in KINDS:
            raise UnknownNameError("kind of text", name, KINDS)
    if not named:
        raise InvalidInputError(f"--kinds must name at least one of {', '.join(KINDS)}, got {listed!r}")
    return tuple(dict.fromkeys(KINDS[name] for name in named))
