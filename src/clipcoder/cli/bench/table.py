"""``clipcoder bench table``: accuracies with intervals, gains and significance, from a folder of results."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from clipcoder.cli.bench.output import FORMATS, write_text


@click.command()
@click.argument("results", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="markdown",
    show_default=True,
    help="csv has one line a number, as shares; latex needs the package booktabs.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Write the tables into this file.")
@click.option(
    "--by",
    type=click.Choice(["shots", "dataset", "texts"]),
    help="What the columns are; by default data sets where there are several, else shots.",
)
@click.option(
    "--baseline", default="clip", show_default=True, metavar="METHOD", help="The method that gains are over."
)
@click.option(
    "--control",
    default="waffle",
    show_default=True,
    metavar="METHOD",
    help="The method that a claim of gain is made against.",
)
def table(
    results: Path,
    form: Literal["markdown", "csv", "latex"],
    out: Path | None,
    by: Literal["shots", "dataset", "texts"] | None,
    baseline: str,
    control: str,
) -> int:
    """Make tables of the rows in RESULTS, the folder that clipcoder bench run wrote.

    Each accuracy has its 95 % interval, each gain too, and a mark where it differs from 0 at 5 %: a paired
    bootstrap over images and seeds, corrected for the number of comparisons. Rows of the strict protocol and
    of the reference's, of different encoders and of different splits are in tables of their own.
    """
    from clipcoder.benchmark.formats import FORMATS as WRITERS
    from clipcoder.benchmark.reading import read_measured
    from clipcoder.benchmark.tables import tables

    measured = read_measured(results)
    several = len({one.setting.dataset for one in measured}) > 1
    chosen = by or ("dataset" if several else "shots")
    write_text(WRITERS[form](tables(measured, by=chosen, baseline=baseline, control=control)), out)
    return 0
