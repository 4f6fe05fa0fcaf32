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
QUESTIONS = [Question("attribute", name) for name in NAMES]


def write_bank(base_url: str, target: Path) -> None:
    """Ask for three kinds of texts about 60 classes, 4 at a time."""
    TextBank.from_generator(NAMES, asking(base_url)).save(target)


def asking(base_url: str) -> LanguageModelGenerator:
    """Return a generator that asks 4 questions at a time."""
    return LanguageModelGenerator(LanguageModel("tiny", base_url=base_url, concurrency=CONCURRENCY))


def held_replies(base_url: str) -> Iterator[Reply]:
    """Return replies to 60 questions."""
    return asking(base_url).replies(QUESTIONS)
