"""The way from class names to what writes about them, with the encoder in the package where none is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clipcoder.generators.auto import AutoTextGenerator
    from clipcoder.generators.base import Generator, TextEncoder
    from clipcoder.generators.llm import LanguageModel
    from clipcoder.generators.prompts import PromptSet


def wordnet_generator(
    class_names: tuple[str, ...], encoder: TextEncoder | None, domain: str = ""
) -> Generator:
    """Return WordNet for these classes; the encoder, or else the starter, chooses among senses."""
    from clipcoder.generators.wordnet.generator import WordNetGenerator

    return WordNetGenerator(class_names, encoder or _starter(), domain=domain)


def llm_generator(
    class_names: tuple[str, ...],
    model: LanguageModel | str,
    encoder: TextEncoder | None,
    prompts: PromptSet,
    domain: str = "",
) -> AutoTextGenerator:
    """Return a language model for these classes; the encoder, or else the starter, judges analogues."""
    from clipcoder.generators.auto import AutoTextGenerator
    from clipcoder.generators.llm.generator import LanguageModelGenerator

    generator = LanguageModelGenerator(model, prompts, domain=domain)
    return AutoTextGenerator(generator, class_names, encoder or _starter(), limits=prompts.counts)


def prompts_of(prompts: PromptSet | str) -> PromptSet:
    """Return a set of prompts, which may come as its name in the catalogue or the path of a file."""
    if not isinstance(prompts, str):
        return prompts
    from clipcoder.generators.catalog import load_prompts

    return load_prompts(prompts)


def _starter() -> TextEncoder:
    from clipcoder.encoders import load_encoder

    return load_encoder("starter")
