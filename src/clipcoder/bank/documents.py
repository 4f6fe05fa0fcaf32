"""Text and pair banks as the content of JSON documents, and back; ``files`` reads and writes those."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from clipcoder.bank.entries import BankText, PairText
from clipcoder.bank.files import fields
from clipcoder.bank.sources import by_short_name, listed, short_names

TEXT_BANK: Final = "clipcoder/text-bank"
PAIR_BANK: Final = "clipcoder/pair-bank"


def text_document(by_class: Mapping[str, Sequence[BankText]]) -> dict[str, Any]:
    """Return the content of a text bank's document: its classes in order, each with its texts."""
    ids = short_names(t.source for texts in by_class.values() for t in texts)
    classes = [
        {"name": n, "texts": [{"text": t.text, "kind": t.kind, "source": ids[t.source]} for t in texts]}
        for n, texts in by_class.items()
    ]
    return {"sources": listed(ids), "classes": classes}


def text_entries(content: dict[str, Any]) -> tuple[list[str], list[BankText]]:
    """Return the classes and the texts of such a document.

    Raises:
        InvalidInputError: another structure; names the spot.
    """
    source_of = by_short_name(content.pop("sources", {}))
    (classes,) = fields(content, "the bank", classes=list)
    names, entries = [], []
    for i, record in enumerate(classes):
        name, texts = fields(record, f"classes[{i}]", name=str, texts=list)
        names.append(name)
        for j, line in enumerate(texts):
            text, kind, source = fields(line, f"classes[{i}].texts[{j}]", text=str, kind=str, source=str)
            entries.append(BankText(text, name, kind, source_of(source)))
    return names, entries


def pair_document(class_names: Iterable[str], texts: Iterable[PairText]) -> dict[str, Any]:
    """Return the content of a pair bank's document: its classes, and its pairs, each with its texts."""
    entries = list(texts)
    ids = short_names(t.source for t in entries)
    pairs: dict[tuple[str, str], list[dict[str, str]]] = {}
    for t in entries:
        pairs.setdefault((t.class_name, t.other), []).append({"text": t.text, "source": ids[t.source]})
    records = [{"class": name, "other": other, "texts": lines} for (name, other), lines in pairs.items()]
    return {"sources": listed(ids), "classes": list(class_names), "pairs": records}


def pair_entries(content: dict[str, Any]) -> tuple[list[str], list[PairText]]:
    """Return the classes and the texts of such a document; errors are those of ``text_entries``."""
    source_of = by_short_name(content.pop("sources", {}))
    names, pairs = fields(content, "the bank", classes=list, pairs=list)
    entries = []
    for i, record in enumerate(pairs):
        name, other, texts = fields(record, f"pairs[{i}]", **{"class": str}, other=str, texts=list)
        for j, line in enumerate(texts):
            text, source = fields(line, f"pairs[{i}].texts[{j}]", text=str, source=str)
            entries.append(PairText(text, name, other, source_of(source)))
    return names, entries
