"""A process that writes a bank from a language model, to be killed: see ``test_interruption``."""

from __future__ import annotations

from pathlib import Path

from clipcoder.bank import TextBank
from clipcoder.generators.llm import LanguageModel
from clipcoder.generators.llm.generator import LanguageModelGenerator

NAMES = [f"kind {n:02d}" for n in range(60)]
CONCURRENCY = 4


def write_bank(base_url: str, target: Path) -> None:
    """Ask for three kinds of texts about 60 classes, 4 at a time."""
    model = LanguageModel("tiny", base_url=base_url, concurrency=CONCURRENCY)
    TextBank.from_generator(NAMES, LanguageModelGenerator(model)).save(target)
