"""Banks of ours, read for other classes than they were written for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from clipcoder.bank.pair_bank import PairBank
from clipcoder.bank.text_bank import TextBank
from clipcoder.importers.content import Content

_PAIR_BANK: Final = "clipcoder/pair-bank"


def is_bank(document: Any) -> bool:
    """Tell whether a JSON document says that it is a bank.

    >>> is_bank({"format": "clipcoder/text-bank"}), is_bank({"owl": ["large eyes"]})
    (True, False)
    """
    return isinstance(document, dict) and isinstance(document.get("format"), str)


def read_bank(document: Any, path: Path) -> Content:
    """Return the texts of a bank, sources and all.

    Args:
        document: its JSON, which says what it is a bank of.
        path: the file.

    Raises:
        InvalidInputError: no bank of ours, or one that is wrong somewhere.
    """
    content = Content(path, "bank", ready=True)
    if isinstance(document, dict) and document.get("format") == _PAIR_BANK:
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
