"""Prompts by data set and kind: the catalogue in ``catalog.toml``, and a user's own file in the same form.

A set says only how it differs from its base, so that a user's file may be as short as this one::

    domain = "a type of mushroom"

    [questions]
    look = "Look at the cap, the gills, the stem and the ring."

What is asked about a class is put together: the question for the kind, then ``look`` (what to look at) and
``phrases`` (which phrases are of use) where things are described, then ``form`` (how to answer). Whoever
writes in another language writes all of them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.files import system_reason
from clipcoder.generators.base import SNIPPET_KINDS, SnippetKind
from clipcoder.generators.names import search_key
from clipcoder.generators.prompts import PromptSet, check_count
from clipcoder.generators.sentences import Templates

__all__ = ["PromptSet", "catalogue_names", "load_prompts"]

_ROOT: Final = "generic"
_DESCRIBED: Final = ("look", "phrases", "form")
_FOLLOWED_BY: Final[Mapping[SnippetKind, tuple[str, ...]]] = {
    "attribute": _DESCRIBED,
    "analogue": ("form",),
    "synonym": ("form",),
    "one_to_one": _DESCRIBED,
}
_TEXTS: Final = ("title", "base", "domain")
_TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "templates": tuple(field.name for field in fields(Templates)),
    "questions": (*SNIPPET_KINDS, *_DESCRIBED, "again"),
    "counts": SNIPPET_KINDS,
}


def catalogue_names() -> tuple[str, ...]:
    """Return the sets that the package knows, ``"generic"`` first.

    Example:
        >>> catalogue_names()[0]
        'generic'
    """
    return tuple(_catalogue())


def load_prompts(name_or_path: str | Path = _ROOT) -> PromptSet:
    """Return the wordings for a data set of the catalogue, or those of a user's own file.

    Args:
        name_or_path: an entry of the catalogue, in any spelling (``"CUB-200"`` is ``"cub200"``), or the path
            of a TOML file. That may have the keys ``title``, ``domain`` and ``base`` (an entry of the
            catalogue, for all that the file does not say) and the tables ``templates``, ``questions`` and
            ``counts``.

    Raises:
        UnknownNameError: neither an entry nor a path ending in ``.toml``; an unknown key or base in a file.
        InvalidInputError: a file that cannot be read, or that has something else wrong with it.

    Example:
        >>> load_prompts("generic").counts["attribute"]
        8
    """
    if isinstance(name_or_path, Path) or name_or_path.lower().endswith(".toml"):
        path = Path(name_or_path)
        return _prompt_set(path.stem, _with_base(_read(path), str(path)), str(path))
    for name in catalogue_names():
        if search_key(name) == search_key(name_or_path):
            return _prompt_set(name, _entry(name), _place(name))
    raise UnknownNameError("set of prompts", name_or_path, catalogue_names())


@cache
def _catalogue() -> Mapping[str, dict[str, Any]]:
    text = resources.files("clipcoder").joinpath("assets/catalog.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _place(name: str) -> str:
    return f"catalog.toml, {name}"


def _entry(name: str) -> dict[str, Any]:
    return _with_base(_catalogue()[name], _place(name), is_root=name == _ROOT)


def _with_base(own: dict[str, Any], place: str, *, is_root: bool = False) -> dict[str, Any]:
    """Return a set with all keys: those that it leaves out are its base's."""
    _check(own, place)
    if is_root:
        return own
    name = own.get("base", _ROOT)
    if name not in _catalogue():
        raise UnknownNameError(f"base in {place},", name, _catalogue())
    base = _entry(name)
    return {**base, "title": "", **own, **{table: base[table] | own.get(table, {}) for table in _TABLES}}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise InvalidInputError(
            f"cannot read {path}: {system_reason(error)}; name a TOML file, or a set as 'generic'"
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"{path} must be a TOML file in UTF-8, but {error}") from error


def _check(table: dict[str, Any], place: str) -> None:
    """Refuse keys that nobody knows, and values of another type."""
    _check_keys(table, (*_TEXTS, *_TABLES), f"key in {place},")
    for key in filter(table.__contains__, _TEXTS):
        _check_type(table[key], "a text", f"{place}: {key}")
    for name in filter(table.__contains__, _TABLES):
        _check_type(table[name], "a table", f"{place}: {name}")
        _check_keys(table[name], _TABLES[name], f"key of [{name}] in {place},")
        for key, value in table[name].items():
            _check_value(name, value, f"{place}: {name}.{key}")


def _check_keys(table: Iterable[str], known: tuple[str, ...], what: str) -> None:
    for key in table:
        if key not in known:
            raise UnknownNameError(what, key, known)


def _check_value(table: str, value: object, spot: str) -> None:
    if table == "counts":
        check_count(spot, value)
    elif table == "templates" and isinstance(value, list):
        _check_type(value, "a list of texts", spot)
    else:
        _check_type(value, "a text", spot)


def _check_type(value: object, expected: str, spot: str) -> None:
    if not _is(expected, value):
        raise InvalidInputError(f"{spot} must be {expected}, but it is {str(value)[:40]!r}")


def _is(expected: str, value: object) -> bool:
    if expected == "a list of texts":
        return isinstance(value, list) and value != [] and all(isinstance(text, str) for text in value)
    return isinstance(value, dict if expected == "a table" else str)


def _prompt_set(name: str, table: dict[str, Any], place: str) -> PromptSet:
    wordings = {
        kind: tuple([given] if isinstance(given, str) else given)
        for kind, given in table["templates"].items()
    }
    try:
        return PromptSet(
            name=name,
            domain=table["domain"],
            templates=Templates(**wordings),
            questions={kind: _put_together(kind, table["questions"]) for kind in SNIPPET_KINDS},
            again=table["questions"]["again"],
            counts=dict(table["counts"]),
            title=table["title"],
        )
    except InvalidInputError as error:
        raise InvalidInputError(f"{place}: {error}") from error


def _put_together(kind: SnippetKind, questions: Mapping[str, str]) -> str:
    parts = (questions[part].strip() for part in (kind, *_FOLLOWED_BY[kind]))
    return "\n".join(filter(None, parts))
