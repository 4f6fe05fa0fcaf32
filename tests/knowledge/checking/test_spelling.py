"""Which words are spelled right."""

from __future__ import annotations

import pytest
from small_pack import Assets

from clipcoder.knowledge.checking.spelling import Speller, own_words, wordnet_words

SPELLER = Speller(
    {"spot", "stripe", "berry", "leaf", "hook", "taper", "bird", "slight", "shaggy", "gentle", "red", "box"}
)


@pytest.mark.parametrize(
    "words",
    [
        "spot spots spotted spotting striped striping hooked tapering",
        "berries berried leaves boxes Bird's birds’",
        "slightly shaggily gently red-spotted T",
    ],
)
def test_plain_inflections_are_known(words: str) -> None:
    assert list(SPELLER.unknown(words)) == []


@pytest.mark.parametrize(
    "word", ["spoted", "stripped", "hookked", "birdd", "reding", "ed", "boxs" * 2, "whtie"]
)
def test_what_nobody_writes_is_not(word: str) -> None:
    assert list(SPELLER.unknown(f"a red {word}".replace("a ", ""))) == [word]


def test_numbers_are_no_words() -> None:
    assert list(SPELLER.unknown("3 spots, 747-like")) == ["like"]


def test_wordnet_knows_nouns_adjectives_and_small_words() -> None:
    known = Speller(wordnet_words())
    assert list(known.unknown("long webbed feet of bluish gray, beneath the mottled Siamese dewlap")) == []
    assert list(known.unknown("whtie feathrs recieve teh")) == ["whtie", "feathrs", "recieve", "teh"]


def test_own_words_have_remarks(assets: Assets) -> None:
    assert own_words(assets.folder / "knowledge") == {"bumpy"}


def test_the_list_that_ships_is_sorted_and_says_nothing_that_wordnet_knows() -> None:
    from importlib import resources

    knowledge = resources.files("clipcoder") / "assets" / "knowledge"
    lines = [line for line in (knowledge / "words.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines == sorted(set(lines))
    assert own_words(knowledge) == set(lines)
