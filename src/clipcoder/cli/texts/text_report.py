"""What ``clipcoder texts show`` says of a text bank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from clipcoder.arrays import unit_rows
from clipcoder.bank import BankText, TextBank
from clipcoder.bank.likeness import Alike, Shared, alike_texts, shared_texts
from clipcoder.bank.mentions import Mention, mentions
from clipcoder.bank.nearness import NearClasses, near_texts, nearest_classes
from clipcoder.bank.summary import ClassCount, TextSummary, summarize_texts
from clipcoder.bank.unanswered import unanswered
from clipcoder.cli.texts.reporting import (
    ITEMS,
    ROWS,
    findings,
    heading,
    listed,
    one_line,
    rest,
    source_records,
    sources,
    table,
)
from clipcoder.kinds import TEXT_KINDS

if TYPE_CHECKING:
    from clipcoder.encoders.base import Encoder


@dataclass(frozen=True)
class TextReport:
    """What a text bank holds, and what in it is worth a look.

    Attributes:
        summary: the counts of the whole bank.
        classes: the counts of the classes that are reported on.
        examples: the first text of each kind from each source.
        texts: the texts of the classes that are shown in full.
        poor: those of the classes that are poor in texts, poorest first.
        unanswered: texts that say nothing of their class.
        alike: texts that repeat an earlier one of their class.
        shared: what several classes have in the same words.
        mentions: texts that name another class.
        model: the encoder; ``""`` if none was asked.
        near: the classes that lie nearest to each other for it.
        close: texts that lie very near an earlier one of their class.
        everything: whether lists are printed whole.
    """

    summary: TextSummary
    classes: tuple[ClassCount, ...]
    examples: tuple[BankText, ...]
    texts: dict[str, tuple[BankText, ...]]
    poor: tuple[ClassCount, ...]
    unanswered: list[BankText]
    alike: list[Alike]
    shared: list[Shared]
    mentions: list[Mention]
    model: str
    near: list[NearClasses]
    close: list[Alike]
    everything: bool

    @classmethod
    def of(
        cls, bank: TextBank, chosen: Sequence[str], encoder: Encoder | None, *, everything: bool
    ) -> TextReport:
        """Report on a bank, or on some of its classes alone."""
        summary = summarize_texts(bank)
        about = set(chosen or bank.class_names)
        near, close = _by_features(bank, encoder, chosen) if encoder and bank.texts else ([], [])
        examples = {(t.kind, t.source): t for t in reversed(bank.texts) if t.class_name in about}
        return cls(
            summary,
            tuple(count for count in summary.classes if count.name in about),
            tuple(sorted(examples.values(), key=lambda t: TEXT_KINDS.index(t.kind))),
            {n: texts for n, texts in bank.by_class.items() if n in (about if everything else chosen)},
            tuple(count for count in summary.poor if count.name in about),
            [t for t in unanswered(bank) if t.class_name in about],
            [alike for alike in alike_texts(bank) if alike.text.class_name in about],
            [shared for shared in shared_texts(bank) if about & set(shared.class_names)],
            [mention for mention in mentions(bank) if about & {mention.text.class_name, mention.other}],
            encoder.name if encoder else "",
            near,
            [alike for alike in close if alike.text.class_name in about],
            everything or bool(chosen),
        )

    def as_record(self) -> dict[str, Any]:
        """Return the report as a JSON object."""
        record = {
            "format": "text-bank",
            "classes": len(self.summary.classes),
            "texts": self.summary.texts,
            "kinds": self.summary.kinds,
            "sources": source_records(self.summary.sources),
            "median": self.summary.median,
            "by_class": [self._class_record(count) for count in self.classes],
            "poor": [count.name for count in self.poor],
            "unanswered": [{"class": t.class_name, "text": t.text} for t in self.unanswered],
            "examples": [{"class": t.class_name, **_text_record(t)} for t in self.examples],
            "alike": [_alike_record(alike) for alike in self.alike],
            "shared": [{"text": s.text, "classes": s.class_names} for s in self.shared],
            "mentions": [
                {"class": m.text.class_name, "text": m.text.text, "names": m.other} for m in self.mentions
            ],
        }
        if self.model:
            record |= {
                "model": self.model,
                "nearest_classes": [_near_record(near) for near in self.near],
                "near_texts": [_alike_record(alike) for alike in self.close],
            }
        return record

    def print(self, name: str) -> None:
        """Print the report for a reader."""
        total = len(self.summary.classes)
        click.secho(f"{name}: {total:,} classes, {self.summary.texts:,} texts", bold=True)
        sources(self.summary.sources)
        self._print_classes()
        self._print_texts()
        self._print_findings()

    def _limit(self, usual: int) -> int | None:
        return None if self.everything else usual

    def _print_classes(self) -> None:
        shown = self.classes[: self._limit(ROWS)]
        rows = [[count.name, *count.kinds.values(), count.texts] for count in shown]
        if len(self.classes) == len(self.summary.classes):
            rows.insert(0, ["all classes", *self.summary.kinds.values(), self.summary.texts])
        table(["class", *TEXT_KINDS, "texts"], rows)
        rest(len(self.classes) - len(shown))

    def _print_texts(self) -> None:
        for name, texts in (self.texts or {"for example": self.examples}).items():
            heading(one_line(name))
            for t in texts:
                click.echo(f"  {t.kind:<11}{one_line(t.text)}  ({one_line(str(t.source))})")

    def _print_findings(self) -> None:
        limit = self._limit(ITEMS)
        if self.poor:
            heading(f"poor in texts, the median being {self.summary.median:g}: {len(self.poor):,}")
            poor = [f"{count.name} ({count.texts})" for count in self.poor]
            click.echo(f"  {listed(poor, limit=self._limit(ROWS))}")
        silent = [(t.text, f"of {t.class_name}") for t in self.unanswered]
        findings("saying nothing of their class", silent, limit=limit)
        shared = [(s.text, listed(s.class_names, limit=limit)) for s in self.shared]
        findings("said of several classes", shared, limit=limit)
        findings("saying again what their class has", list(map(_alike_lines, self.alike)), limit=limit)
        named_others = [(m.text.text, f"of {m.text.class_name}, names {m.other}") for m in self.mentions]
        findings("naming another class", named_others, limit=limit)
        near = list(map(_near_lines, self.near))
        findings(f"nearest classes for {self.model}, with their nearest texts", near, limit=None)
        close = list(map(_alike_lines, self.close))
        findings(f"very near another text of their class for {self.model}", close, limit=limit)

    def _class_record(self, count: ClassCount) -> dict[str, Any]:
        record: dict[str, Any] = {"class": count.name, "texts": count.texts, "kinds": count.kinds}
        if count.name in self.texts:
            texts = self.texts[count.name]
            record["listed"] = [_text_record(t) for t in texts]
        return record


def _by_features(
    bank: TextBank, encoder: Encoder, chosen: Sequence[str]
) -> tuple[list[NearClasses], list[Alike]]:
    features = unit_rows(encoder.encode_texts([t.text for t in bank.texts]), "text features")
    return nearest_classes(bank, features, ROWS, of=chosen), near_texts(bank, features)


def _text_record(entry: BankText) -> dict[str, str]:
    return {"text": entry.text, "kind": entry.kind, "source": str(entry.source)}


def _alike_record(alike: Alike) -> dict[str, Any]:
    return {
        "class": alike.text.class_name,
        "text": alike.text.text,
        "earlier": alike.earlier.text,
        "likeness": alike.likeness,
    }


def _near_record(near: NearClasses) -> dict[str, Any]:
    return {
        "classes": [near.first, near.second],
        "cosine": near.cosine,
        "texts": [t.text for t in near.texts],
        "text_cosine": near.text_cosine,
    }


def _alike_lines(alike: Alike) -> tuple[str, ...]:
    return alike.text.text, f"{alike.likeness:.2f} to: {alike.earlier.text}"


def _near_lines(near: NearClasses) -> tuple[str, ...]:
    first, second = (t.text for t in near.texts)
    return f"{near.cosine:.2f}  {near.first} and {near.second}", first, f"{near.text_cosine:.2f} to: {second}"
