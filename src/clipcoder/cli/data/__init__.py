"""``clipcoder data``: the data sets that are known by name, and what of them is on this machine."""

from __future__ import annotations

import click

from clipcoder.cli.data.check import check
from clipcoder.cli.data.list_datasets import list_datasets
from clipcoder.cli.group import Helpful


@click.group(cls=Helpful)
def data() -> None:
    """Say which data sets are known by name, and check those on this machine."""


for command in (list_datasets, check):
    data.add_command(command)
