"""Banks of ours, read for other classes than they were written for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clipcoder.bank.documents import PAIR_BANK, TEXT_BANK
from clipcoder.bank.files import stored_format
from clipcoder.bank.pair_bank import PairBank
from clipcoder.bank.text_bank import TextBank
from clipcoder.importers.content import Content


def is_bank(document: Any) -> bool:
    """Tell whether a JSON document says that it is a bank.

    >>> is_bank({"format": "clipcoder/text-bank"}), is_bank({"owl": ["large eyes"]})
    (True, False)
    """
    return isinstance(document, dict) and isinstance(document.get("format"), str)


def read_bank(path: Path) -> Content:
    """Return the texts of a text bank or a pair bank, sources and all.

    Raises:
        InvalidInputError: no bank of ours, or one that is wrong somewhere.
    """
    content = Content(path, "bank", ready=True)
    if stored_format(path, [TEXT_BANK, PAIR_BANK]) == PAIR_BANK:
        pairs = PairBank.load(path)
        for name in pairs.class_names:
            content.name(name)
        for pair in pairs.texts:
            content.add(pair.class_name, pair.text, "one_to_one", pair.other, pair.source)
        return content
    bank = TextBank.load(path)
    for name in bank.class_names:
        content.name(name)
    for entry in bank.texts:
        content.add(entry.class_name, entry.text, entry.kind, source=entry.source)
    return content
