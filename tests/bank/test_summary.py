"""Counting what banks hold."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from strategies import pair_banks, text_banks

from clipcoder.bank import PairBank, TextBank
from clipcoder.bank.summary import ClassCount, PairCount, SourceCount, summarize_pairs, summarize_texts
from clipcoder.kinds import TEXT_KINDS
from clipcoder.source import Source

NONE = dict.fromkeys(TEXT_KINDS, 0)


def test_texts_are_counted_by_class_and_kind_and_all_kinds_are_there() -> None:
    bank = TextBank.from_texts({"cat": {"name": ["a cat"], "attribute": ["soft", "grey"]}, "dog": []})
    summary = summarize_texts(bank)
    assert summary.classes == (
        ClassCount("cat", {**NONE, "name": 1, "attribute": 2}),
        ClassCount("dog", NONE),
    )
    assert summary.kinds == {**NONE, "name": 1, "attribute": 2}
    assert list(summary.kinds) == list(TEXT_KINDS)
    assert summary.texts == 3


def test_sources_are_counted_with_all_their_facts() -> None:
    model, newer = Source("llm", "gpt", "attribute-1"), Source("llm", "gpt", "attribute-2")
    bank = TextBank.from_texts({"cat": ["soft", "grey"]}, source=model)
    bank = bank.merge(TextBank.from_texts({"cat": ["small"]}, source=newer))
    assert summarize_texts(bank).sources == (SourceCount(model, 2), SourceCount(newer, 1))


def texts(**counts: int) -> TextBank:
    return TextBank.from_texts({name: [f"text {i}" for i in range(n)] for name, n in counts.items()})


def test_a_class_with_less_than_half_the_median_is_poor_and_the_poorest_comes_first() -> None:
    summary = summarize_texts(texts(rich=9, half=4, less=3, usual=8, none=0, fat=8, other=8))
    assert summary.median == 8
    assert [count.name for count in summary.poor] == ["none", "less"]


def test_a_class_without_texts_is_poor_even_where_that_is_usual() -> None:
    summary = summarize_texts(texts(a=0, b=0, c=1))
    assert summary.median == 0
    assert [count.name for count in summary.poor] == ["a", "b"]


@given(text_banks())
def test_no_text_of_a_text_bank_is_lost_or_counted_twice(bank: TextBank) -> None:
    summary = summarize_texts(bank)
    assert [count.name for count in summary.classes] == list(bank.class_names)
    assert summary.texts == sum(count.texts for count in summary.sources) == len(bank)
    assert summary.kinds == {kind: (bank.text_kind == kind).sum() for kind in TEXT_KINDS}


def test_pairs_are_counted_in_both_directions() -> None:
    texts = {"crow": {"swan": ["black", "small"], "owl": ["loud"]}, "swan": {"crow": ["white"]}}
    summary = summarize_pairs(PairBank.from_texts(texts, ["owl", "swan", "crow", "emu"]))
    assert summary.pairs == (PairCount("owl", "crow", 0, 1), PairCount("swan", "crow", 1, 2))
    assert summary.one_sided == (PairCount("owl", "crow", 0, 1),)
    assert summary.alone == ("emu",)
    assert summary.texts == 4


@given(pair_banks())
def test_no_text_of_a_pair_bank_is_lost_or_counted_twice(bank: PairBank) -> None:
    summary = summarize_pairs(bank)
    counted = {(p.first, p.second): p.forth for p in summary.pairs}
    counted |= {(p.second, p.first): p.back for p in summary.pairs}
    assert {pair: n for pair, n in counted.items() if n} == Counter(
        (t.class_name, t.other) for t in bank.texts
    )
    assert summary.texts == sum(count.texts for count in summary.sources) == len(bank)
    paired = {name for pair in counted for name in pair}
    assert set(summary.alone) == set(bank.class_names) - paired
