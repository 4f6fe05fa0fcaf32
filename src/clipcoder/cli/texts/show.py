"""``clipcoder texts show``: what a bank holds."""

from __future__ import annotations

from pathlib import Path

import click

from clipcoder.cli.inputs import read_bank


@click.command()
@click.argument("bank", type=click.Path(path_type=Path))
def show(bank: Path) -> int:
    """Print the texts of a bank, class by class."""
    for name, entries in read_bank(bank).by_class.items():
        click.secho(name, bold=True)
        for entry in entries:
            click.echo(f"  {entry.kind:<10}{entry.text}")
    return 0
