"""What reports on text banks and on pair banks print alike: tables, headings, lists that are cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from clipcoder.cli.console import print_table

if TYPE_CHECKING:
    from clipcoder.bank.summary import SourceCount

ROWS: Final = 10
"""Classes or pairs in a table, or on a line, that is cut."""

ITEMS: Final = 3
"""Findings of a sort that are told before the rest is only counted."""


def one_line(text: str) -> str:
    r"""Return a text as it can be printed: without line breaks and what else moves a terminal's cursor.

    >>> one_line("a\n cat\x1b[2J")
    'a cat [2J'
    """
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, named: int = 1) -> None:
    """Print a table of which the first columns are names and the others numbers."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for position, column in enumerate(columns):
        grid.add_column(column, justify="left" if position < named else "right", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(f"{c:,}" if isinstance(c, int) else one_line(str(c))) for c in row))
    click.echo()
    print_table(grid)


def heading(text: str) -> None:
    """Print a line above others."""
    click.echo()
    click.secho(text, bold=True)


def findings(title: str, items: Sequence[Sequence[str]], *, limit: int | None) -> None:
    """Print what was found, each finding on its lines, under a heading that counts them; nothing if none."""
    if not items:
        return
    heading(f"{title}: {len(items):,}")
    shown = items[:limit]
    for first, *others in shown:
        click.echo(f"  {one_line(first)}")
        for line in others:
            click.echo(f"    {one_line(line)}")
    rest(len(items) - len(shown))


def rest(count: int) -> None:
    """Say how many more there are."""
    if count:
        click.echo(f"  and {count:,} more; --all shows them")


def listed(names: Sequence[str], *, limit: int | None) -> str:
    """Return names with commas between them; of many, some and how many more.

    >>> listed(["cat", "dog", "fox", "owl", "cow"], limit=3)
    'cat, dog, fox and 2 more'
    """
    shown = names[:limit]
    more = f" and {len(names) - len(shown):,} more" if len(shown) < len(names) else ""
    return ", ".join(map(one_line, shown)) + more


def sources(counts: Sequence[SourceCount]) -> None:
    """Print how many texts came from where; what no source has is left out."""
    facts = [asdict(count.source) for count in counts]
    named = ["generator", *(f for f in ("model", "prompt", "date") if any(of[f] for of in facts))]
    rows = [[*(of[f] for f in named), count.texts] for of, count in zip(facts, counts, strict=True)]
    table(["source", *named[1:], "texts"], rows, named=len(named))


def source_records(counts: Sequence[SourceCount]) -> list[dict[str, Any]]:
    """Return the same as JSON objects."""
    return [
        {**{f: v for f, v in asdict(count.source).items() if v}, "texts": count.texts} for count in counts
    ]
