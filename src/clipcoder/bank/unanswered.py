"""Texts that say nothing of their class: a language model that declined to answer, or that saw no answer."""

from __future__ import annotations

from clipcoder.bank.entries import BankText
from clipcoder.bank.text_bank import TextBank
from clipcoder.generators.llm.declining import is_evasive, is_refusal


def unanswered(bank: TextBank) -> list[BankText]:
    """Return the texts that are a refusal, or say that there is no answer, in the order of the bank.

    What ``texts generate`` writes has none of them, but files of others do.

    >>> bank = TextBank.from_texts({"ketch": ["There is no one answer to this question.", "two masts"]})
    >>> [entry.text for entry in unanswered(bank)]
    ['There is no one answer to this question.']
    """
    return [t for t in bank.texts if is_refusal(t.text) or is_evasive(t.text)]
