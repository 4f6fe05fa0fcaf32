"""``clipcoder models``: which encoders there are, what is known about them, and which are on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from clipcoder.cli.inputs import tell
from clipcoder.errors import InvalidInputError

if TYPE_CHECKING:
    from rich.table import Table

    from clipcoder.encoders.hub.catalog import ModelFacts
    from clipcoder.encoders.hub.published import Held

OTHERS: Final = (
    "more models: onnx:FOLDER (an export on disk), hub:OWNER/REPOSITORY (one on the hub), "
    "open_clip:NAME/WEIGHTS (any of open_clip) and hf:ORG/NAME (CLIP and SigLIP of transformers)"
)
SHORT: Final = 7  # digits of a commit, as git shortens it


@dataclass(frozen=True)
class Row:
    """A model, what is known about it, and what of it is here.

    Attributes:
        name: what ``--model`` takes.
        facts: what the catalogue says; None for a repository that is not in it.
        here: its files on this machine; None if it would be fetched, or is inside the package.
    """

    name: str
    facts: ModelFacts | None
    here: Held | None

    @property
    def packaged(self) -> bool:
        """Whether the package holds it."""
        return self.facts is not None and not self.facts.repository

    @property
    def local(self) -> bool:
        """Whether it needs no network."""
        return self.packaged or self.here is not None


@click.command()
@click.argument("names", nargs=-1)
@click.option("--local", is_flag=True, help="Only those that are on this machine.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option(
    "--update",
    is_flag=True,
    help="Fetch the newest revision of the named models, and keep to it from now on.",
)
def models(names: tuple[str, ...], local: bool, as_json: bool, update: bool) -> int:
    """List the encoders that have a name, or the named ones."""
    if update:
        _update(names)
    rows = [row for row in _rows(names) if row.local or not local]
    if as_json:
        for row in rows:
            click.echo(json.dumps(as_record(row), ensure_ascii=False))
        return 0
    if rows:
        from clipcoder.cli.console import print_table

        print_table(as_table(rows))
    tell(OTHERS)
    return 0


def as_record(row: Row) -> dict[str, Any]:
    """Return a row as a JSON object."""
    record: dict[str, Any] = asdict(row.facts) if row.facts else {"repository": row.name.partition(":")[2]}
    here = row.here and {
        "commit": row.here.commit,
        "folder": str(row.here.folder),
        "bytes": row.here.size,
        "pinned": row.here.pinned,
    }
    return {**record, "name": row.name, "local": row.local, "here": here}


def as_table(rows: Iterable[Row]) -> Table:
    """Return a table of name, dimension, pixels, parameters, languages, licence, and what is here."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    grid.add_column("model", style="bold", overflow="fold")
    for column in ("dim", "pixels", "params"):
        grid.add_column(column, justify="right", no_wrap=True)
    grid.add_column("languages", no_wrap=True)
    grid.add_column("licence")
    grid.add_column("on this machine", style="green", no_wrap=True)
    for row in rows:
        grid.add_row(*map(Text, (row.name, *_facts(row.facts), _here(row))))
    return grid


def _rows(names: Sequence[str]) -> Iterator[Row]:
    from clipcoder.encoders.hub.catalog import by_name, catalog, model_facts
    from clipcoder.encoders.hub.published import SCHEME, held, pinned_names

    for name in names or (*(facts.name for facts in catalog()), *pinned_names()):
        plain = name.partition("@")[0]
        facts = by_name().get(plain) if plain.startswith(SCHEME) else model_facts(plain)
        here = None if facts and not facts.repository else held(name)
        yield Row(name, facts, here)


def _update(names: Sequence[str]) -> None:
    from clipcoder.encoders.hub import published as hub

    if not names:
        raise InvalidInputError("--update needs the names of the models that shall be fetched anew")
    for name in names:
        before, now = hub.update(name)
        moved = f"was at {before[:SHORT]}, is" if before and before != now else "is"
        tell(f"{name} {moved} at {now[:SHORT]}")


def _facts(facts: ModelFacts | None) -> Sequence[str]:
    if facts is None:
        return [""] * 5
    millions = f"{facts.parameters / 1e6:,.0f} M"
    return str(facts.dim), str(facts.image_size), millions, facts.languages, facts.licence


def _here(row: Row) -> str:
    from rich.filesize import decimal

    if row.packaged:
        return "in the package"
    return f"{decimal(row.here.size)} ({row.here.commit[:SHORT]})" if row.here else ""
