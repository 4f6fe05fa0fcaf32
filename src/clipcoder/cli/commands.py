"""The commands: each parses, calls and prints."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar

import click

from clipcoder import __version__
from clipcoder.cli import sources as images
from clipcoder.cli.inputs import (
    check_choice,
    chosen_from,
    class_names,
    open_encoder,
    read_bank,
    tell,
    write_bank,
)
from clipcoder.errors import ClipcoderError

if TYPE_CHECKING:
    from clipcoder.pipeline import Prediction, ZeroShotClassifier

PLAIN_WIDTH = 120
"""Characters of a table that goes into a file or a pipe."""

LONG = 64
"""Images from which on a progress bar is worth its line."""

STATUS_UNREADABLE, STATUS_MISUSE, STATUS_INTERRUPTED, STATUS_BROKEN_PIPE = 1, 2, 130, 141

Outcome = TypeVar("Outcome")


class Commands(click.Group):
    """A group whose every failure is one sentence and an exit status, never a traceback."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run the command line and exit."""
        try:
            status = super().main(*args, **{**kwargs, "standalone_mode": False})
        except (click.Abort, KeyboardInterrupt):
            sys.exit(STATUS_INTERRUPTED)
        except click.ClickException as error:
            tell(error.format_message())
            sys.exit(STATUS_MISUSE)
        except ClipcoderError as error:
            tell(str(error))
            sys.exit(STATUS_MISUSE)
        except OSError as error:  # what was to be read or written no longer can be: a full disk, a lost drive
            tell(f"stopped, because the system says: {(error.strerror or str(error)).lower()}")
            sys.exit(STATUS_MISUSE)
        sys.exit(status or 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a reader of its output that has gone away, such as head, ends it quietly."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the flush at exit complains
            sys.exit(STATUS_BROKEN_PIPE)


@click.group(
    cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="clipcoder")
@click.pass_context
def main(context: click.Context) -> None:
    """Classify images with nothing but class names."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@main.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--classes", metavar="A,B,C", help="The class names, with commas between them.")
@click.option("--classes-file", type=click.Path(path_type=Path), help="The class names, one a line.")
@click.option("--model", help="The encoder; by default the starter that comes with the package.")
@click.option(
    "--texts", type=click.Path(path_type=Path), help="A bank of texts (JSON); by default WordNet writes them."
)
@click.option("--method", type=click.Choice(["coder", "clip"]), default="coder", show_default=True)
@click.option(
    "--top", type=int, default=2, show_default=True, help="How many classes to show for each image."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write the predictions to FILE.csv or FILE.parquet."
)
@click.option("--sheet", type=click.Path(path_type=Path), help="Draw a contact sheet into FILE.png.")
def classify(
    paths: tuple[str, ...],
    classes: str | None,
    classes_file: Path | None,
    model: str | None,
    texts: Path | None,
    method: Literal["coder", "clip"],
    top: int,
    as_json: bool,
    out: Path | None,
    sheet: Path | None,
) -> int:
    """Say what images show: files, folders, glob patterns, or - for standard input."""
    from clipcoder.cli import report
    from clipcoder.pipeline import ZeroShotClassifier

    given = read_bank(texts) if texts else None
    names = class_names(classes, classes_file, given)
    check_choice(names, top)
    bank = chosen_from(given, names) if given else None
    with (
        report.reserved(out, (".csv", ".parquet"), "--out") as rows_file,
        report.reserved(sheet, (".png",), "--sheet") as sheet_file,
    ):
        found = images.collect(paths, sys.stdin)
        encoder = open_encoder(model)
        bank = bank or write_bank(names, encoder, method)
        classifier = ZeroShotClassifier(encoder, bank, method=method)
        kept = bool(rows_file or sheet_file or not as_json)
        predictions, failures = predict_all(classifier, found, top, as_json=as_json, kept=kept)
        if predictions and not as_json:
            print_table(predictions, top)
        if predictions and rows_file and out:
            report.write_rows(predictions, rows_file, out.suffix.lower(), top)
        if predictions and sheet_file:
            report.write_sheet(predictions, sheet_file)
    return STATUS_UNREADABLE if failures else 0


@main.group()
def texts() -> None:
    """Write and look at banks of neighbour texts."""


@texts.command()
@click.option("--classes", metavar="A,B,C", help="The class names, with commas between them.")
@click.option("--classes-file", type=click.Path(path_type=Path), help="The class names, one a line.")
@click.option("--source", type=click.Choice(["wordnet", "names"]), default="wordnet", show_default=True)
@click.option("--model", help="The encoder that chooses among a name's senses; by default the starter.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The bank, FILE.json.")
def generate(
    classes: str | None, classes_file: Path | None, source: str, model: str | None, out: Path
) -> int:
    """Write a bank that can be read, edited and given to classify --texts."""
    from clipcoder.cli.report import reserved

    names = class_names(classes, classes_file, None)
    with reserved(out, (".json",), "--out") as file:
        if source == "names":
            bank = write_bank(names, None, "clip")
        else:
            bank = write_bank(names, open_encoder(model, quiet=True), "coder")
        bank.save(file or out)
    tell(f"wrote {len(bank.texts)} texts to {out}; classes: {len(names)}")
    return 0


@texts.command()
@click.argument("bank", type=click.Path(path_type=Path))
def show(bank: Path) -> int:
    """Print the texts of a bank, class by class."""
    for name, entries in read_bank(bank).by_class.items():
        click.secho(name, bold=True)
        for entry in entries:
            click.echo(f"  {entry.kind:<10}{entry.text}")
    return 0


def predict_all(
    classifier: ZeroShotClassifier, found: Sequence[images.Source], top: int, *, as_json: bool, kept: bool
) -> tuple[list[Prediction], int]:
    """Classify everything, naming what cannot be read; JSON lines leave as they come.

    Returns:
        The predictions, where they are kept for later, and how many images could not be read.
    """
    from clipcoder.cli.report import json_line
    from clipcoder.pipeline import Failure

    warnings.filterwarnings("ignore", module=r"PIL\.")  # what matters about a file is whether it can be read
    predictions, failures = [], 0
    for outcome in progress(classifier.stream(found, top=top), len(found)):
        if isinstance(outcome, Failure):
            failures += 1
            tell(str(outcome.error))
            continue
        if kept:
            predictions.append(outcome)
        if as_json:
            click.echo(json_line(outcome, top))
    return predictions, failures


def progress(outcomes: Iterator[Outcome], count: int) -> Iterator[Outcome]:
    """Pass the outcomes on, under a progress bar where there are many and somebody is watching."""
    if count < LONG or not sys.stderr.isatty():
        yield from outcomes
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(outcomes, "classifying", total=count, console=Console(stderr=True), transient=True)


def print_table(predictions: Sequence[Prediction], top: int) -> None:
    """Print the predictions as a table, as wide as the terminal."""
    from rich.console import Console

    from clipcoder.cli.report import table

    console = Console(highlight=False)
    if not (console.is_terminal or "COLUMNS" in os.environ):
        console.width = PLAIN_WIDTH
    with console.capture() as printed:  # for a Console that prints turns a broken pipe into status 1
        console.print(table(predictions, top))
    for line in printed.get().splitlines():
        click.echo(line.rstrip())
