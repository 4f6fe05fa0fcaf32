"""Class names as people type them, and the spellings under which a dictionary may know them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

_REMARK = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")
_CAMEL_HUMP = re.compile(r"(?<=[a-z])(?<!\b[a-z])(?<!\bMc)(?<!\bMac)(?=[A-Z])")
_ARTICLE = re.compile(r"^(?:an?|the)\s+(?=\S)", re.IGNORECASE)

_PLURAL_ENDINGS = (
    ("ies", "y"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("sses", "ss"),
    ("xes", "x"),
    ("zes", "z"),
    ("ves", "f"),
    ("men", "man"),
    ("s", ""),
)


def readable(name: str) -> str:
    """Return a class name as a person would write it: underscores are spaces.

    >>> readable("car_side")
    'car side'
    """
    return " ".join(name.replace("_", " ").split())


def in_words(class_name: str) -> str:
    """Return all of a class name in plain words: underscores and the humps of camel case are spaces.

    >>> in_words("ApplyEyeMakeup"), in_words("iPod_(player)")
    ('Apply Eye Makeup', 'iPod (player)')
    """
    return _CAMEL_HUMP.sub(" ", readable(class_name))


class ParsedName(NamedTuple):
    """A class name taken apart."""

    name: str
    aliases: tuple[str, ...]
    remark: str


def parse_name(class_name: str) -> ParsedName:
    """Split a class name into its plain words, other names after commas, and remarks in brackets.

    Underscores and the humps of camel case become spaces (but not in ``iPod`` and ``McLaren``), a leading
    article goes.

    Example:
        >>> parse_name("crane_(machine), derrick")
        ParsedName(name='crane', aliases=('derrick',), remark='machine')
        >>> parse_name("ApplyEyeMakeup").name
        'Apply Eye Makeup'
    """
    text = unicodedata.normalize("NFKC", class_name).replace("_", " ")
    remark = " ".join(a or b for a, b in _REMARK.findall(text))
    distinct: dict[str, str] = {}
    for part in map(_plain, _REMARK.sub(" ", text).split(",")):
        if part:
            distinct.setdefault(search_key(part), part)
    name, *aliases = distinct.values() or [""]
    return ParsedName(name, tuple(aliases), " ".join(remark.split()))


def _plain(text: str) -> str:
    return _ARTICLE.sub("", " ".join(_CAMEL_HUMP.sub(" ", text).split()))


def search_key(text: str) -> str:
    """Return what all spellings of a name share: letters and digits, without case, accents, separators.

    Example:
        >>> search_key("Jack-o'-lantern") == search_key("jack o lantern") == search_key("JackOLantern")
        True
        >>> search_key("Crème_brûlée")
        'cremebrulee'
    """
    folded = text.casefold()
    decomposed = folded if folded.isascii() else unicodedata.normalize("NFKD", folded)
    return decomposed if decomposed.isalnum() else "".join(filter(str.isalnum, decomposed))


def singulars(word: str) -> Iterator[str]:
    """Yield what a regular English plural may be the plural of, likeliest first.

    Example:
        >>> list(singulars("foxes"))
        ['fox', 'foxe']
        >>> list(singulars("grass"))
        []
    """
    for ending, singular in _PLURAL_ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 1 and not word.endswith("ss"):
            yield stem + singular
            if ending == "ves":
                yield stem + "fe"


def split_words(name: str) -> list[str]:
    """Return the words of a name; hyphens and slashes part them too.

    Example:
        >>> split_words("black-and-white cat")
        ['black', 'and', 'white', 'cat']
    """
    return [word for word in re.split(r"[\s/\-\u2010-\u2015]+", name) if word]
