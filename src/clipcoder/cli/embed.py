"""``clipcoder embed``: embeddings of images or texts, for those who want nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from clipcoder.cli.encoder_options import EncoderChoice, encoder_options
from clipcoder.cli.group import STATUS_INCOMPLETE
from clipcoder.cli.inputs import tell
from clipcoder.cli.sources import collect
from clipcoder.errors import InvalidInputError


@click.command()
@click.argument("paths", nargs=-1)
@click.option(
    "--texts", type=click.Path(path_type=Path), help="Embed the texts of a file instead, one a line."
)
@encoder_options
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The table of embeddings, FILE.parquet."
)
def embed(paths: tuple[str, ...], texts: Path | None, choice: EncoderChoice, out: Path) -> int:
    """Write the embeddings of images: files, folders, glob patterns, or - for standard input.

    The columns are path (or text) and embedding, a unit vector of float32. Images that cannot be read are
    left out; FILE.errors.csv names them and says why. A run that was stopped goes on where it was when the
    same command is given again: until the table is whole, its pieces lie in FILE.parquet.unfinished.
    """
    from clipcoder.cached import identity_of
    from clipcoder.cli.embedding import Images, Inputs, Texts, embed_rest
    from clipcoder.cli.unfinished import UnfinishedTable

    if bool(paths) == (texts is not None):
        raise InvalidInputError("name either the images to embed or a file of texts, as --texts FILE")
    with UnfinishedTable(out, "text" if texts else "path") as table:
        inputs: Inputs = Texts.read(texts) if texts else Images(collect(paths, sys.stdin))
        encoder = choice.open()
        embed_rest(table, inputs, encoder)
        rows, failures = table.finish(identity_of(encoder), len(inputs))
    tell(f"wrote {rows:,} embeddings of {encoder.dim} numbers to {out}")
    if failures:
        tell(f"{failures:,} of the inputs could not be read; {table.failures_file} names them")
    return STATUS_INCOMPLETE if failures else 0
