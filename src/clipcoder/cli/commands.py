"""All commands in one group."""

from __future__ import annotations

import click

from clipcoder import __version__
from clipcoder.cli.cache import cache
from clipcoder.cli.classify import classify
from clipcoder.cli.embed import embed
from clipcoder.cli.export import export
from clipcoder.cli.group import Commands
from clipcoder.cli.models import models
from clipcoder.cli.texts import texts


@click.group(
    cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="clipcoder")
@click.pass_context
def main(context: click.Context) -> None:
    """Classify images with nothing but class names."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for command in (classify, embed, texts, models, export, cache):
    main.add_command(command)
