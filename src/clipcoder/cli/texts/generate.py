"""``clipcoder texts generate``: write banks of neighbour texts."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clipcoder.cli.encoder_options import EncoderChoice, encoder_options
from clipcoder.cli.group import STATUS_INCOMPLETE
from clipcoder.cli.inputs import class_names, tell
from clipcoder.cli.texts.kinds import DEFAULT, KINDS, read_kinds
from clipcoder.cli.texts.llm_options import LanguageModelChoice, llm_options
from clipcoder.cli.texts.outputs import check_apart
from clipcoder.cli.texts.pairs import PairOptions, pair_options, pairs_of
from clipcoder.cli.texts.remarks import tell_remarks, write_remarks
from clipcoder.cli.texts.spending import accounted, dry_run

if TYPE_CHECKING:
    from clipcoder.cli.texts.order import Author, Delivery, Order
    from clipcoder.generators.llm.generator import LanguageModelGenerator

_ENCODER = (
    "The encoder that judges texts, no language model; by default the starter. clipcoder models lists them."
)


@click.command()
@click.option("--classes", metavar="A,B,C", help="The class names, with commas between them.")
@click.option("--classes-file", type=click.Path(path_type=Path), help="The class names, one a line.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The bank, FILE.json.")
@click.option(
    "--source",
    type=click.Choice(["knowledge", "wordnet", "llm", "both", "names"]),
    default="knowledge",
    show_default=True,
    help="Who writes: the knowledge pack, with WordNet for classes that it lacks; WordNet alone; a language "
    "model; WordNet and a model; or nobody, for names alone.",
)
@click.option(
    "--kinds",
    default=DEFAULT,
    show_default=True,
    metavar="A,B,C",
    help=f"What is written besides names: any of {', '.join(KINDS)}; the last tells two classes apart.",
)
@click.option(
    "--domain", metavar="TEXT", help='What all classes are, such as "a type of bird"; else as --prompts says.'
)
@click.option(
    "--prompts",
    default="generic",
    show_default=True,
    metavar="NAME|FILE.toml",
    help="The wordings: those for a data set of the catalogue, such as cub200, or a file of your own.",
)
@click.option(
    "--remarks", type=click.Path(path_type=Path), help="A list of what was left out, and why, FILE.json."
)
@click.option("--dry-run", "dry", is_flag=True, help="Say how many requests would be made, and make none.")
@llm_options
@pair_options
@partial(encoder_options, model_help=_ENCODER)
def generate(
    classes: str | None,
    classes_file: Path | None,
    out: Path,
    source: Author,
    kinds: str,
    domain: str | None,
    prompts: str,
    remarks: Path | None,
    dry: bool,
    llm: LanguageModelChoice,
    pairs: PairOptions,
    choice: EncoderChoice,
) -> int:
    """Write a bank that can be read, edited and given to classify --texts.

    The encoder chooses among the senses of a name, judges whether an analogue is too near to another class,
    and tells which classes are confusable. Answers of a language model are kept: a run that was cut off goes
    on where it stopped, and a second one costs nothing.
    """
    from clipcoder.bank.names import checked_names
    from clipcoder.cli.report import reserved
    from clipcoder.cli.texts.order import Order, write
    from clipcoder.generators.catalog import load_prompts

    names = checked_names(class_names(classes, classes_file, None))
    order = Order(names, read_kinds(kinds), source, load_prompts(prompts)).in_domain(domain)
    pairs.check(order, limited=llm.limited or dry)
    pair_place = pairs.place(out) if order.wants_pairs else None
    places = {"--out": out, "--pairs-out": pair_place, "--remarks": remarks}
    check_apart(places)
    model = _model(order, llm)
    if model and not dry:
        model.check_ready(order.questions(()))
    with ExitStack() as stack:
        drafts = {
            option: stack.enter_context(reserved(place, (".json",), option))
            for option, place in places.items()
        }
        encoder = choice.open(quiet=True)
        questions = order.questions(pairs_of(order, encoder, pairs) if order.wants_pairs else ())
        if dry:
            click.echo(dry_run(model, questions))
            return 0
        with accounted(model, questions):
            delivery = write(order, questions, encoder, model)
        _save(delivery, drafts)
    tell_remarks(delivery.remarks, delivery.failures, remarks)
    _tell_outcome(delivery, places)
    # Of a question that was asked again, something is in the bank already.
    unanswered = [reply for reply in delivery.failures if not reply.question.unwanted]
    return STATUS_INCOMPLETE if unanswered else 0


def _model(order: Order, llm: LanguageModelChoice) -> LanguageModelGenerator | None:
    """Return the language model to ask, if one is to write."""
    if not order.asks_model:
        llm.check_unused()
        return None
    from clipcoder.generators.llm.generator import LanguageModelGenerator

    return LanguageModelGenerator(llm.model(), order.prompts)


def _save(delivery: Delivery, drafts: Mapping[str, Path | None]) -> None:
    for bank, draft in ((delivery.texts, drafts["--out"]), (delivery.pairs, drafts["--pairs-out"])):
        if bank is not None and draft:
            bank.save(draft)
    if draft := drafts["--remarks"]:
        write_remarks(delivery.remarks, delivery.failures, draft)


def _tell_outcome(delivery: Delivery, places: Mapping[str, Path | None]) -> None:
    classes = len(delivery.texts.class_names)
    tell(f"wrote {len(delivery.texts):,} texts to {places['--out']}; classes: {classes:,}")
    if delivery.pairs is not None:
        tell(f"wrote {len(delivery.pairs):,} one-to-one texts to {places['--pairs-out']}")
