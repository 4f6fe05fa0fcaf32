"""What processes do with a language model until they are killed, or end: see ``test_interruption``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from clipcoder.bank import TextBank
from clipcoder.generators.base import Question, Reply
from clipcoder.generators.llm import LanguageModel
from clipcoder.generators.llm.generator import LanguageModelGenerator

NAMES = [f"kind {n:02d}" for n in range(60)]
CONCURRENCY = 4


def write_bank(base_url: str, target: Path) -> None:
    """Ask for three kinds of texts about 60 classes, 4 at a time."""
    model = LanguageModel("tiny", base_url=base_url, concurrency=CONCURRENCY)
    TextBank.from_generator(NAMES, LanguageModelGenerator(model)).save(target)


def held_replies(base_url: str) -> Iterator[Reply]:
    """Return replies to 60 questions."""
    model = LanguageModel("tiny", base_url=base_url, concurrency=CONCURRENCY)
    return LanguageModelGenerator(model).replies([Question("attribute", name) for name in NAMES])
