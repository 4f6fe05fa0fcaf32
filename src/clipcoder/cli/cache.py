"""``clipcoder cache``: what is kept between runs, and clearing it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from clipcoder.cli.group import Helpful
from clipcoder.cli.inputs import tell
from clipcoder.cli.kept import Kept, KeptFile, derived_graphs, paid_answers
from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.paths import cache_folder

if TYPE_CHECKING:
    from rich.table import Table

    from clipcoder.store import StoredEncoder

_DAY: Final = 86_400.0


@click.group(cls=Helpful)
def cache() -> None:
    """Look at what is kept between runs, and clear it.

    The environment variable CLIPCODER_CACHE names another folder for it.
    """


@cache.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def info(as_json: bool) -> int:
    """Say what is kept.

    Features, encoder by encoder, graphs in other precisions, and answers of language models.
    """
    from clipcoder.store import FeatureStore

    kept = Kept(FeatureStore().info(), derived_graphs(), paid_answers())
    if as_json:
        click.echo(json.dumps(as_record(kept), ensure_ascii=False))
        return 0
    click.echo(f"{cache_folder()}: {_decimal(kept.bytes)}")
    if kept.encoders:
        from clipcoder.cli.console import print_table

        print_table(as_table(kept.encoders))
    if kept.graphs:
        click.echo(
            f"graphs in other precisions: {len(kept.graphs)} ({_decimal(Kept(graphs=kept.graphs).bytes)})"
        )
    if kept.answers:
        size = _decimal(Kept(answers=kept.answers).bytes)
        click.echo(f"paid answers of language models: {len(kept.answers):,} ({size})")
    if damaged := sum(encoder.damaged for encoder in kept.encoders):
        click.echo(f"damaged parts that were set aside: {damaged}")
    return 0


@cache.command()
@click.option("--model", metavar="NAME", help="Only features of this encoder.")
@click.option(
    "--answers", is_flag=True, help="Only answers of language models, which cost money and stay otherwise."
)
@click.option(
    "--older-than",
    type=click.FloatRange(min=0),
    metavar="DAYS",
    help="Only what has not been used for so many days.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def clear(model: str | None, answers: bool, older_than: float | None, yes: bool) -> int:
    """Remove what is kept.

    What is removed can be made again, and other processes may go on working. Answers of language models
    are paid for: they stay, unless --answers is given.
    """
    from clipcoder.store import FeatureStore

    if model and answers:
        raise InvalidInputError("give --model to clear features, or --answers to clear answers, not both")
    store = FeatureStore()
    if answers:
        kept = Kept(answers=paid_answers())
    else:
        kept = Kept(_named(store.info(), model), [] if model else derived_graphs())
    if older_than is not None:
        kept = kept.unused_since(time.time() - older_than * _DAY)
    if not kept:
        tell("there is nothing to clear")
        return 0
    if not (yes or _confirmed(f"{kept} ({_decimal(kept.bytes)})")):
        tell("nothing was cleared")
        return 0
    freed = store.clear(kept.encoders) + sum(map(_removed, (*kept.graphs, *kept.answers)))
    tell(f"freed {_decimal(freed)}: {kept}")
    return 0


def as_record(kept: Kept) -> dict[str, Any]:
    """Return what is kept as a JSON object."""
    return {
        "folder": str(cache_folder()),
        "bytes": kept.bytes,
        "encoders": [{**asdict(encoder), "used": _moment(encoder.used)} for encoder in kept.encoders],
        "graphs": {"files": len(kept.graphs), "bytes": Kept(graphs=kept.graphs).bytes},
        "answers": {"files": len(kept.answers), "bytes": Kept(answers=kept.answers).bytes},
        "damaged": sum(encoder.damaged for encoder in kept.encoders),
    }


def as_table(encoders: Iterable[StoredEncoder]) -> Table:
    """Return a table of encoder, precision, how many images and texts, size, and the day of the last use."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    grid.add_column("features of", style="bold", overflow="fold")
    grid.add_column("precision", no_wrap=True)
    for column in ("images", "texts", "size", "last used"):
        grid.add_column(column, justify="right", no_wrap=True)
    for e in encoders:
        cells = (
            e.name,
            e.precision,
            f"{e.images:,}",
            f"{e.texts:,}",
            _decimal(e.bytes),
            _moment(e.used)[:10],
        )
        grid.add_row(*map(Text, cells))
    return grid


def _named(encoders: Sequence[StoredEncoder], name: str | None) -> Sequence[StoredEncoder]:
    if name is None:
        return encoders
    named = [encoder for encoder in encoders if encoder.name == name]
    if encoders and not named:
        raise UnknownNameError("encoder of the cache", name, sorted({encoder.name for encoder in encoders}))
    return named


def _confirmed(what: str) -> bool:
    if not sys.stdin.isatty():
        raise InvalidInputError(f"would clear {what}; add --yes where nobody can be asked")
    return click.confirm(f"Clear {what}?", err=True)


def _removed(kept: KeptFile) -> int:
    kept.path.unlink(missing_ok=True)
    return kept.bytes


def _decimal(size: int) -> str:
    from rich.filesize import decimal

    return decimal(size)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
