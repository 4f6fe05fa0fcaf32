"""Texts that say the same, by their words: within a class and across classes."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given
from strategies import text_banks

from clipcoder.bank import TextBank, likeness
from clipcoder.bank.likeness import alike_texts, earlier_like, shared_texts, words_of


def alike(texts: dict[str, object], **options: float) -> list[tuple[str, str, float]]:
    found = alike_texts(TextBank.from_texts(texts), **options)
    return [(a.text.text, a.earlier.text, a.likeness) for a in found]


def test_order_case_and_punctuation_make_no_difference() -> None:
    assert alike({"cat": ["a striped, soft coat", "A soft coat (striped)"]}) == [
        ("A soft coat (striped)", "a striped, soft coat", 1.0)
    ]


def test_the_likeness_is_the_share_of_words_by_their_value() -> None:
    texts = {"cat": ["soft coat", "soft tail"], "dog": ["a tail"], "cow": ["a tail"]}
    # of 3 classes, 1 speaks of soft things and of a coat, 3 of a tail
    common, rare = log(4 / 3), log(4 / 1)
    expected = rare / (rare + rare + common)
    assert alike(texts, threshold=0.4) == [("soft tail", "soft coat", pytest.approx(expected, abs=1e-4))]
    assert alike(texts, threshold=0.6) == []


def test_what_a_template_puts_into_all_texts_makes_none_alike() -> None:
    template = "a bright photo of a {}, which has {}".format
    texts = {f"class{i}": [template(f"class{i}", f"a{i}"), template(f"class{i}", f"b{i}")] for i in range(30)}
    assert alike(texts) == []
    assert (
        alike({"class1": texts["class1"]}, threshold=0.7) != []
    )  # where nothing tells a template from texts


def test_the_name_of_the_class_makes_no_descriptions_alike() -> None:
    texts = {"Birman Cat": ["a Birman cat, which purrs", "a birman cat, which hides"], "dog": ["which barks"]}
    assert alike(texts, threshold=0.6) == []


def test_it_makes_none_different_either() -> None:
    assert alike({"cat": ["a cat, soft", "soft"]}) == [("soft", "a cat, soft", 1.0)]


def test_only_the_whole_name_is_left_out() -> None:
    assert alike({"red cake": ["a red cake, which is red", "a red cake, which is cake"]}, threshold=0.9) == []


def test_names_and_synonyms_keep_their_words_and_are_compared_among_themselves() -> None:
    texts = {"name": ["a tabby cat"], "synonym": ["a tabby", "tabby cat, a"], "attribute": ["a tabby cat!"]}
    assert alike({"tabby cat": texts}) == [("tabby cat, a", "a tabby cat", 1.0)]


def test_each_text_is_told_once_with_the_one_that_it_is_most_like() -> None:
    texts = ["a b c d e", "a b c d f", "a b c d f.", "a b c d f!"]
    assert alike({"x": texts}, threshold=0.6) == [
        ("a b c d f.", "a b c d f", 1.0),
        ("a b c d f!", "a b c d f", 1.0),
        ("a b c d f", "a b c d e", pytest.approx(4 / 6, abs=1e-4)),
    ]


def test_signs_without_words_are_alike_only_if_they_are_the_same() -> None:
    assert words_of("🐈 🐕!") == ("🐈", "🐕!")
    assert words_of("  ") == ()
    assert alike({"x": ["🐈", "🐕", "🐈 "]}) == [("🐈 ", "🐈", 1.0)]


def test_chinese_and_japanese_words_are_told_apart() -> None:
    assert words_of("红色的猫") == ("红", "色", "的", "猫")
    assert words_of("ＣＡＴ") == ("cat",)


def test_descriptions_of_nothing_but_the_name_are_alike() -> None:
    assert alike({"cat": ["a cat", "the cat!"]}) == [("the cat!", "a cat", 1.0)]


def test_likeness_does_not_depend_on_how_much_is_compared_together(monkeypatch) -> None:
    words = np.random.default_rng(1).integers(0, 12, (40, 5))
    texts = {"x": list(dict.fromkeys(" ".join(f"w{w}" for w in row) for row in words))}
    whole = alike(texts, threshold=0.5)
    assert whole
    monkeypatch.setattr(likeness, "_ROWS_AT_ONCE", 3)
    assert alike(texts, threshold=0.5) == whole


@given(text_banks())
def test_of_two_texts_that_are_alike_the_later_one_is_told(bank: TextBank) -> None:
    for found in alike_texts(bank, 0.1):
        assert bank.texts.index(found.earlier) < bank.texts.index(found.text)
        assert found.earlier.class_name == found.text.class_name
        assert 0.1 <= found.likeness <= 1


def test_the_first_row_is_like_no_earlier_one() -> None:
    assert list(earlier_like(np.ones((1, 1), np.float32), -1)) == []
    assert list(earlier_like(np.ones((2, 4), np.float32), 0.5, start=2)) == [(2, 0, 1.0), (3, 0, 1.0)]


def shared(texts: dict[str, object]) -> list[tuple[str, tuple[str, ...]]]:
    return [(s.text, s.class_names) for s in shared_texts(TextBank.from_texts(texts))]


def test_what_is_said_of_several_classes_is_told_and_of_most_first() -> None:
    texts = {
        "cat": ["a photo of a cat, which has fur", "four legs", "a tail"],
        "otter": ["A photo of an otter, which has fur.", "four legs"],
        "table": ["four legs", "a top"],
    }
    assert shared(texts) == [
        ("four legs", ("cat", "otter", "table")),
        ("a photo of a cat, which has fur", ("cat", "otter")),
    ]


def test_the_template_of_names_is_not_shared_but_the_same_name_is() -> None:
    assert shared({name: {"name": [f"a photo of a {name}"]} for name in ("cat", "dog")}) == []
    texts = {name: {"name": ["a photo of a crane"]} for name in ("crane (bird)", "crane (machine)")}
    assert shared(texts) == [("a photo of a crane", ("crane (bird)", "crane (machine)"))]


def test_what_a_class_says_twice_is_not_shared() -> None:
    assert shared({"cat": ["a tail", "a tail!"], "dog": ["loud"]}) == []
