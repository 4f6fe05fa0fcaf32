"""``clipcoder bench run``: the rows of a specification that a folder of results does not have yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from clipcoder.cli.encoder_options import EncoderChoice, encoder_options
from clipcoder.cli.group import STATUS_INCOMPLETE
from clipcoder.cli.inputs import tell
from clipcoder.cli.progress import progress
from clipcoder.errors import InvalidInputError

if TYPE_CHECKING:
    from clipcoder.benchmark.features import Watch
    from clipcoder.benchmark.running import RunReport

_LONG: Final = 8
"""Cells, and images, from which on a progress bar is of use."""

_SHOWN: Final = 3


class Listed(click.ParamType[list[Any]]):
    """Values with commas between them, as a list.

    Args:
        kind: what each of them is.
    """

    def __init__(self, kind: Callable[[str], Any], metavar: str) -> None:
        self.kind = kind
        self.name = metavar

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[Any]:
        """Take a text apart at its commas."""
        try:
            return [self.kind(part.strip()) for part in value.split(",") if part.strip()]
        except ValueError:
            self.fail(f"must be numbers with commas between them, such as 1,2,4, not {value!r}", param, ctx)


TEXTS: Final = Listed(str, "A,B,C")
NUMBERS: Final = Listed(int, "1,2,4")


@click.command()
@click.option("--spec", type=click.Path(path_type=Path), help="A TOML file; what is said here replaces its.")
@click.option("--dataset", "datasets", type=TEXTS, help="Data sets by name, or paths of labelled images.")
@click.option("--root", type=click.Path(), help="The folder with the data sets that are named.")
@click.option(
    "--methods",
    type=TEXTS,
    help="Methods, or zero-shot, few-shot or all (the default): those that there are texts and shots for.",
)
@click.option(
    "--texts",
    type=TEXTS,
    help="wordnet (the default), knowledge (the pack), or files as NAME=FILE: banks, or texts of DCLIP, "
    "CuPL or CODER's authors; {dataset} in a path is the data set's name.",
)
@click.option("--pairs", type=click.Path(), help="A bank of one-to-one texts for coder* and equidistant*.")
@click.option("--shots", type=NUMBERS, help="Labelled images a class for few-shot methods.")
@click.option("--seeds", type=NUMBERS, help="Of the draws and of random words; by default 1,2,3.")
@click.option(
    "--protocol",
    type=click.Choice(["strict", "reference"]),
    help="strict (the default) chooses nothing on what it evaluates; reference does, as was published.",
)
@click.option(
    "--evaluate",
    type=click.Choice(["test", "val"]),
    help="The split to predict: test (the default), or val while something is still to be chosen.",
)
@click.option("--top-k", type=int, help="How many classes a rerank compares; by default 5.")
@click.option(
    "--max-gap",
    type=float,
    help="Of the two best probabilities, where an image is reranked; by default 0.05.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The folder of results; it may have rows."
)
@encoder_options
def run(spec: Path | None, out: Path, choice: EncoderChoice, **stated: Any) -> int:
    """Measure encoders, data sets, methods, texts, shots and seeds in all combinations.

    \b
    clipcoder bench run --dataset caltech101 --root DATA --methods clip,waffle,coder --out RESULTS
    clipcoder bench run --spec results.toml --out RESULTS
    clipcoder bench table RESULTS

    Each combination is a line of rows.jsonl in RESULTS, with all that made it, and a file of predictions. One
    that is there already is not made again, so a run that was stopped goes on where it was. --model takes
    several encoders with commas between them.

    Images that cannot be read are named and count as wrong, and make the exit status 1. A path with a comma
    in it is for a file that --spec names.
    """  # noqa: D301 - click leaves the lines of a paragraph alone that begins with a backspace
    from clipcoder.benchmark import running
    from clipcoder.benchmark.spec import BenchSpec, read_spec

    values = read_spec(spec) if spec else {}
    values |= {name: value for name, value in stated.items() if value is not None}
    if choice.model is not None:
        values["models"] = [name.strip() for name in choice.model.split(",")]
    wanted = BenchSpec.of(values)
    if out.exists() and not out.is_dir():
        raise InvalidInputError(f"--out '{out}' is a file; name a folder for the results")
    report = running.run(
        wanted, out, open_encoder=lambda name: replace(choice, model=name).open(), watch=_watch()
    )
    _tell_failed(report)
    made = "1 row" if report.made == 1 else f"{report.made:,} rows"
    click.echo(f"{made} made, {report.kept:,} were there; clipcoder bench table '{out}' shows them")
    return STATUS_INCOMPLETE if any(report.failed.values()) else 0


def _watch() -> Watch:
    return lambda outcomes, count, doing: progress(outcomes, count, doing, long=_LONG)


def _tell_failed(report: RunReport) -> None:
    for dataset, keys in report.failed.items():
        if keys:
            named = ", ".join([*keys[:_SHOWN], *(["..."] if len(keys) > _SHOWN else [])])
            count = "1 image" if len(keys) == 1 else f"{len(keys):,} images"
            tell(f"{count} of {dataset} cannot be read: {named}")
