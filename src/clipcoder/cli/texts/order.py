"""What ``clipcoder texts generate`` is to write, and the writing of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from clipcoder.cli.progress import progress
from clipcoder.errors import InvalidInputError

if TYPE_CHECKING:
    from clipcoder.bank import PairBank, TextBank
    from clipcoder.encoders.base import Encoder
    from clipcoder.generators.base import Question, Remark, Reply, SnippetKind
    from clipcoder.generators.llm.generator import LanguageModelGenerator
    from clipcoder.generators.prompts import PromptSet

Author = Literal["names", "knowledge", "wordnet", "llm", "both"]

_ANY: Final = "generic"
"""The wordings that nobody has to name."""

_LONG: Final = 2
"""Questions to a language model from which on a progress bar is worth its line: each may take a minute."""


@dataclass(frozen=True)
class Order:
    """What was asked for.

    Attributes:
        names: the classes.
        kinds: what to write about them.
        author: who writes.
        prompts: the wordings, with what all classes are.
    """

    names: tuple[str, ...]
    kinds: tuple[SnippetKind, ...]
    author: Author
    prompts: PromptSet

    def __post_init__(self) -> None:
        if self.author == "names" and self.wants_pairs:
            raise InvalidInputError(
                "one-to-one texts need somebody who writes them, but --source names has nobody; "
                "name knowledge, wordnet, llm or both"
            )
        if len(self.names) < 2 and self.wants_pairs:
            raise InvalidInputError(
                f"one-to-one texts tell two classes apart, but {self.names[0]!r} is the only one; name others"
            )

    def in_domain(self, domain: str | None) -> Order:
        """Return the same order for classes that are all of one domain; None leaves it to the prompts.

        Raises:
            InvalidInputError: a question that is to be asked has no place for it.
        """
        if domain is None:
            return self
        asked = self.kinds if self.asks_model else ()
        return replace(self, prompts=self.prompts.with_domain(domain, asked))

    @property
    def wants_pairs(self) -> bool:
        """Whether texts are to tell two classes apart."""
        return "one_to_one" in self.kinds

    @property
    def asks_model(self) -> bool:
        """Whether a language model is to write."""
        return self.author in {"llm", "both"}

    def known_offline(self, encoder: Encoder) -> TextBank:
        """Return what is known offline: enough to tell confusable classes before anybody is paid."""
        from clipcoder.bank import TextBank

        domain = self.prompts.domain
        if self.author == "knowledge":
            return TextBank.for_classes(self.names, encoder, domain=domain)
        return TextBank.from_wordnet(self.names, encoder, domain=domain)

    def questions(self, pairs: Iterable[tuple[str, str]]) -> list[Question]:
        """Return everything that has to be asked, one-to-one questions about these pairs last."""
        from clipcoder.bank.writing import pair_questions, questions

        if self.author == "names":
            return []
        of_one = [kind for kind in self.kinds if kind != "one_to_one"]
        return questions(self.names, of_one) + (pair_questions(self.names, pairs) if self.wants_pairs else [])


@dataclass(frozen=True)
class Delivery:
    """What was written.

    Attributes:
        texts: the text bank.
        pairs: the pair bank; None where none was asked for.
        remarks: what was left out or looks odd.
        failures: the replies without an answer.
    """

    texts: TextBank
    pairs: PairBank | None
    remarks: Sequence[Remark] = ()
    failures: Sequence[Reply] = ()


def write(
    order: Order, questions: Sequence[Question], encoder: Encoder, model: LanguageModelGenerator | None
) -> Delivery:
    """Ask everybody who is to write, and make banks of what they say.

    Raises:
        LanguageModelError: the model cannot be asked; its answers so far are kept.
    """
    from clipcoder.bank import PairBank, TextBank
    from clipcoder.generators.auto import AutoTextGenerator

    replies, prompts = _offline_replies(order, questions, encoder)
    remarks: list[Remark] = []
    failures: list[Reply] = []
    if model:
        auto = AutoTextGenerator(model, order.names, encoder, limits=order.prompts.counts)
        replies += auto.replies(questions, partial(progress, doing="asking", long=_LONG))
        remarks, failures = auto.remarks, auto.failures
    templates, domain = prompts.templates, prompts.domain
    of_one = [reply for reply in replies if reply.question.kind != "one_to_one"]
    of_two = [reply for reply in replies if reply.question.kind == "one_to_one"]
    texts = TextBank.from_replies(order.names, of_one, templates=templates, domain=domain)
    if not order.wants_pairs:
        return Delivery(texts, None, remarks, failures)
    pairs = PairBank.from_replies(order.names, of_two, templates=templates, domain=domain)
    return Delivery(texts, pairs, remarks, failures)


def _offline_replies(
    order: Order, questions: Sequence[Question], encoder: Encoder
) -> tuple[list[Reply], PromptSet]:
    """Return what is written without a language model, and the wordings: of none named, the pack's own."""
    from clipcoder.bank.generators import knowledge_generator, wordnet_generator
    from clipcoder.generators.base import ask
    from clipcoder.source import Source

    prompts = order.prompts
    if order.author == "knowledge":
        named = None if prompts.name == _ANY else prompts
        pack, wording = knowledge_generator(order.names, encoder, named, prompts.domain)
        return list(pack.replies(questions)), wording
    if order.author in {"wordnet", "both"}:
        generator = wordnet_generator(order.names, encoder, prompts.domain)
        return list(ask(generator, questions, Source("wordnet"))), prompts
    return [], prompts
