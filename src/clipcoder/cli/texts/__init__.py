"""``clipcoder texts``: write banks of neighbour texts, take over those of others, and look at them."""

from __future__ import annotations

import click

from clipcoder.cli.group import Helpful
from clipcoder.cli.texts.generate import generate
from clipcoder.cli.texts.import_texts import import_texts
from clipcoder.cli.texts.show import show


@click.group(cls=Helpful)
def texts() -> None:
    """Write, import and look at banks of neighbour texts."""


for command in (generate, import_texts, show):
    texts.add_command(command)
