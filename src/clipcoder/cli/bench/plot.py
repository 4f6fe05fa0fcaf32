"""``clipcoder bench plot``: pictures of a folder of results."""

from __future__ import annotations

from pathlib import Path

import click

from clipcoder.errors import InvalidInputError
from clipcoder.files import system_reason


@click.command()
@click.argument("results", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="The folder for the pictures; made if need be.",
)
@click.option(
    "--method",
    "methods",
    multiple=True,
    metavar="METHOD",
    help="Draw confusions and accuracies by class of this method, repeatable; by default of the best "
    "zero-shot and the best few-shot method.",
)
@click.option(
    "--baseline",
    default="clip",
    show_default=True,
    metavar="METHOD",
    help="The method that accuracies by class are drawn beside.",
)
def plot(results: Path, out: Path, methods: tuple[str, ...], baseline: str) -> int:
    """Draw the rows in RESULTS, the folder that clipcoder bench run wrote, as PNG and SVG.

    For each data set, encoder and protocol: accuracy by shots with intervals, calibration, and of the best
    methods which classes they take for each other and how well they know each class. Needs the extra plots.
    """
    from clipcoder.benchmark.plots import draw
    from clipcoder.benchmark.reading import read_measured

    measured = read_measured(results)
    try:
        paths = draw(measured, out, methods=methods, baseline=baseline)
    except OSError as error:
        raise InvalidInputError(
            f"--out cannot write '{out}': {system_reason(error)}; name a folder that you may write to"
        ) from error
    for path in paths:
        click.echo(path)
    return 0
