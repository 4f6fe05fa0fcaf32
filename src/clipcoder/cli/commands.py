"""All commands in one group."""

from __future__ import annotations

import click

from clipcoder import __version__
from clipcoder.cli.bench import bench
from clipcoder.cli.cache import cache
from clipcoder.cli.classify import classify
from clipcoder.cli.data import data
from clipcoder.cli.embed import embed
from clipcoder.cli.export import export
from clipcoder.cli.fit import fit
from clipcoder.cli.group import Commands
from clipcoder.cli.models import models
from clipcoder.cli.suggest import suggest
from clipcoder.cli.texts import texts


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="clipcoder")
def main() -> None:
    """Classify images with nothing but class names."""


for command in (classify, fit, embed, suggest, texts, models, data, bench, export, cache):
    main.add_command(command)
