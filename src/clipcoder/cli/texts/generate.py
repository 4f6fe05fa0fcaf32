"""``clipcoder texts generate``: write banks of neighbour texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clipcoder.cli.encoder_options import EncoderChoice, encoder_options
from clipcoder.cli.group import STATUS_INCOMPLETE
from clipcoder.cli.inputs import class_names, tell
from clipcoder.cli.texts.kinds import DEFAULT, read_kinds
from clipcoder.cli.texts.llm_options import LanguageModelChoice, llm_options
from clipcoder.cli.texts.outputs import pairs_file
from clipcoder.cli.texts.pairs import PairChoice, pairs_of
from clipcoder.cli.texts.remarks import tell_remarks, write_remarks

if TYPE_CHECKING:
    from clipcoder.cli.texts.order import Author, Delivery, Order
    from clipcoder.generators.base import Question
    from clipcoder.generators.llm.generator import LanguageModelGenerator


@click.command()
@click.option("--classes", metavar="A,B,C", help="The class names, with commas between them.")
@click.option("--classes-file", type=click.Path(path_type=Path), help="The class names, one a line.")
@click.option(
    "--source",
    type=click.Choice(["wordnet", "llm", "both", "names"]),
    default="wordnet",
    show_default=True,
    help="Who writes: WordNet, which is in the package; a language model; both; or nobody, for names alone.",
)
@click.option(
    "--kinds",
    default=DEFAULT,
    show_default=True,
    metavar="KINDS",
    help="What is written besides names; one-to-one are texts that tell two classes apart.",
)
@click.option(
    "--prompts",
    default="generic",
    show_default=True,
    metavar="NAME|FILE.toml",
    help="The wordings: those for a data set of the catalogue, such as cub200, or a file of your own.",
)
@click.option(
    "--domain", metavar="TEXT", help='What all classes are, such as "a type of bird"; else as --prompts says.'
)
@click.option(
    "--pairs",
    type=click.Choice(["all", "confusable"]),
    help="The pairs for one-to-one texts: all, or of each class the nearest others; all up to 10 classes.",
)
@click.option(
    "--images",
    multiple=True,
    metavar="PATH",
    help="Unlabelled images; the pairs are then those that they confuse.",
)
@click.option(
    "--neighbours",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="How many others count as confusable with a class.",
)
@llm_options
@click.option("--dry-run", is_flag=True, help="Say how many requests would be made, and make none.")
@encoder_options
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The bank, FILE.json.")
@click.option(
    "--pairs-out",
    type=click.Path(path_type=Path),
    help="The bank of one-to-one texts; beside --out as FILE.pairs.json, if not said.",
)
@click.option(
    "--remarks", type=click.Path(path_type=Path), help="A list of what was left out, and why, FILE.json."
)
def generate(
    classes: str | None,
    classes_file: Path | None,
    source: Author,
    kinds: str,
    prompts: str,
    domain: str | None,
    pairs: PairChoice | None,
    images: tuple[str, ...],
    neighbours: int,
    llm: LanguageModelChoice,
    dry_run: bool,
    choice: EncoderChoice,
    out: Path,
    pairs_out: Path | None,
    remarks: Path | None,
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
    model = _model(order, llm)
    pair_place = (pairs_out or pairs_file(out)) if order.wants_pairs else None
    places = {"--out": out, "--pairs-out": pair_place, "--remarks": remarks}
    with ExitStack() as stack:
        drafts = {
            option: stack.enter_context(reserved(None if dry_run else place, (".json",), option))
            for option, place in places.items()
        }
        encoder = choice.open(quiet=True)
        chosen: list[tuple[str, str]] = []
        if order.wants_pairs:
            chosen = pairs_of(order.known_offline(encoder), encoder, pairs, images, neighbours)
        questions = order.questions(chosen)
        if dry_run:
            return _tell_plan(model, questions)
        delivery = write(order, questions, encoder, model)
        _save(delivery, drafts)
    tell_remarks(delivery.remarks, delivery.failures)
    _tell_outcome(delivery, model, places)
    return STATUS_INCOMPLETE if delivery.failures else 0


def _model(order: Order, llm: LanguageModelChoice) -> LanguageModelGenerator | None:
    """Return the language model to ask, if one is to write."""
    if not order.asks_model:
        llm.check_unused()
        return None
    from clipcoder.generators.llm.generator import LanguageModelGenerator

    return LanguageModelGenerator(llm.model(), order.prompts)


def _tell_plan(model: LanguageModelGenerator | None, questions: Sequence[Question]) -> int:
    from clipcoder.cli.texts.order import costs

    click.echo(costs(model.plan(questions)) if model else "no requests: nobody is asked who is paid")
    return 0


def _save(delivery: Delivery, drafts: Mapping[str, Path | None]) -> None:
    for bank, draft in ((delivery.texts, drafts["--out"]), (delivery.pairs, drafts["--pairs-out"])):
        if bank and draft:
            bank.save(draft)
    if draft := drafts["--remarks"]:
        write_remarks(delivery.remarks, delivery.failures, draft)


def _tell_outcome(
    delivery: Delivery, model: LanguageModelGenerator | None, places: Mapping[str, Path | None]
) -> None:
    if model:
        usage = model.usage
        about = "about " if usage.estimated else ""
        tell(
            f"{usage.requests:,} requests made; {about}{usage.prompt_tokens:,} tokens of questions and "
            f"{usage.answer_tokens:,} of answers used"
        )
    classes = len(delivery.texts.class_names)
    tell(f"wrote {len(delivery.texts)} texts to {places['--out']}; classes: {classes}")
    if delivery.pairs:
        tell(f"wrote {len(delivery.pairs)} one-to-one texts to {places['--pairs-out']}")
