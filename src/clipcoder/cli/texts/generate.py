"""``clipcoder texts generate``: write banks of neighbour texts."""

from __future__ import annotations

from pathlib import Path

import click

from clipcoder.cli.encoder_options import EncoderChoice, encoder_options
from clipcoder.cli.inputs import class_names, tell, write_bank


@click.command()
@click.option("--classes", metavar="A,B,C", help="The class names, with commas between them.")
@click.option("--classes-file", type=click.Path(path_type=Path), help="The class names, one a line.")
@click.option(
    "--source",
    type=click.Choice(["wordnet", "names"]),
    default="wordnet",
    show_default=True,
    help="What the texts are about: what WordNet knows of a class, or its name alone.",
)
@encoder_options
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The bank, FILE.json.")
def generate(
    classes: str | None, classes_file: Path | None, source: str, choice: EncoderChoice, out: Path
) -> int:
    """Write a bank that can be read, edited and given to classify --texts.

    The encoder chooses among the senses of a name.
    """
    from clipcoder.cli.report import reserved

    names = class_names(classes, classes_file, None)
    with reserved(out, (".json",), "--out") as file:
        if source == "names":
            bank = write_bank(names, None, "clip")
        else:
            bank = write_bank(names, choice.open(quiet=True), "coder")
        bank.save(file or out)
    tell(f"wrote {len(bank.texts)} texts to {out}; classes: {len(names)}")
    return 0
