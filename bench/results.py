"""The results pages, from photos to docs/results.md and the README: ``make results``.

    python bench/results.py [--data ../shared/data] [--results bench/results]

Runs ``clipcoder bench run`` on the specification in bench/results.toml (what is there already is not run
again), then writes tables and pictures. ``--evaluate val`` tries it out on validation photos; it needs
``--docs`` and ``--readme`` of its own, so that no page shows results that are none.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

import click

from clipcoder.benchmark.measured import Measured
from clipcoder.benchmark.plots import draw
from clipcoder.benchmark.reading import read_measured
from clipcoder.benchmark.tables import tables
from results_page import short, whole, with_block

ROOT = Path(__file__).resolve().parents[1]
SPEC = ROOT / "bench" / "results.toml"
CUPL = "texts/cupl/caltech101.json"
"""Where the data have CuPL's sentences, which are not shipped."""

SHOWN = ("accuracy.svg", "calibration.svg")
"""The pictures of the page, by the ends of their names."""

folder = click.Path(path_type=Path, file_okay=False)
file = click.Path(path_type=Path, dir_okay=False)


@click.command(help=__doc__)
@click.option("--data", type=folder, default=ROOT.parent / "shared" / "data", help="Where the data sets are.")
@click.option("--results", type=folder, default=ROOT / "bench" / "results", help="Where the rows are kept.")
@click.option("--evaluate", type=click.Choice(["test", "val"]), default="test", show_default=True)
@click.option("--docs", type=folder, default=ROOT / "docs", help="Gets results.md and results/*.svg.")
@click.option("--readme", type=file, default=ROOT / "README.md", help="Gets the short block.")
def main(data: Path, results: Path, evaluate: str, docs: Path, readme: Path) -> None:
    if evaluate == "val" and ROOT in (docs.resolve().parent, readme.resolve().parent):
        raise click.UsageError("--evaluate val is a rehearsal: give --docs and --readme elsewhere")
    text = readme.read_text(encoding="utf-8")
    try:
        with_block(text, "")  # which fails now rather than after half an hour
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    run(data, results, evaluate)
    measured = [one for one in read_measured(results) if one.setting.board[::2] == ("strict", evaluate)]
    write_pages(measured, docs, readme, text)


def run(data: Path, results: Path, evaluate: str) -> None:
    """Make the rows that are not there yet; its progress and its errors go to the terminal."""
    sources = ["knowledge", "wordnet", *(f"{path.parent.name}={path}" for path in sorted(data.glob(CUPL)))]
    command = ["bench", "run", "--spec", SPEC, "--root", data, "--texts", ",".join(sources)]
    command += ["--evaluate", evaluate, "--out", results]
    status = subprocess.run([sys.executable, "-m", "clipcoder", *map(str, command)], check=False).returncode
    if status:
        sys.exit(status)


def write_pages(measured: list[Measured], docs: Path, readme: Path, text: str) -> None:
    made = tables(measured)
    names = pictures(measured, docs)
    (docs / "results.md").write_text(whole(made, measured, names, "make results"), encoding="utf-8")
    readme.write_text(with_block(text, short(made, measured)), encoding="utf-8")
    click.echo(f"wrote {docs / 'results.md'}, {len(names)} pictures and the block of {readme}")


def pictures(measured: list[Measured], docs: Path) -> list[str]:
    """Draw what the page shows, and return the paths from the page."""
    (docs / "results").mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as drawn:
        shown = [path for path in draw(measured, Path(drawn)) if path.name.endswith(SHOWN)]
        return [str(Path(copy(path, docs / "results")).relative_to(docs)) for path in shown]


if __name__ == "__main__":
    main()
