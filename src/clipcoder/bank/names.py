"""Class names: how one is read, when two are the same, and which lists of them a bank takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clipcoder.errors import InvalidInputError
from clipcoder.generators.names import readable


def name_key(name: str) -> str:
    """Return what two spellings of one class share; they may differ in case, underscores and spaces.

    >>> name_key("Car_Side") == name_key("car  side")
    True
    """
    return readable(name).casefold()


def checked_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return class names unchanged, as a tuple, if they can name the classes of a bank.

    Raises:
        InvalidInputError: no name at all, one that is empty or no text, or one class twice.

    >>> checked_names(["cat", "dog"])
    ('cat', 'dog')
    """
    if isinstance(names, str):
        raise InvalidInputError(
            f"class names must come as a list, not as the one text {names!r}; write [{names!r}]"
        )
    checked = tuple(names)
    if not checked:
        raise InvalidInputError("at least one class name is needed, but the list is empty")
    seen: dict[str, str] = {}
    for position, name in enumerate(checked):
        spot = f"class name {position + 1} of {len(checked)}"
        key = name_key(checked_text(name, spot))
        if key in seen:
            raise InvalidInputError(
                f"every class may be named once, but {seen[key]!r} and {name!r} are the same; drop one"
            )
        if not key:
            raise InvalidInputError(f"{spot} must have a letter or digit to read, but it is {name!r}")
        seen[key] = name
    return checked


def own_names(others: Iterable[str], own: Sequence[str]) -> dict[str, str]:
    """Return, by the name of each class of another bank, the name of the same class in one's own.

    Raises:
        InvalidInputError: the other bank has a class that one's own lacks.

    >>> own_names(["Car_Side"], ["lotus", "car side"])
    {'Car_Side': 'car side'}
    """
    named = {name_key(name): name for name in own}
    theirs = tuple(others)
    strangers = [name for name in theirs if name_key(name) not in named]
    if strangers:
        raise InvalidInputError(
            f"banks to merge must be about the same classes, but {strangers[0]!r} "
            f"(and {len(strangers) - 1} more) is no class of the first; rename or drop it"
        )
    return {name: named[name_key(name)] for name in theirs}


def checked_text(text: object, spot: str, *, blank: bool = False) -> str:
    """Return a text unchanged if it can be encoded and saved; it may be blank only where that is said.

    Raises:
        InvalidInputError: no string, blank, or holding half a character (a lone surrogate).

    >>> checked_text("a photo of a cat", "text 1")
    'a photo of a cat'
    """
    if not isinstance(text, str):
        raise InvalidInputError(f"{spot} must be a text, not {text!r} of type {type(text).__name__}")
    if not blank and not text.strip():
        raise InvalidInputError(f"{spot} must not be blank; write a text or leave it out")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInputError(f"{spot} must be valid Unicode, but {text!r} is not; type it anew") from error
    return text
