"""``clipcoder bench compare``: published figures beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from clipcoder.cli.bench.output import FORMATS, write_text
from clipcoder.cli.inputs import tell


@click.command()
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(FORMATS), default="markdown", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Write the tables into this file.")
@click.option(
    "--all", "everything", is_flag=True, help="Also models and data sets of which RESULTS has no rows."
)
def compare(
    results: Path, form: Literal["markdown", "csv", "latex"], out: Path | None, everything: bool
) -> int:
    """Put published accuracies beside those in RESULTS, of the same model and data set, with their sources.

    Only rows on test images count. Most published figures were tuned on more than the shots; a note says how.
    """
    from clipcoder.benchmark.comparing import comparisons
    from clipcoder.benchmark.formats import FORMATS as WRITERS
    from clipcoder.benchmark.published import published_figures
    from clipcoder.benchmark.reading import read_measured

    figures = published_figures()
    tables = comparisons(read_measured(results), figures, everything=everything)
    if not tables:
        models = ", ".join(dict.fromkeys(figure.model for figure in figures))
        tell(
            f"'{results}' has no row on test images of a model and a data set with published figures; there "
            f"are figures of {models}, and --all shows them"
        )
        return 0
    write_text(WRITERS[form](tables), out)
    return 0
