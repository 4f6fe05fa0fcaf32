"""Texts that name another class; what counts as naming one, the generators' own tests say."""

from __future__ import annotations

from clipcoder.bank import TextBank
from clipcoder.bank.mentions import mentions


def test_texts_that_name_other_classes_are_told_in_the_order_of_the_bank() -> None:
    texts = {
        "tabby cat": ["a tabby cat, unlike dogs and foxes", "a soft coat", "unlike a dog"],
        "cat": ["as soft as a tabby cat"],
        "dog": ["no dog barks"],
        "fox": [],
    }
    assert [(m.text.class_name, m.text.text, m.other) for m in mentions(TextBank.from_texts(texts))] == [
        ("tabby cat", "a tabby cat, unlike dogs and foxes", "dog"),
        ("tabby cat", "a tabby cat, unlike dogs and foxes", "fox"),
        ("tabby cat", "unlike a dog", "dog"),
        ("cat", "as soft as a tabby cat", "tabby cat"),
    ]


def test_a_bank_without_texts_names_nobody() -> None:
    assert mentions(TextBank(("cat", "dog"), ())) == []
