"""From whatever a language model says to snippets: JSON, lists of all kinds, and prose around them.

Nothing here raises, and everything takes time in proportion to the length of the answer, for an answer may be
cut off anywhere, be in any form, and be a megabyte of brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clipcoder.generators.llm.declining import is_evasive, is_refusal
from clipcoder.generators.llm.json_strings import json_strings
from clipcoder.generators.llm.markup import MARK, clean

_FENCE = re.compile(r"\s*+(?:`{3,}+|~{3,}+)[ \t]*+[\w+-]*+\s*+")
_LIST_ITEM = re.compile(r"<li\b[^<>]*>", re.IGNORECASE)
_LINE_BREAK = re.compile(r"</?(?:li|ul|ol|p|br|div|h[1-6])\b[^<>]*>", re.IGNORECASE)
_HEADING = re.compile(r"\s*+#{1,6}\s")
_AGREEMENT = re.compile(
    r"^\s*+(?:(?:sure|certainly|of course|absolutely|okay|ok)(?:[!.,](?=\s|$)|$)|(?:great|yes)!)\s*+",
    re.IGNORECASE,
)
_CHATTER = re.compile(
    r"""(?:here|below|these|those)\ (?:are|is)\b | here's\b | here\ you\ go\b | .{0,80}\bthe\ following\b
      | (?:i\ )?hope\ (?:this|that|these)\b | (?:please\ )?(?:let\ me\ know|feel\ free)\b
      | (?:is\ there|would\ you|do\ you|if\ you\ (?:need|want|have|would))\b
      | (?:please\ note|note\ that|note:|overall,|in\ summary|in\ conclusion)
      | i\ (?:can|will|would)\b | i'(?:ll|d)\b
      | (?:these|those)\ (?:\w+\ )?(?:features|characteristics|attributes|names|words)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LABEL = re.compile(
    r"(?:[^:,;]{1,80}:|(?:sure|certainly|of course|okay|ok)[!.,])\s++(?=.*[,;])", re.IGNORECASE
)
_INLINE_MARK = re.compile(
    r"\s(?:[\u2022\u2023\u25aa\u25cf\u25e6]|\d{1,3}[.)]|\(\d{1,3}\))\s"
)  # "1. ... 2. ..."
_SEPARATOR = re.compile(r"[()\[\]]|;|(?<!\d),|,(?!\d)")
_NOTHING = re.compile(
    r"""\W*(?:none|n/?a|null|nil|nothing|not\ applicable|etc|and\ so\ on|and\ more
      | (?:there\ are\ )?no\ (?:\w+\ ){0,3}(?:synonyms?|names?|words?|texts?|differences)(?:\ [\w\ ]*)?
    )\W*""",
    re.IGNORECASE | re.VERBOSE,
)


def parse_answer(text: str) -> list[str]:
    r"""Return the snippets of a language model's answer, in order; none where it says nothing.

    Read are a JSON object with a list of ``texts`` or any other JSON, in a code fence, behind some prose, or
    cut off, of which whole strings are taken; lists with bullets or numbers, of which only the items are
    taken; plain lines, without those that introduce or close them; one line with commas or semicolons.

    Args:
        text: the answer as it came; anything at all.

    Example:
        >>> parse_answer('Sure!\n```json\n{"texts": ["large, round eyes", "tufted ears", "a sho')
        ['large, round eyes', 'tufted ears']
        >>> parse_answer("Two features:\n1. **Large**, round eyes.\n2) tufted ears\n\nI hope this helps!")
        ['Large, round eyes', 'tufted ears']
        >>> parse_answer("woodland, woods, and thicket")
        ['woodland', 'woods', 'thicket']
    """
    said = text.rpartition("</think>")[2].partition("<think>")[0]  # a reasoning model may think aloud
    return [snippet for snippet in map(clean, _items(said)) if _says_something(snippet)]


def _says_something(snippet: str) -> bool:
    return any(map(str.isalnum, snippet)) and not _NOTHING.fullmatch(snippet)


def _items(text: str) -> Iterator[str]:
    strings = json_strings(text)
    if strings is None:
        yield from _list_items(text)
    elif len(strings) == 1 and "[" not in text:  # {"texts": "large eyes, long tail"}
        yield from _list_items(strings[0])
    else:
        for string in strings:
            yield from _list_items(string) if "\n" in string else [string]


def _list_items(text: str) -> Iterator[str]:
    """Yield the items of a list that is not JSON."""
    lines = _LINE_BREAK.sub("\n", _LIST_ITEM.sub("\n- ", text)).splitlines()
    lines = [line for line in lines if line.strip() and not _FENCE.fullmatch(line)]
    marked = [line for line in lines if MARK.match(line)]
    if marked:
        if marked[0].lstrip().startswith("_") and lines[0] != marked[0] and not _is_talk(lines[0]):
            yield lines[0]  # the paper's prompts end with a "_", so that the first item lacks it
        items = _INLINE_MARK.split(marked[0]) if len(marked) == 1 else marked
        yield from (item for item in items if not _introduces(item))
        return
    plain = [line for line in (_AGREEMENT.sub("", line) for line in lines) if line and not _is_talk(line)]
    if len(plain) == 1 and not is_refusal(plain[0]) and not is_evasive(plain[0]):
        yield from _enumerated(plain[0].strip())
    else:
        yield from plain


def _is_talk(line: str) -> bool:
    """Tell whether a line without a mark is a heading, an introduction or a closing."""
    return bool(_introduces(line) or _HEADING.match(line) or _CHATTER.match(line.lstrip("*_ \t")))


def _introduces(line: str) -> bool:
    return line.rstrip("*_ \t").endswith(":")


def _enumerated(line: str) -> Iterator[str]:
    """Yield the parts of a line between its semicolons, or else its commas, that stand outside brackets."""
    if line[0] in "[{" and "]" in line:  # as Python writes a list, or a dictionary with one
        line = line[line.find("[") + 1 : line.rfind("]")]
    if label := _LABEL.match(line):
        line = line[label.end() :]
    separator = ";" if ";" in line else ","
    depth = start = 0
    for sign in _SEPARATOR.finditer(line):
        if sign[0] in "([":
            depth += 1
        elif sign[0] in ")]":
            depth = max(0, depth - 1)
        elif sign[0] == separator and not depth:
            yield _without_and(line[start : sign.start()])
            start = sign.end()
    yield _without_and(line[start:])


def _without_and(part: str) -> str:
    return re.sub(r"^\s*+(?:and|or)\s+", "", part)
