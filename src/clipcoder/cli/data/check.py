"""``clipcoder data check``: what there is of the data sets below a folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from clipcoder.cli.data.wording import size
from clipcoder.cli.group import STATUS_INCOMPLETE
from clipcoder.errors import InvalidInputError

if TYPE_CHECKING:
    from rich.table import Table

    from clipcoder.data.checking import Report


@click.command()
@click.argument("root", type=click.Path(path_type=Path))
@click.option(
    "--dataset",
    "names",
    multiple=True,
    metavar="NAME",
    help="Only this data set, which must be there; repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def check(root: Path, names: tuple[str, ...], as_json: bool) -> int:
    """Say which data sets are in ROOT, the folder of all or of one, and count their images and classes.

    Images are counted, not opened; archives are read where they lie. The exit status is 1 if something that
    is there is wrong.
    """
    from clipcoder.data.checking import check_dataset
    from clipcoder.data.datasets_catalog import dataset_facts, dataset_names

    if not root.is_dir():
        raise InvalidInputError(f"ROOT must be a folder, but '{root}' is none; name the folder of data sets")
    reports = [check_dataset(dataset_facts(name), root) for name in names or dataset_names()]
    if as_json:
        for report in reports:
            click.echo(json.dumps(as_record(report), ensure_ascii=False))
    else:
        _print(reports)
    bad = ("wrong", "absent") if names else ("wrong",)
    return STATUS_INCOMPLETE if any(report.state in bad for report in reports) else 0


def as_record(report: Report) -> dict[str, Any]:
    """Return a report as a JSON object."""
    facts = report.facts
    return {
        "name": facts.name,
        "state": report.state,
        "places": list(report.places),
        "classes": len(facts.classes),
        "images": {
            split: {"there": count.there, "listed": count.listed, "expected": count.expected}
            for split, count in report.counts.items()
        },
        "expected": dict(facts.images_of),
        "problems": list(report.problems),
        "home": facts.home,
        "megabytes": facts.megabytes or None,
        "licence": facts.licence,
    }


def found_table(reports: Iterable[Report]) -> Table:
    """Return a table of the data sets that are there: name, state, number of images, and where."""
    grid = _grid("data set", "state", ("images",), "where")
    for report in reports:
        there = sum(count.there for count in report.counts.values())
        _add(grid, report.facts.name, report.state, f"{there:,}", ", ".join(report.places))
    return grid


def absent_table(reports: Iterable[Report]) -> Table:
    """Return a table of the data sets that are not there: name, size, licence, and where they come from."""
    grid = _grid("not there", ("download",), "licence", "from")
    for report in reports:
        facts = report.facts
        _add(grid, facts.name, size(facts.megabytes), facts.licence, facts.home)
    return grid


def _print(reports: Sequence[Report]) -> None:
    from clipcoder.cli.console import print_table

    found = [report for report in reports if report.places]
    absent = [report for report in reports if not report.places]
    if found:
        print_table(found_table(found))
    for report in found:
        for problem in report.problems:
            click.echo(f"{report.facts.name}: {problem}")
        if report.state == "incomplete":
            lacking = [split for split in report.facts.splits if split not in report.counts]
            click.echo(f"{report.facts.name}: there is no {' and no '.join(lacking)}; the rest can be used")
    if found and absent:
        click.echo()
    if absent:
        print_table(absent_table(absent))


def _grid(*columns: str | tuple[str]) -> Table:
    """Return an empty table; the columns of numbers are in tuples, and the last one may be folded."""
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns[:-1]:
        justify: Literal["left", "right"] = "left" if isinstance(column, str) else "right"
        grid.add_column(column if isinstance(column, str) else column[0], justify=justify, no_wrap=True)
    grid.add_column(str(columns[-1]), overflow="fold")
    return grid


def _add(grid: Table, *cells: str) -> None:
    from rich.text import Text

    grid.add_row(*map(Text, cells))
