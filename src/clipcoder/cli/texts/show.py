"""``clipcoder texts show``: what a bank holds, and what in it is worth a look."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from clipcoder.cli.encoder_options import EncoderChoice, encoder_options
from clipcoder.errors import InvalidInputError, UnknownNameError


@click.command()
@click.argument("bank", type=click.Path(path_type=Path), required=False)
@click.option("--pack", "of_pack", is_flag=True, help="Of the knowledge that ships, not of a bank.")
@click.option(
    "--class", "classes", metavar="NAME", multiple=True, help="Only this class, with its texts; repeatable."
)
@click.option("--all", "everything", is_flag=True, help="All classes, their texts and what was found.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@partial(
    encoder_options,
    model_help="Also say which classes and texts lie near each other for this encoder, such as starter.",
)
def show(
    bank: Path | None,
    of_pack: bool,
    classes: tuple[str, ...],
    everything: bool,
    choice: EncoderChoice,
    as_json: bool,
) -> int:
    """Say what a bank of texts holds.

    It counts texts by source, class and kind, and finds texts that repeat each other, that several classes
    share, that name another class or say nothing, and classes that are poor in texts. Of a bank of pairs it
    says which classes are told apart, and where a direction is missing.

    With --pack it counts the texts that ship with the package; with the name of a data set for BANK, or with
    --class, it shows them. Classes may be spelled in any way, and which data set is meant they tell together.
    """
    if of_pack:
        return _show_pack("" if bank is None else str(bank), classes, choice, as_json)
    if bank is None:
        raise InvalidInputError(
            "texts show needs the file of a bank, or --pack for the texts that ship; name one"
        )
    from clipcoder.bank import PairBank, TextBank
    from clipcoder.bank.documents import PAIR_BANK, TEXT_BANK
    from clipcoder.bank.files import stored_format
    from clipcoder.cli.texts.pair_report import PairReport
    from clipcoder.cli.texts.text_report import TextReport

    report: PairReport | TextReport
    if stored_format(bank, [TEXT_BANK, PAIR_BANK]) == PAIR_BANK:
        if choice.model is not None:
            raise InvalidInputError(
                "--model looks at a bank of texts, but this is one of pairs; leave it out"
            )
        pairs = PairBank.load(bank)
        report = PairReport.of(pairs, chosen(classes, pairs.class_names), everything=everything)
    else:
        texts = TextBank.load(bank)
        encoder = choice.open() if choice.model is not None else None
        report = TextReport.of(texts, chosen(classes, texts.class_names), encoder, everything=everything)
    if as_json:
        click.echo(json.dumps(report.as_record(), ensure_ascii=False))
    else:
        report.print(str(bank))
    return 0


def _show_pack(dataset: str, classes: Sequence[str], choice: EncoderChoice, as_json: bool) -> int:
    from clipcoder.cli.texts.pack_report import PackReport
    from clipcoder.knowledge.pack import load_pack

    if choice.model is not None:
        raise InvalidInputError("--model looks at a bank of texts, not at the pack; leave one of them out")
    report = PackReport.of(load_pack(), dataset, classes)
    if as_json:
        click.echo(json.dumps(report.as_record(), ensure_ascii=False))
    else:
        report.print()
    return 0


def chosen(classes: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Return the named classes as the bank spells them, in its order.

    Raises:
        UnknownNameError: the bank has no such class.
    """
    from clipcoder.bank.names import name_key

    keys = {name_key(name) for name in names}
    for name in classes:
        if name_key(name) not in keys:
            raise UnknownNameError("class of the bank", name, names)
    wanted = {name_key(name) for name in classes}
    return tuple(name for name in names if name_key(name) in wanted)
