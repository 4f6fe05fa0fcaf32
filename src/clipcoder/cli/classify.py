"""``clipcoder classify``: what images show."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from clipcoder.cli import sources as images
from clipcoder.cli.close_calls import (
    PACK,
    SAMPLE,
    STATED,
    CloseCallCount,
    MaxGap,
    MaxGapType,
    Pairs,
    PairsType,
)
from clipcoder.cli.console import print_table
from clipcoder.cli.encoder_options import EncoderChoice, encoder_options
from clipcoder.cli.group import STATUS_INCOMPLETE
from clipcoder.cli.inputs import tell
from clipcoder.cli.openers import FromTexts, saved_opener
from clipcoder.cli.progress import progress
from clipcoder.errors import InvalidInputError

if TYPE_CHECKING:
    from clipcoder.pipeline import Failure, Prediction


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
    "--pairs",
    type=PairsType(),
    metavar=f"PATH|{PACK}",
    help="A bank of one-to-one texts (JSON), which decide between the best classes where the gap is small; "
    f"{PACK} takes those that ship with the package (a file of that name is ./{PACK}).",
)
@click.option(
    "--max-gap",
    type=MaxGapType(),
    metavar="FLOAT|auto",
    help="With --pairs: a call is close where the two best probabilities differ by less than this "
    f"({STATED} if nothing is said); auto learns from up to {SAMPLE} of the images which gap the closest "
    "tenth of them lies below.",
)
@click.option(
    "--classifier",
    type=click.Path(path_type=Path),
    help="A classifier that clipcoder fit made, in place of classes and texts; with its own encoder.",
)
@encoder_options
@click.option(
    "--method",
    type=click.Choice(["equidistant", "coder", "clip"]),
    default="equidistant",
    show_default=True,
    help="coder compares with all texts of a class, as published; equidistant does so with all classes at "
    "one distance from their mean; clip compares with the name alone.",
)
@click.option(
    "--top", type=int, default=2, show_default=True, help="How many classes to show for each image."
)
@click.option(
    "--unknown-below",
    type=click.FloatRange(0, 1),
    metavar="FLOAT",
    help="Call images unknown whose best probability is below this.",
)
@click.option(
    "--independent",
    is_flag=True,
    help="Give each class a probability of its own, for images that may show several or none.",
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
    classifier: Path | None,
    choice: EncoderChoice,
    texts: Path | None,
    pairs: Pairs | None,
    max_gap: MaxGap | None,
    method: Literal["equidistant", "coder", "clip"],
    top: int,
    unknown_below: float | None,
    independent: bool,
    as_json: bool,
    out: Path | None,
    sheet: Path | None,
) -> int:
    """Say what images show: files, folders, glob patterns, or - for standard input."""
    from clipcoder.cli import report

    if independent and unknown_below is not None:
        raise InvalidInputError(
            "--unknown-below is about probabilities that sum to 1, which --independent ones do not; "
            "leave one of them out"
        )
    if classifier:
        opener = saved_opener(classifier, choice, top)
    else:
        opener = FromTexts(classes, classes_file, texts, pairs, max_gap, method).opener(choice, top)
    with (
        report.reserved(out, (".csv", ".parquet"), "--out") as rows_file,
        report.reserved(sheet, (".png",), "--sheet") as sheet_file,
    ):
        found = images.collect(paths, sys.stdin)
        kept = bool(rows_file or sheet_file or not as_json)
        opened = opener(found)
        if unknown_below is not None:
            opened.abstain_below(unknown_below)
        outcomes = opened.stream(found, top=top, independent=independent)
        predictions, failures = predict_all(outcomes, len(found), top, as_json=as_json, kept=kept)
        if predictions and not as_json:
            print_table(report.table(predictions, top))
        if predictions and rows_file and out:
            report.write_rows(predictions, rows_file, out.suffix.lower(), top)
        if predictions and sheet_file:
            report.write_sheet(predictions, sheet_file)
    return STATUS_INCOMPLETE if failures else 0


def predict_all(
    outcomes: Iterator[Prediction | Failure], total: int, top: int, *, as_json: bool, kept: bool
) -> tuple[list[Prediction], int]:
    """Classify everything, naming what cannot be read and what was lacking; JSON lines leave as they come.

    Returns:
        The predictions, where they are kept for later, and how many images could not be read.
    """
    from clipcoder.cli.report import json_line
    from clipcoder.pipeline import Failure

    predictions, failures, close_calls = [], 0, CloseCallCount()
    for outcome in progress(outcomes, total, "classifying"):
        if isinstance(outcome, Failure):
            failures += 1
            tell(str(outcome.error))
            continue
        close_calls.add(outcome)
        if kept:
            predictions.append(outcome)
        if as_json:
            click.echo(json_line(outcome, top))
    close_calls.report()
    return predictions, failures
