"""``clipcoder suggest``: which images to label first."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click

from clipcoder.cli.console import print_table
from clipcoder.cli.encoder_options import EncoderChoice, encoder_options
from clipcoder.cli.group import STATUS_INCOMPLETE
from clipcoder.cli.inputs import check_choice, chosen_from, class_names, read_bank, tell, write_bank
from clipcoder.cli.labelled import LabelledImages
from clipcoder.cli.sources import collect


@click.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--classes", metavar="A,B,C", help="The class names, with commas between them.")
@click.option("--classes-file", type=click.Path(path_type=Path), help="The class names, one a line.")
@click.option(
    "--texts",
    type=click.Path(path_type=Path),
    help="A bank of texts (JSON); by default what ships with the package.",
)
@click.option(
    "--budget",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many images you would label.",
)
@click.option(
    "--labelled",
    type=click.Path(path_type=Path),
    help="Images that have labels already, a CSV file or a folder as clipcoder fit takes: what looks like "
    "them is not suggested again.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Which images of very many are compared."
)
@encoder_options
@click.option(
    "--method",
    type=click.Choice(["equidistant", "coder", "clip"]),
    default="equidistant",
    show_default=True,
    help="How texts score images, as in clipcoder classify.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write FILE.csv with the columns path, label and guess; fill in the labels, and clipcoder fit takes "
    "it. The rows of --labelled come first.",
)
def suggest(
    paths: tuple[str, ...],
    classes: str | None,
    classes_file: Path | None,
    texts: Path | None,
    budget: int,
    labelled: Path | None,
    seed: int,
    choice: EncoderChoice,
    method: Literal["equidistant", "coder", "clip"],
    as_json: bool,
    out: Path | None,
) -> int:
    """Say which images to label first: files, folders, glob patterns, or - for a list on standard input.

    They are typical of many others, unlike each other, and what the texts are unsure of comes first. Every
    beginning of the list is a good choice, so stop whenever you like.

    Images that cannot be read are named and skipped, and make the exit status 1.
    """
    from clipcoder.cli import suggestions
    from clipcoder.cli.report import reserved

    given = read_bank(texts) if texts else None
    names = class_names(classes, classes_file, given)
    check_choice(names, 1)
    bank = chosen_from(given, names) if given else None
    known = LabelledImages.read(labelled, "--labelled") if labelled else LabelledImages([], [], [])
    suggestions.check_unfilled(out)
    with reserved(out, (".csv",), "--out") as file:
        pool = suggestions.pool_of(collect(paths, sys.stdin), known, seed)
        encoder = choice.open()
        bank = bank or write_bank(names, encoder, method)
        looked_at = suggestions.look_at(encoder, bank, method, pool, known)
        found = looked_at.suggestions(budget, seed)
        if as_json:
            for suggestion in found:
                click.echo(suggestion.json_line())
        elif found:
            print_table(suggestions.table(found))
        if found and file and out:
            suggestions.write_rows(found, known, file, out.parent)
            tell(f"fill in the labels in '{out}', then: clipcoder fit '{out}' --out NAME.clipcoder")
    return STATUS_INCOMPLETE if looked_at.failures else 0
