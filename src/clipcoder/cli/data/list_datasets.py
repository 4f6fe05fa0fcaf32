"""``clipcoder data list``: the data sets that are known by name, and where they come from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from clipcoder.cli.data.wording import counts, size
from clipcoder.cli.inputs import tell

if TYPE_CHECKING:
    from rich.table import Table

    from clipcoder.data.datasets_catalog import DatasetFacts, Download


@click.command("list")
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_datasets(names: tuple[str, ...], as_json: bool) -> int:
    """List the data sets that are known by name, or all that is known about those named.

    Nothing is downloaded: where to get them is said, and how to lay them out.
    """
    from clipcoder.data.datasets_catalog import dataset_facts, dataset_names

    known = [dataset_facts(name) for name in names or dataset_names()]
    if as_json:
        for facts in known:
            click.echo(json.dumps(as_record(facts), ensure_ascii=False))
        return 0
    if names:
        click.echo("\n\n".join("\n".join(_described(facts)) for facts in known))
        return 0
    from clipcoder.cli.console import print_table

    print_table(as_table(known))
    tell(
        "clipcoder data list NAME says where a data set comes from; clipcoder data check ROOT, what is there"
    )
    return 0


def as_record(facts: DatasetFacts) -> dict[str, Any]:
    """Return what is known about a data set as a JSON object."""
    return {
        "name": facts.name,
        "title": facts.title,
        "classes": len(facts.classes),
        "images": dict(facts.images_of),
        "megabytes": facts.megabytes or None,
        "licence": facts.licence,
        "home": facts.home,
        "downloads": [asdict(download) for download in facts.downloads],
        "split_file": facts.split_file or None,
        "split_address": facts.split_address,
        "folders": list(facts.folders),
        "prompts": facts.prompts,
        "note": facts.note,
    }


def as_table(known: Iterable[DatasetFacts]) -> Table:
    """Return a table of name, number of classes and of images in each split, download and licence."""
    from rich.table import Table
    from rich.text import Text

    from clipcoder.data.dataset import SPLITS

    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    grid.add_column("data set", style="bold", no_wrap=True)
    for column in ("classes", *SPLITS, "download"):
        grid.add_column(column, justify="right", no_wrap=True)
    grid.add_column("licence")
    for facts in known:
        images = [f"{facts.images_of[split]:,}" if split in facts.images_of else "" for split in SPLITS]
        cells = (facts.name, f"{len(facts.classes):,}", *images, size(facts.megabytes), facts.licence)
        grid.add_row(*map(Text, cells))
    return grid


def _described(facts: DatasetFacts) -> Iterator[str]:
    """Yield lines with all that is known about a data set."""
    yield f"{facts.name}: {facts.title}"
    yield _line("classes", f"{len(facts.classes):,}")
    yield _line("images", counts(facts.images_of))
    yield _line("licence", facts.licence)
    yield _line("home", facts.home)
    for download in facts.downloads:
        yield _line("download", _download(facts, download))
        if download.extract:
            yield _line("extract", download.extract)
    if facts.split_address != facts.home:
        yield _line("split", f"{facts.split_file}, from {facts.split_address}")
    yield _line("folder", f"ROOT/{facts.folders[0]}" + "".join(f" or {other}" for other in facts.folders[1:]))
    if facts.note:
        yield _line("note", facts.note)


def _download(facts: DatasetFacts, download: Download) -> str:
    parts = [download.file, f"({size(download.megabytes)})" if download.megabytes else ""]
    parts.append(f"instead of {download.same_as}" if download.same_as else "")
    parts.append(f"from {download.address}" if download.address != facts.home else "")
    return " ".join(filter(None, parts))


def _line(what: str, value: str) -> str:
    return f"  {what:<9} {value}"
