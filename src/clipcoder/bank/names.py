"""Class names: how one is read, when two are the same, and which lists of them a bank takes."""

from __future__ import annotations

from collections.abc import Iterable

from clipcoder.errors import InvalidInputError

NAME_TEMPLATE = "a photo of a {}"
"""How a name becomes a sentence, unless the caller says otherwise (CLIP, section 3.1.4)."""


def readable(name: str) -> str:
    """Return a class name as a person would write it: underscores are spaces.

    >>> readable("car_side")
    'car side'
    """
    return " ".join(name.replace("_", " ").split())


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


def checked_text(text: object, spot: str) -> str:
    """Return a text unchanged if it can be encoded and saved.

    Raises:
        InvalidInputError: no string, blank, or holding half a character (a lone surrogate).

    >>> checked_text("a photo of a cat", "text 1")
    'a photo of a cat'
    """
    if not isinstance(text, str):
        raise InvalidInputError(f"{spot} must be a text, not {text!r} of type {type(text).__name__}")
    if not text.strip():
        raise InvalidInputError(f"{spot} must not be blank; write a text or leave it out")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInputError(f"{spot} must be valid Unicode, but {text!r} is not; type it anew") from error
    return text


def filled_template(template: str, name: str) -> str:
    """Put a readable name into the one ``{}`` of a template.

    Raises:
        InvalidInputError: a template without exactly one ``{}``.

    >>> filled_template("a photo of a {}", "tabby_cat")
    'a photo of a tabby cat'
    """
    if not isinstance(template, str) or template.count("{}") != 1:
        raise InvalidInputError(
            f"a template must hold {{}} once, where the class name goes, but it is {template!r}"
        )
    return template.replace("{}", readable(name))
