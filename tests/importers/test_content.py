"""What is usable of a file, and what it looks like."""

from __future__ import annotations

from pathlib import Path

import pytest

from clipcoder.errors import InvalidInputError
from clipcoder.importers.content import Content, Line, look_ready
from clipcoder.source import Source


@pytest.fixture
def content() -> Content:
    return Content(Path("birds.json"), "dclip")


def test_texts_stand_on_one_line(content: Content) -> None:
    content.add("owl", "  large\n\teyes ")
    assert content.lines == [Line("owl", "large eyes", "attribute", "", Source("dclip"))]


def test_what_is_no_text_is_counted_by_reason(content: Content) -> None:
    content.add_all("owl", ["eyes", "", " \n", "_", None, 3, ["eyes"], "eyes", "half \ud800 a character"])
    assert [line.text for line in content.lines] == ["eyes"]
    assert content.dropped == {"blank": 3, "no text": 3, "given twice": 1, "no valid text": 1}


def test_a_text_is_twice_only_for_the_same_class_and_kind(content: Content) -> None:
    content.add("owl", "large eyes")
    content.add("Owl", "large eyes")
    content.add("emu", "large eyes")
    content.add("owl", "large eyes", "synonym")
    content.add("owl", "large eyes", "one_to_one", "emu")
    content.add("owl", "large eyes", "one_to_one", "Emu")
    assert len(content.lines) == 4
    assert content.dropped == {"given twice": 2}


def test_spellings_of_a_class_are_one_class_in_the_order_of_the_file(content: Content) -> None:
    content.add_all("Snowy_Owl", [])
    content.add("emu", "long legs", "one_to_one", "snowy owl")
    content.add(" snowy  owl ", "white")
    content.name(" Barn Owl\n")
    assert content.classes == ("Snowy_Owl", "emu", "Barn Owl")
    assert [(line.class_name, line.other) for line in content.lines] == [
        ("emu", "Snowy_Owl"),
        ("Snowy_Owl", ""),
    ]


def test_a_class_is_not_told_apart_from_itself(content: Content) -> None:
    content.add("owl", "large eyes", "one_to_one", "Owl")
    assert not content.lines
    assert content.dropped == {"about a class and itself": 1}


def test_a_name_may_be_as_long_as_the_longest_of_imagenet_and_longer(content: Content) -> None:
    assert content.name("o" * 300) == "o" * 300


@pytest.mark.parametrize("name", ["", " ", "_", "half \ud800", "o" * 301])
def test_every_class_needs_a_name(content: Content, name: str) -> None:
    with pytest.raises(InvalidInputError, match=r"a class name in 'birds\.json' m(ust|ay)"):
        content.add(name, "large eyes")


@pytest.mark.parametrize(
    ("text", "ready"),
    [
        ("An owl has large eyes.", True),
        ("What a bird!", True),
        ('it is called "the hunter."', True),
        ("a photo of a snowy owl", True),
        ("a photo of a Snowy_Owl at night", True),
        ("large eyes", False),
        ("white snowy owl", False),
        ("snowy owl", False),
        ("a 3.5 foot wingspan", False),
    ],
)
def test_sentences_end_in_a_full_stop_or_are_around_the_name(text: str, ready: bool) -> None:
    assert look_ready([Line("snowy_owl", text, "attribute", "", Source())]) is ready


def test_the_majority_decides_and_a_tie_makes_phrases() -> None:
    sentence, phrase = (Line("owl", text, "attribute", "", Source()) for text in ("An owl.", "large eyes"))
    assert look_ready([sentence, sentence, phrase])
    assert not look_ready([sentence, phrase])
    assert not look_ready([])
