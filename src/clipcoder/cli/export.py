"""``clipcoder export``: a model of open_clip as a folder of ONNX files, which needs no torch."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from clipcoder.cli.inputs import tell

if TYPE_CHECKING:
    from clipcoder.encoders.export.folder import ExportReport

PRECISIONS: Final = ("float32", "float16", "int8")
DISAGREES: Final = 1
"""The status of an export that is further from its original than it should be."""


@click.command()
@click.argument("model")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The folder to write, not there yet."
)
@click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    default="float32",
    show_default=True,
    help="float16 halves the files; int8 is faster on most processors, and near enough or refused.",
)
@click.option("--force", is_flag=True, help="Replace an earlier export.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def export(model: str, out: Path, precision: Any, force: bool, as_json: bool) -> int:
    """Write MODEL, one of open_clip's, in ONNX, and compare what it makes of images and texts.

    MODEL is an architecture and its weights, such as ViT-B-32/laion2b_s34b_b79k or ViT-B-32/weights.pt, or a
    folder that open_clip wrote, or hf-hub:ORG/REPOSITORY; with or without open_clip: before it. The export is
    used as --model onnx:FOLDER.

    The status is 1 where the export is further from its original than it should be, 2 where there is none.
    """
    from clipcoder.encoders.export.folder import export_folder

    report = export_folder(model, out, precision=precision, force=force)
    click.echo(json.dumps(asdict(report)) if as_json else "\n".join(_lines(report)))
    if report.agrees:
        return 0
    tell(
        f"the export keeps a cosine of {_least(report):.6f} to the original, but {report.asked} is asked "
        f"for; '{out}' is kept for you to look at"
    )
    return DISAGREES


def _lines(report: ExportReport) -> list[str]:
    lengths = "texts of any length" if report.dynamic_length else "texts padded to full length"
    return [
        f"{report.model} in {report.precision}: {report.n_bytes / 1e6:,.1f} MB in {report.folder}",
        f"images  cosine to the original  least {report.images.least:.6f}  mean {report.images.mean:.6f}",
        f"texts   cosine to the original  least {report.texts.least:.6f}  mean {report.texts.mean:.6f}",
        f"{lengths}, {report.seconds:,.0f} s; use it as --model onnx:{report.folder}",
    ]


def _least(report: ExportReport) -> float:
    return min(report.images.least, report.texts.least)
