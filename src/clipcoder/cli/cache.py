"""``clipcoder cache``: what is kept between runs, and clearing it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from clipcoder.cli.group import Helpful
from clipcoder.cli.inputs import tell
from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.paths import cache_folder

if TYPE_CHECKING:
    from rich.table import Table

    from clipcoder.store import StoredEncoder

_DAY: Final = 86_400.0


@dataclass(frozen=True)
class Graph:
    """A model's graph in another precision, or its weights.

    Attributes:
        path: the file.
        bytes: its size.
        used: when it was last written or read, in seconds since 1970.
    """

    path: Path
    bytes: int
    used: float


@click.group(cls=Helpful)
def cache() -> None:
    """Look at what is kept between runs, and clear it.

    The environment variable CLIPCODER_CACHE names another folder for it.
    """


@cache.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def info(as_json: bool) -> int:
    """Say what is kept.

    Features, encoder by encoder, and graphs in other precisions.
    """
    from clipcoder.store import FeatureStore

    encoders, graphs = FeatureStore().info(), derived_graphs()
    if as_json:
        click.echo(json.dumps(as_record(encoders, graphs), ensure_ascii=False))
        return 0
    click.echo(f"{cache_folder()}: {_size(encoders, graphs)}")
    if encoders:
        from clipcoder.cli.console import print_table

        print_table(as_table(encoders))
    if graphs:
        click.echo(f"graphs in other precisions: {len(graphs)} ({_size([], graphs)})")
    if damaged := sum(encoder.damaged for encoder in encoders):
        click.echo(f"damaged parts that were set aside: {damaged}")
    return 0


@cache.command()
@click.option("--model", metavar="NAME", help="Only features of this encoder.")
@click.option(
    "--older-than",
    type=click.FloatRange(min=0),
    metavar="DAYS",
    help="Only what has not been used for so many days.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def clear(model: str | None, older_than: float | None, yes: bool) -> int:
    """Remove what is kept.

    Everything can be made again, and other processes may go on working.
    """
    from clipcoder.store import FeatureStore

    store = FeatureStore()
    last_use = inf if older_than is None else time.time() - older_than * _DAY
    encoders = [encoder for encoder in _named(store.info(), model) if encoder.used <= last_use]
    graphs = [] if model else [graph for graph in derived_graphs() if graph.used <= last_use]
    if not encoders and not graphs:
        tell("there is nothing to clear")
        return 0
    what = f"{_described(encoders, graphs)} ({_size(encoders, graphs)})"
    if not (yes or _confirmed(what)):
        tell("nothing was cleared")
        return 0
    freed = store.clear(encoders) + sum(map(_removed, graphs))
    tell(f"freed {_decimal(freed)}: {_described(encoders, graphs)}")
    return 0


def derived_graphs() -> list[Graph]:
    """Return the graphs in the cache folder; what is being written at the moment is not among them."""
    from clipcoder.encoders.onnx.derived_graphs import FOLDER

    found = []
    for path in sorted((cache_folder() / FOLDER).glob("[!.]*.onnx*")):
        with suppress(FileNotFoundError):
            status = path.stat()
            if path.suffix != ".lock":
                found.append(Graph(path, status.st_size, max(status.st_atime, status.st_mtime)))
    return found


def as_record(encoders: Sequence[StoredEncoder], graphs: Sequence[Graph]) -> dict[str, Any]:
    """Return what is kept as a JSON object."""
    return {
        "folder": str(cache_folder()),
        "bytes": _bytes(encoders, graphs),
        "encoders": [{**asdict(encoder), "used": _moment(encoder.used)} for encoder in encoders],
        "graphs": {"files": len(graphs), "bytes": _bytes([], graphs)},
        "damaged": sum(encoder.damaged for encoder in encoders),
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


def _described(encoders: Sequence[StoredEncoder], graphs: Sequence[Graph]) -> str:
    rows = sum(encoder.images + encoder.texts for encoder in encoders)
    names = ", ".join(dict.fromkeys(encoder.name for encoder in encoders))
    features = [f"{rows:,} features of {names}"] if encoders else []
    return " and ".join([*features, *([f"{len(graphs)} graphs in other precisions"] if graphs else [])])


def _confirmed(what: str) -> bool:
    if not sys.stdin.isatty():
        raise InvalidInputError(f"would clear {what}; add --yes where nobody can be asked")
    return click.confirm(f"Clear {what}?", err=True)


def _removed(graph: Graph) -> int:
    graph.path.unlink(missing_ok=True)
    return graph.bytes


def _size(encoders: Sequence[StoredEncoder], graphs: Sequence[Graph]) -> str:
    return _decimal(_bytes(encoders, graphs))


def _bytes(encoders: Sequence[StoredEncoder], graphs: Sequence[Graph]) -> int:
    return sum(encoder.bytes for encoder in encoders) + sum(graph.bytes for graph in graphs)


def _decimal(size: int) -> str:
    from rich.filesize import decimal

    return decimal(size)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
