"""From the lines of a file to banks of the user's classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from clipcoder.bank.entries import BankText, PairText, distinct
from clipcoder.bank.pair_bank import PairBank
from clipcoder.bank.text_bank import TextBank
from clipcoder.bank.writing import name_texts
from clipcoder.generators.sentences import Templates, render
from clipcoder.importers.content import Line


@dataclass(frozen=True)
class Writer:
    """Writes the banks of a file.

    Attributes:
        classes: the user's classes.
        lines: what the file says of them.
        ready: whether these are sentences to be taken as they stand.
        names: by the class's name in the file, its name among the user's classes.
        templates: the sentences that become of names and phrases.
        domain: what all classes are.
    """

    classes: tuple[str, ...]
    lines: Sequence[Line]
    ready: bool
    names: Mapping[str, str]
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
        for line in self.lines:
            if line.kind != "one_to_one":
                for sentence in self._sentences(line):
                    yield BankText(sentence, self.names[line.class_name], line.kind, line.source)

    def _pair_texts(self) -> Iterator[PairText]:
        for line in self.lines:
            if line.kind == "one_to_one":
                name, other = self.names[line.class_name], self.names[line.other]
                for sentence in self._sentences(line):
                    yield PairText(sentence, name, other, line.source)

    def _sentences(self, line: Line) -> tuple[str, ...]:
        if self.ready:
            return (line.text,)
        name, other = self.names[line.class_name], self.names.get(line.other, "")
        about = line.text if line.kind == "name" else name  # a phrase of that kind is the name itself
        return render(line.kind, about, line.text, self.templates, other=other, domain=self.domain)
