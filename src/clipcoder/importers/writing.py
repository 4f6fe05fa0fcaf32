"""From the lines of a file to banks of the user's classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clipcoder.bank.entries import BankText, PairText, distinct
from clipcoder.bank.pair_bank import PairBank
from clipcoder.bank.text_bank import TextBank
from clipcoder.bank.writing import name_texts
from clipcoder.generators.sentences import Templates, render
from clipcoder.importers.content import Content, Line
from clipcoder.importers.matching import Matching


@dataclass(frozen=True)
class Writer:
    """Writes the banks of a file.

    Attributes:
        classes: the user's classes.
        content: what the file says.
        matching: which of its classes are which of the user's.
        templates: the sentences that become of names and phrases.
        domain: what all classes are.
    """

    classes: tuple[str, ...]
    content: Content
    matching: Matching
    templates: Templates
    domain: str

    def text_bank(self) -> TextBank:
        """Return what is said of single classes; one without a text of its name gets that."""
        texts = list(self._texts())
        named = {text.class_name for text in texts if text.kind == "name"}
        unnamed = (name for name in self.classes if name not in named)
        return TextBank(self.classes, distinct([*name_texts(unnamed, self.templates, self.domain), *texts]))

    def pair_bank(self) -> PairBank | None:
        """Return what is said of pairs, or None where that is nothing."""
        texts = distinct(self._pair_texts())
        return PairBank(self.classes, texts) if texts else None

    def _texts(self) -> Iterator[BankText]:
        found = self.matching.found
        for line in self.content.lines:
            if line.kind != "one_to_one" and line.class_name in found:
                name = found[line.class_name]
                for sentence in self._sentences(line, name):
                    yield BankText(sentence, name, line.kind, line.source)

    def _pair_texts(self) -> Iterator[PairText]:
        found = self.matching.found
        for line in self.content.lines:
            if line.kind == "one_to_one" and {line.class_name, line.other} <= found.keys():
                name, other = found[line.class_name], found[line.other]
                for sentence in self._sentences(line, name, other):
                    yield PairText(sentence, name, other, line.source)

    def _sentences(self, line: Line, name: str, other: str = "") -> tuple[str, ...]:
        if self.content.ready:
            return (line.text,)
        about = line.text if line.kind == "name" else name  # a phrase of that kind is the name itself
        return render(line.kind, about, line.text, self.templates, other=other, domain=self.domain)
