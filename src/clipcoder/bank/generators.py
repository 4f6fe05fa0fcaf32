"""The way from class names to what writes about them, with the encoder in the package where none is given."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clipcoder.generators.base import Generator, Question, Reply, SnippetKind, TextEncoder
    from clipcoder.generators.llm import LanguageModel
    from clipcoder.generators.prompts import PromptSet
    from clipcoder.knowledge.generator import KnowledgeGenerator

log = logging.getLogger(__name__)


def wordnet_generator(
    class_names: tuple[str, ...], encoder: TextEncoder | None, domain: str = ""
) -> Generator:
    """Return WordNet for these classes; the encoder, or else the starter, chooses among senses."""
    from clipcoder.generators.wordnet.generator import WordNetGenerator

    return WordNetGenerator(class_names, encoder or _starter(), domain=domain)


def knowledge_generator(
    class_names: tuple[str, ...],
    encoder: TextEncoder | None,
    prompts: PromptSet | str | Path | None = None,
    domain: str = "",
    *,
    tells: bool = True,
) -> tuple[KnowledgeGenerator, PromptSet]:
    """Return the knowledge pack for these classes, with WordNet for those that it lacks, and their wording.

    Args:
        class_names: the classes.
        encoder: chooses among senses in WordNet; None means the starter encoder, loaded only where needed.
        prompts: the wording, and the data set of the pack to ask first; None means what the names tell.
        domain: what all classes are.
        tells: log as information what the pack lacks, where WordNet will be asked for it.
    """
    from clipcoder.knowledge.generator import KnowledgeGenerator

    given = prompts_of(prompts, domain, ()) if prompts is not None else None
    hint = given.domain if given else domain
    generator = KnowledgeGenerator(
        class_names,
        lambda: wordnet_generator(class_names, encoder, hint),
        lead=given.name if given else "",
        domain=hint,
    )
    for note in generator.notes() if tells else ():
        log.info("%s", note)
    return generator, given or prompts_of(generator.prompts, domain, ())


def llm_replies(
    questions: Sequence[Question],
    class_names: tuple[str, ...],
    model: LanguageModel | str,
    encoder: TextEncoder | None,
    prompts: PromptSet,
) -> list[Reply]:
    """Return what a language model says of classes; the encoder, or else the starter, judges analogues.

    Questions that stay without an answer are logged.
    """
    from clipcoder.generators.auto import AutoTextGenerator
    from clipcoder.generators.llm.generator import LanguageModelGenerator

    generator = LanguageModelGenerator(model, prompts)
    auto = AutoTextGenerator(generator, class_names, encoder or _starter(), limits=prompts.counts)
    replies = auto.replies(questions)
    if auto.failures:
        first = auto.failures[0]
        log.warning(
            "%d questions have no answer, the first one for the kind %s of %r: %s",
            *(len(auto.failures), first.question.kind, first.question.class_name, first.failure),
        )
    return replies


def prompts_of(prompts: PromptSet | str | Path, domain: str, kinds: Iterable[SnippetKind]) -> PromptSet:
    """Return what to ask about these kinds: a set, its name or its file, with this domain if there is one."""
    from clipcoder.generators.catalog import load_prompts

    wording = load_prompts(prompts) if isinstance(prompts, str | Path) else prompts
    return wording.with_domain(domain, kinds) if domain else wording


def _starter() -> TextEncoder:
    from clipcoder.encoders import load_encoder

    return load_encoder("starter")
