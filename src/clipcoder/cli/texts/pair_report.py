"""What ``clipcoder texts show`` says of a pair bank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from clipcoder.bank import PairBank, PairText
from clipcoder.bank.summary import PairCount, PairSummary, summarize_pairs
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


@dataclass(frozen=True)
class PairReport:
    """Which classes a pair bank tells apart.

    Attributes:
        summary: the counts of the whole bank.
        pairs: the pairs that are reported on.
        alone: those of the classes reported on that have no pair.
        texts: the texts of the pairs that are shown in full.
        everything: whether lists are printed whole.
    """

    summary: PairSummary
    pairs: tuple[PairCount, ...]
    alone: tuple[str, ...]
    texts: tuple[PairText, ...]
    everything: bool

    @classmethod
    def of(cls, bank: PairBank, chosen: Sequence[str], *, everything: bool) -> PairReport:
        """Report on a bank, or on the pairs of some of its classes alone."""
        summary = summarize_pairs(bank)
        about = set(chosen or bank.class_names)
        return cls(
            summary,
            tuple(pair for pair in summary.pairs if about & {pair.first, pair.second}),
            tuple(name for name in summary.alone if name in about),
            tuple(t for t in bank.texts if (everything or chosen) and about & {t.class_name, t.other}),
            everything or bool(chosen),
        )

    def as_record(self) -> dict[str, Any]:
        """Return the report as a JSON object."""
        record: dict[str, Any] = {
            "format": "pair-bank",
            "classes": len(self.summary.class_names),
            "texts": self.summary.texts,
            "sources": source_records(self.summary.sources),
            "pairs": [
                {"classes": [pair.first, pair.second], "forth": pair.forth, "back": pair.back}
                for pair in self.pairs
            ],
            "one_sided": [list(_missing(pair)) for pair in self.pairs if pair.one_sided],
            "without_pairs": list(self.alone),
        }
        if self.texts:
            record["listed"] = [
                {"text": t.text, "class": t.class_name, "other": t.other, "source": str(t.source)}
                for t in self.texts
            ]
        return record

    def print(self, name: str) -> None:
        """Print the report for a reader."""
        summary = self.summary
        counted = f"{len(summary.class_names):,} classes, {len(summary.pairs):,} pairs"
        click.secho(f"{name}: {counted}, {summary.texts:,} texts", bold=True)
        sources(summary.sources)
        shown = self.pairs[: self._limit(ROWS)]
        rows = [[pair.first, pair.second, pair.forth, pair.back] for pair in shown]
        table(["class", "other", "forth", "back"], rows, named=2)
        rest(len(self.pairs) - len(shown))
        self._print_texts()
        one_sided = [_missing(pair) for pair in self.pairs if pair.one_sided]
        lines = [(f"nothing says how {name} differs from {other}",) for name, other in one_sided]
        findings("without a say, for a direction is missing", lines, limit=self._limit(ITEMS))
        if self.alone:
            heading(f"classes without pairs: {len(self.alone):,}")
            click.echo(f"  {listed(self.alone, limit=self._limit(ROWS))}")

    def _limit(self, usual: int) -> int | None:
        return None if self.everything else usual

    def _print_texts(self) -> None:
        pair: tuple[str, str] | None = None
        for t in self.texts:
            if pair != (t.class_name, t.other):
                pair = t.class_name, t.other
                heading(one_line(f"{t.class_name}, not {t.other}"))
            click.echo(f"  {one_line(t.text)}  ({one_line(str(t.source))})")


def _missing(pair: PairCount) -> tuple[str, str]:
    """Return the class of a one-sided pair about which there is no text, and the other one."""
    return (pair.first, pair.second) if not pair.forth else (pair.second, pair.first)
