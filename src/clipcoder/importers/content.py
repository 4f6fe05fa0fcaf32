"""What a file says, line by line, before its classes are anybody's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from clipcoder.bank.names import checked_text, name_key
from clipcoder.errors import InvalidInputError
from clipcoder.kinds import TextKind
from clipcoder.source import Source

LineKind = TextKind | Literal["one_to_one"]

_SENTENCE_END = re.compile(r"[.!?][\"'”’)]*$")
_WORDS_AROUND_A_NAME = 2
_MOST_NAME = 300  # characters; the longest of ImageNet's, with all synonyms, has 131


class Line(NamedTuple):
    """One text of a file.

    Attributes:
        class_name: the class, as the file first writes it.
        text: the text, on one line.
        kind: the kind of text.
        other: the class that it is told apart from, for ``"one_to_one"`` only.
        source: where the text came from.
    """

    class_name: str
    text: str
    kind: LineKind
    other: str
    source: Source


class Content:
    """The classes of a file and its usable texts, gathered while it is read.

    Attributes:
        path: the file, for messages.
        format: what the file is, such as ``"dclip"``.
        ready: whether its texts are sentences to be taken as they stand, not phrases to make some of.
        lines: the texts.
        dropped: how many others were left out, by reason.

    >>> content = Content(Path("texts.json"), "dclip")
    >>> content.add_all("Black_Bear", ["a large bear", "a  large bear ", None])
    >>> content.add_all("black bear", ["black fur"])
    >>> [line.text for line in content.lines], dict(content.dropped), content.classes
    (['a large bear', 'black fur'], {'given twice': 1, 'no text': 1}, ('Black_Bear',))
    """

    def __init__(self, path: Path, format_name: str, *, ready: bool = False) -> None:
        self.path = path
        self.format = format_name
        self.ready = ready
        self.lines: list[Line] = []
        self.dropped: Counter[str] = Counter()
        self._names: dict[str, str] = {}
        self._seen: set[tuple[str, ...]] = set()

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the file in its order, also those without texts."""
        return tuple(self._names.values())

    def name(self, given: str) -> str:
        """Note that the file has a class, and return how it writes that first.

        Raises:
            InvalidInputError: the name is blank, no valid text, or too long to be one.
        """
        checked_text(given, f"a class name in '{self.path}'")
        if not name_key(given):
            raise InvalidInputError(f"a class name in '{self.path}' must have a letter, but it is {given!r}")
        if len(given) > _MOST_NAME:
            raise InvalidInputError(
                f"a class name in '{self.path}' may have {_MOST_NAME} characters, but one has {len(given)}: "
                f"{given[:40]!r}; shorten it"
            )
        return self._names.setdefault(name_key(given), given.strip())

    def add_all(
        self, given_name: str, texts: Iterable[object], kind: LineKind = "attribute", other: str = ""
    ) -> None:
        """Add what the file lists for a class; whatever is no usable text is left out and counted."""
        self.name(given_name)
        for text in texts:
            self.add(given_name, text, kind, other)

    def add(
        self,
        given_name: str,
        text: object,
        kind: LineKind = "attribute",
        other: str = "",
        source: Source | None = None,
    ) -> None:
        """Add one text, unless it is unusable."""
        name, rival = self.name(given_name), self.name(other) if kind == "one_to_one" else ""
        line = Line(name, _on_one_line(text), kind, rival, source or Source(self.format))
        reason = self._unusable(line, text)
        if reason:
            self.dropped[reason] += 1
            return
        self._seen.add(line[:4])
        self.lines.append(line)

    def _unusable(self, line: Line, given: object) -> str:
        if not isinstance(given, str):
            return "no text"
        if not name_key(line.text):  # nor is there anything to read in underscores
            return "blank"
        try:
            checked_text(line.text, "a text")
        except InvalidInputError:
            return "no valid text"
        if line.other == line.class_name:
            return "about a class and itself"
        return "given twice" if line[:4] in self._seen else ""


def look_ready(lines: Iterable[Line]) -> bool:
    """Tell sentences from phrases by how most of them look: with a full stop, or around the class's name.

    >>> source = Source("given")
    >>> look_ready([Line("owl", "An owl has large eyes.", "attribute", "", source)])
    True
    >>> look_ready([Line("owl", "large eyes", "attribute", "", source)])
    False
    """
    looks = [_looks_ready(line) for line in lines]
    return 2 * sum(looks) > len(looks)


def _looks_ready(line: Line) -> bool:
    if _SENTENCE_END.search(line.text):
        return True
    text, name = name_key(line.text), name_key(line.class_name)
    return name in text and len(text.split()) >= len(name.split()) + _WORDS_AROUND_A_NAME


def _on_one_line(text: object) -> str:
    return " ".join(text.split()) if isinstance(text, str) else ""
