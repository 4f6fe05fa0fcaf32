"""``clipcoder fit``: a classifier from a few labelled images, saved into a folder."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clipcoder.adapters.names import FEW_SHOT_METHODS, FewShotMethod
from clipcoder.cli.encoder_options import EncoderChoice, encoder_options
from clipcoder.cli.group import STATUS_INCOMPLETE
from clipcoder.cli.inputs import check_choice, chosen_from, class_names, read_bank, tell, write_bank
from clipcoder.cli.labelled import LabelledImages
from clipcoder.errors import InvalidInputError, UnknownNameError

if TYPE_CHECKING:
    from clipcoder.bank import TextBank


@click.command()
@click.argument("train", metavar="TRAIN", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The folder to be, such as pets.clipcoder."
)
@click.option(
    "--eval",
    "held_out",
    type=click.Path(path_type=Path),
    help="Other labelled images, to say how good the classifier is; a folder or CSV file like TRAIN.",
)
@click.option(
    "--texts",
    type=click.Path(path_type=Path),
    help="A bank of texts (JSON); by default what ships with the package.",
)
@click.option(
    "--classes", metavar="A,B,C", help="Classes besides those that have images; their texts stand in."
)
@click.option("--classes-file", type=click.Path(path_type=Path), help="The same, one a line.")
@click.option(
    "--method",
    type=click.Choice(FEW_SHOT_METHODS),
    default="auto",
    show_default=True,
    help="auto starts from the texts and chooses by images left out; the others are for a comparison.",
)
@click.option(
    "--views",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Random crops and flips whose features are averaged with those of each image.",
)
@encoder_options
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
def fit(
    train: Path,
    out: Path,
    held_out: Path | None,
    texts: Path | None,
    classes: str | None,
    classes_file: Path | None,
    method: FewShotMethod,
    views: int,
    choice: EncoderChoice,
    as_json: bool,
) -> int:
    """Learn a classifier from a few labelled images, and save it.

    TRAIN is a folder with a folder of images for each class, named after it, or a CSV file with the columns
    path and label, such as clipcoder suggest writes: rows without a label are left out, and paths are
    relative to the file. Then clipcoder classify PATHS --classifier OUT says what other images show.

    Images that cannot be read are named and skipped, and make the exit status 1.
    """
    from clipcoder.cli import fitting
    from clipcoder.pipeline.saved import check_place

    begun = time.monotonic()
    if out.resolve().is_relative_to(train.resolve()):
        raise InvalidInputError(f"--out '{out}' lies in TRAIN, where it would be a class; name another place")
    images = LabelledImages.read(train, "TRAIN")
    given = read_bank(texts) if texts else None
    names = _all_classes(images, classes, classes_file, given)
    check_choice(names, 1)
    others = _held_out(held_out, images, names) if held_out else None
    bank = chosen_from(given, names) if given else None
    check_place(out)
    _tell_unlabelled(images, train)
    encoder = choice.open()
    bank = bank or write_bank(names, encoder, "coder")
    learned = fitting.learn(encoder, bank, images, others, method=method, views=views)
    learned.classifier.save(out)
    report = fitting.Report(learned.classifier, out, time.monotonic() - begun)
    click.echo(json.dumps(report.record(), ensure_ascii=False) if as_json else str(report))
    return STATUS_INCOMPLETE if learned.failures else 0


def _all_classes(
    images: LabelledImages, listed: str | None, file: Path | None, bank: TextBank | None
) -> list[str]:
    """Return the classes that have images, as they are spelled there, and those that are named besides."""
    from clipcoder.bank.names import name_key

    named = class_names(listed, file, bank) if (listed, file, bank) != (None, None, None) else []
    shown = {name_key(name) for name in images.classes}
    return [*images.classes, *(name for name in named if name_key(name) not in shown)]


def _held_out(place: Path, images: LabelledImages, names: list[str]) -> LabelledImages:
    """Read the images to evaluate with, leaving out those that the classifier learns from."""
    read = LabelledImages.read(place, "--eval").respelled(names)
    for name in read.labels:
        if name not in names:
            raise UnknownNameError(f"class in --eval '{place}'", name, names)
    others = read.without(images)
    if not others.paths:
        raise InvalidInputError(
            f"all images of --eval '{place}' are among those of TRAIN; name some that nothing is learned from"
        )
    if same := len(read.paths) - len(others.paths):
        tell(f"{same:,} images of --eval are among those of TRAIN and are not evaluated")
    _tell_unlabelled(read, place)
    return others


def _tell_unlabelled(images: LabelledImages, place: Path) -> None:
    if images.unlabelled:
        count = f"{images.unlabelled:,} {'image' if images.unlabelled == 1 else 'images'}"
        tell(f"{count} of '{place}' {'has' if images.unlabelled == 1 else 'have'} no label and are left out")
