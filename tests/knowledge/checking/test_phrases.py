"""What is found in single texts and in lists of them."""

from __future__ import annotations

import pytest
from small_pack import entry, pair

from clipcoder.knowledge.checking.phrases import PhraseGates
from clipcoder.knowledge.checking.spelling import Speller
from clipcoder.knowledge.entries import ClassKnowledge, PairKnowledge

WORDS = """
    a back beak bill bird black blue body brown collar dog ear eye foot green head large leg long neck of on
    orange owl pointed round short side spot tail the thin tip white wing with yellow
"""
GATES = PhraseGates(["owl", "dog", "hot dog"], Speller(set(WORDS.split())))
GOOD = [
    "round head with yellow eyes",
    "thin black tail",
    "orange bill",
    "brown spots on the back",
    "short pointed ears",
    "green legs",
]


def known(**lists: object) -> ClassKnowledge:
    usual = {
        "sense": "a bird",
        "attributes": GOOD,
        "analogues": ["jay", "crow", "hawk"],
        "synonyms": ["hooter"],
    }
    record = entry("owl") | usual | lists
    texts = (tuple(record[key]) for key in ("attributes", "analogues", "synonyms"))
    return ClassKnowledge("owl", record["sense"], *texts)


def found(**lists: object) -> list[str]:
    return [str(finding) for finding in GATES.of_class(known(**lists))]


def test_good_texts_pass() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("phrase", "findings"),
    [
        ("beak", ["1 words, not 2 to 12"]),
        ("long " * 12 + "wing", ["13 words, not 2 to 12"]),
        ("blue wing with a beautiful tip", ["praise ('beautiful')", "unknown word 'beautiful'"]),
        ("wing of a dog", ["names the class 'dog'"]),
        ("body of an owl", ["names the class 'owl'", "unknown word 'an'"]),
        ("blue side with hot dogs", ["names the class 'hot dog'", "unknown word 'hot'"]),
        ("blue dog collar", []),
        ("whtie wing tip", ["unknown word 'whtie'"]),
        ("Blue wing tip", ["begins with a capital"]),
        ("Head of Owl", ["names the class 'owl'"]),
        ("Siamese wing tip", ["unknown word 'siamese'"]),
        ("blue wing tip.", ["the sign '.' at character 14"]),
        (" blue wing", ["the sign ' ' at character 1"]),
        ("blue  wing", ["the sign '  ' at character 5"]),
        ("the ORANGE bill", ["said twice"]),
        ("pointed ears", ["says nothing beyond 'short pointed ears'"]),
        ("long legs with white feet", ["unknown word 'feet'"]),
    ],
)
def test_a_phrase_that_is_no_good_is_told(phrase: str, findings: list[str]) -> None:
    lines = found(attributes=[*GOOD, phrase])
    assert [line.removeprefix("owl: ").removesuffix(f": {phrase!r}") for line in lines] == findings


def test_what_says_less_than_a_later_one_is_told_too() -> None:
    assert found(attributes=[*GOOD, "large orange bill"]) == [
        "owl: says nothing beyond 'large orange bill': 'orange bill'"
    ]


def test_lists_have_their_lengths() -> None:
    assert found(attributes=GOOD[:5], analogues=["jay", *"abcde"], synonyms=list("abcde")) == [
        "owl: has 5 attributes, not 6 to 10",
        "owl: has 6 analogues, not 3 to 5",
        "owl: has 5 synonyms, not 0 to 4",
        *(f"owl: analogue is a synonym of the class itself: {letter!r}" for letter in "abcde"),
    ]


def test_a_sense_is_a_few_known_words() -> None:
    assert found(sense="bird") == ["owl: 1 words, not 2 to 8: 'bird'"]
    assert found(sense="a brid") == ["owl: unknown word 'brid': 'a brid'"]
    assert found(sense="") == ["owl: 0 words, not 2 to 8: \"''\""]


def test_names_are_of_nothing_else() -> None:
    assert found(analogues=["Dogs", "an owl", "hooter", "jay", "Jay"], synonyms=["hot-dog", "hooter"]) == [
        "owl: analogue is the name of the class 'dog': 'Dogs'",
        "owl: analogue is the name of the class 'owl': 'an owl'",
        "owl: analogue is a synonym of the class itself: 'an owl'",
        "owl: analogue is a synonym of the class itself: 'hooter'",
        "owl: synonym is the name of the class 'hot dog': 'hot-dog'",
        "owl: said twice: 'Jay'",
    ]


def test_pairs_pass_the_same_gates() -> None:
    said = pair("owl", "dog", ["round head"], ["tail of a dog", "round  head", "long neck"])
    findings = GATES.of_pair(
        PairKnowledge("owl", "dog", *map(tuple, (said["differences"], said["other_differences"])))
    )
    assert [str(finding) for finding in findings] == [
        "owl ~ dog: has 1 differences, not 2 to 4",
        "owl ~ dog: names the class 'dog': 'tail of a dog'",
        "owl ~ dog: the sign '  ' at character 6: 'round  head'",
        "owl ~ dog: said twice: 'round  head'",
    ]
