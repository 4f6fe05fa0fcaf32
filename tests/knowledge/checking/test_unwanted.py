"""Words that say nothing that one sees."""

from __future__ import annotations

from itertools import combinations

import pytest

from clipcoder.knowledge.checking.unwanted import UNWANTED, unwanted


@pytest.mark.parametrize(
    ("phrase", "findings"),
    [
        ("Beautiful plumage", [("praise", "beautiful")]),
        ("eye-catching stripes", [("praise", "eye-catching")]),
        ("sweet-smelling petals", [("no photo shows it", "sweet-smelling")]),
        ("head without crest", [("says what is not there", "without")]),
        ("bill longer than head", [("a comparison", "longer"), ("a comparison", "than")]),
        ("blade used for carving", [("a purpose, not a look", "used for")]),
        ("Capable of floating", [("a purpose, not a look", "capable of")]),
    ],
)
def test_they_are_told_with_the_reason(phrase: str, findings: list[tuple[str, str]]) -> None:
    assert list(unwanted(phrase)) == findings


@pytest.mark.parametrize(
    "phrase",
    [
        "webbed orange feet",
        "lower bill with notched tip",
        "outer tail feathers",
        "round sound hole",
        "north side",
    ],
)
def test_what_one_sees_passes(phrase: str) -> None:
    assert list(unwanted(phrase)) == []


def test_a_word_is_listed_for_one_reason() -> None:
    assert not [first & second for first, second in combinations(UNWANTED.values(), 2) if first & second]
