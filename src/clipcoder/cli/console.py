"""Tables on standard output, as wide as the terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from rich.table import Table

PLAIN_WIDTH: Final = 120
"""Characters of a table that goes into a file or a pipe."""


def print_table(grid: Table) -> None:
    """Print a table; blanks at the ends of lines are left out."""
    from rich.console import Console

    console = Console(highlight=False)
    if not (console.is_terminal or "COLUMNS" in os.environ):
        console.width = PLAIN_WIDTH
    with console.capture() as printed:  # for a Console that prints turns a broken pipe into status 1
        console.print(grid)
    for line in printed.get().splitlines():
        click.echo(line.rstrip())
