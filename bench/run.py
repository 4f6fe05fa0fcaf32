"""Speed side by side with the reference formulas, in one run on the same arrays: ``make bench``.

Exits with 1 if results disagree or a target is missed.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context

import click
import numpy as np
from rich.console import Console

from cases import CASES
from rows import Row, table


@click.command(help=__doc__)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option(
    "--rounds", default=7, show_default=True, type=click.IntRange(min=1), help="Interleaved repetitions."
)
@click.option("--case", "chosen", multiple=True, type=click.Choice(list(CASES)), help="Only these cases.")
def main(as_json: bool, rounds: int, chosen: tuple[str, ...]) -> None:
    console = Console(stderr=True)
    rows: list[Row] = []
    for name in chosen or CASES:
        with console.status(f"measuring {name}"):
            rows += in_a_fresh_process(name, rounds)
    if as_json:
        click.echo(
            json.dumps({"machine": machine(), "rounds": rounds, "rows": [asdict(r) for r in rows]}, indent=2)
        )
    else:
        # A pipe or a log has no width of its own.
        Console(width=None if sys.stdout.isatty() else 150).print(table(title(rounds), rows))
    raise SystemExit(1 if any(row.met is False for row in rows) else 0)


def in_a_fresh_process(name: str, rounds: int) -> list[Row]:
    """Measure one case where no other has left its heap and caches behind."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measured, name, rounds).result()


def measured(name: str, rounds: int) -> list[Row]:
    return list(CASES[name](rounds))


def machine() -> dict[str, object]:
    return {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "BLAS threads": os.environ.get("OPENBLAS_NUM_THREADS", "any"),
    }


def title(rounds: int) -> str:
    facts = ", ".join(f"{key} {value}" for key, value in machine().items())
    return f"clipcoder against the reference formulas (medians of {rounds} interleaved rounds; {facts})"


if __name__ == "__main__":
    main()
