"""Texts that name another class."""

from __future__ import annotations

from clipcoder.bank import TextBank
from clipcoder.bank.mentions import mentions


def named(*texts: str, own: str = "gerenuk", others: tuple[str, ...] = ()) -> list[str]:
    bank = TextBank.from_texts({own: texts, **{other: [] for other in others}})
    return [mention.other for mention in mentions(bank)]


def test_a_name_counts_as_whole_words_whatever_its_spelling() -> None:
    assert named("a coffee mug beside it", others=("Coffee_Mug",)) == ["Coffee_Mug"]
    assert named("a catalogue, scattered", others=("cat",)) == []


def test_plurals_count() -> None:
    others = ("fox", "pony", "otter", "sea lion")
    assert tuple(named("unlike foxes, ponies, otters and sea lions", others=others)) == others


def test_other_names_behind_a_comma_count_and_remarks_do_not() -> None:
    assert named("like a derrick", others=("crane (machine), derrick",)) == ["crane (machine), derrick"]
    assert named("like a machine", others=("crane (machine), derrick",)) == []


def test_the_longest_name_counts() -> None:
    assert named("a tabby cat", own="tabby cat", others=("cat",)) == []
    assert named("a tabby cat", own="cat", others=("tabby cat",)) == ["tabby cat"]
    assert named("a tabby cat", others=("cat", "tabby cat", "tabby")) == ["tabby cat"]


def test_a_name_that_the_own_class_has_too_is_its_own() -> None:
    assert named("a crane", own="crane (bird)", others=("crane (machine)",)) == []


def test_a_class_is_told_once_a_text() -> None:
    assert named("a dog, no dog", "a dog", others=("dog",)) == ["dog", "dog"]


def test_a_name_of_signs_is_found_too() -> None:
    assert named("a 🐈 and more", others=("🐈",)) == []  # signs count only in texts of signs
    assert named("🐈", others=("🐈",)) == ["🐈"]
