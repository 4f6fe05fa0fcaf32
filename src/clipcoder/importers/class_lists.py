"""Lists of texts by class in JSON: phrases as DCLIP publishes them, sentences as CuPL does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from clipcoder.errors import InvalidInputError
from clipcoder.importers.content import Content, look_ready


def read_class_lists(document: Any, path: Path, format_name: str = "") -> Content:
    """Return the attributes of each class.

    Args:
        document: for each class the list of its texts; null stands for none.
        path: where the document is from, for messages.
        format_name: ``"dclip"``: phrases, of which sentences are made; ``"cupl"``: sentences, taken as they
            stand; ``""``: whatever most of them look like.

    Raises:
        InvalidInputError: another structure.

    Example:
        >>> read_class_lists({"owl": ["large eyes"], "emu": None}, Path("owls.json")).format
        'dclip'
    """
    content = Content(path, format_name or "cupl", ready=format_name != "dclip")
    for name, texts in lists_by_class(document, path):
        content.add_all(name, texts)
    if format_name or look_ready(content.lines):
        return content
    return read_class_lists(document, path, "dclip")


def lists_by_class(document: Any, path: Path) -> Iterator[tuple[str, list[object]]]:
    """Yield the classes of a document and their lists.

    Raises:
        InvalidInputError: the document is no object, or has something else than lists and null for a class.

    >>> list(lists_by_class({"owl": ["large eyes"], "emu": None}, Path("owls.json")))
    [('owl', ['large eyes']), ('emu', [])]
    """
    if not isinstance(document, Mapping):
        raise InvalidInputError(
            f"'{path}' must map each class to a list of texts, but it holds {kind_of(document)}"
        )
    for name, texts in document.items():
        if not isinstance(texts, list | None):
            raise InvalidInputError(
                f"'{path}' must map each class to a list of texts, but {name[:80]!r} has {kind_of(texts)}"
            )
        yield name, texts or []


def kind_of(value: object) -> str:
    """Return what JSON calls a value.

    >>> kind_of({}), kind_of(None), kind_of(0.5)
    ('an object', 'null', 'a number')
    """
    if value is None:
        return "null"
    kinds = {dict: "an object", list: "a list", str: "one text", bool: "true or false"}
    return kinds.get(type(value), "a number")
