"""One snippet out of what surrounds it in an answer: bullets, numbers, emphasis, links, quotes."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

MARK: Final = re.compile(
    r"""\s*+(?:
        (?:\*\*|__)? \#? (?:\(\d{1,3}\) | \d{1,5}[.):]) (?!\d)     # 1.  1)  (1)  1:  #1.  **1.  but not 4:3
      | (?:\([a-zA-Z]\) | [a-zA-Z]\) | \(?[ivx]{2,4}\)) (?=\s)     # a)  (a)  iv)
      | [-*_\u00b7\u2010-\u2015\u2022\u2023\u2043\u2219\u25aa\u25cb\u25cf\u25e6] (?![\d*_-])  # but not -5
      | [^\w\s"'([{<\#$\u20ac\u00a3\u00ab\u2018\u201c\u201e] \ufe0f? (?=\s)   # any other sign, and a space
    )\s*+ (?:\[[ xX]?\]\s++)?                                      # a box to tick
    """,
    re.VERBOSE,
)
"""What makes a line an item of a list."""

_MARKS_IN_A_ROW = 3  # "> - 1. large eyes"
_BLOCK = re.compile(r"</?(?:li|ul|ol|p|br|div|h[1-6])\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|\w{2,32});")
_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1b\x7f\u00ad\u200b\u2060\ufeff\ud800-\udfff]")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
_FOOTNOTE = re.compile(r"\[\d{1,3}\]")
_EMPHASIS = re.compile(r"(?<![^\W_])[*_`]|[*_`](?![^\W_])|~~")
_ABBREVIATION = re.compile(r"\.\w$")
_WRAPPINGS = 3  # '"large eyes.",'
_QUOTES = {'"': '"', "'": "'", "\u201c": "\u201d", "\u2018": "\u2019", "\u00ab": "\u00bb", "\u201e": "\u201c"}
_LONGEST = 1000
"""Characters; what is longer is no snippet, and its normal form may take quadratic time."""


def clean(item: str) -> str:
    r"""Return the words of one item of an answer, on one line; no letter of them is lost.

    Bullets and numbers, Markdown and HTML, quotes and full stops around them go, and half characters, which
    cannot be encoded.

    Example:
        >>> [clean(item) for item in ("1. **Large** eyes.", '- "a <b>long</b> tail",', "* [Tiger](/wiki)")]
        ['Large eyes', 'a long tail', 'Tiger']
        >>> clean("salt &amp; pepper   coat"), clean("coffee_mug")
        ('salt & pepper coat', 'coffee mug')
    """
    text = _TAG.sub("", _BLOCK.sub(" ", item))
    text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    text = _FOOTNOTE.sub("", _LINK.sub(r"\1", _INVISIBLE.sub("", text)))
    text = _EMPHASIS.sub("", without_marks(text)).replace("_", " ")
    text = " ".join(text.split())
    for _ in range(_WRAPPINGS):
        text = _unquoted(_without_stop(text.rstrip(",; "))).strip()
    return text if len(text) > _LONGEST else unicodedata.normalize("NFC", text)


def without_marks(line: str) -> str:
    """Return a line without the bullet or number before it, and without white space around it.

    >>> without_marks("  (2) * large eyes"), without_marks("4:3 screen"), without_marks("T. rex")
    ('large eyes', '4:3 screen', 'T. rex')
    """
    for _ in range(_MARKS_IN_A_ROW):
        if not (mark := MARK.match(line)):
            break
        line = line[mark.end() :]
    return line.strip()


def _without_stop(text: str) -> str:
    bare = text.rstrip(".\u2026")
    return text if _ABBREVIATION.search(bare) else bare


def _unquoted(text: str) -> str:
    """Take off quotes around the whole, not those of ``"A" and "B"``."""
    if len(text) < 2 or _QUOTES.get(text[0]) != text[-1]:
        return text
    inside = text[1:-1]
    end = "' " if text[0] == "'" else text[-1]
    return text if end in inside else inside
