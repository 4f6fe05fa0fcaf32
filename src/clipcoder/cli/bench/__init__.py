"""``clipcoder bench``: methods measured on data sets, and tables and plots of what came of it."""

from __future__ import annotations

import click

from clipcoder.cli.bench.compare import compare
from clipcoder.cli.bench.plot import plot
from clipcoder.cli.bench.run import run
from clipcoder.cli.bench.table import table
from clipcoder.cli.group import Helpful


@click.group(cls=Helpful)
def bench() -> None:
    """Measure methods on data sets, and make tables and plots of the results."""


for command in (run, table, plot, compare):
    bench.add_command(command)
