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
@click.argument("bank", type=click.Path(path_type=Path))
@click.option(
    "--class", "classes", metavar="NAME", multiple=True, help="Only this class, with its texts; repeatable."
)
@click.option("--all", "everything", is_flag=True, help="All classes, their texts and what was found.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@partial(
    encoder_options,
    model_help="Also say which classes and texts lie near each other for this encoder, such as starter.",
)
def show(bank: Path, classes: tuple[str, ...], everything: bool, choice: EncoderChoice, as_json: bool) -> int:
    """Say what a bank of texts holds.

    It counts texts by source, class and kind, and finds texts that repeat each other, that several classes
    share, that name another class or say nothing, and classes that are poor in texts. Of a bank of pairs it
    says which classes are told apart, and where a direction is missing.
    """
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
