from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.generators.clauses import as_clause, as_detail

# fmt: off
NOUNS = [
    "four legs", "a long hooked bill", "an orange beak", "webbed orange feet", "curved beak", "no tail",
    "red-spotted wings", "large, round eyes", "painted lines or markings", "sliced or diced cheese",
    "brightly colored feathers", "short-haired coat", "a variety of colors", "a set of bars",
    "a picture of a bird", "a bird's beak", "a birdlike beak", "a fish tail", "a bed", "red, blue and white",
    "the head", "wings that are short", "handle", "off-white fur", "a cap that is brown",
]
KINDS = [
    "a large cat", "a bird of prey", "an African antelope", "a black and white bird", "a type of wasp",
    "a two-wheeled vehicle", "a large, wild animal that lives in herds", "a dish, often eaten cold",
    "a garment worn by men", "A kind of boat",
]
PARTICIPLES = [
    "painted red", "used in war", "made of wood", "covered in fur", "served raw", "fixed to a wall", "diced",
    "brightly colored", "striped", "long-necked", "found in water", "rounded, not flat", "topped with cheese",
]
CLAUSES = [
    "whose eyes are red", "that lives in the sea", "where people pray", "with a curved handle", "in water",
    "on a branch", "without wings", "like a fish", "",
]
# fmt: on


@pytest.mark.parametrize("snippet", NOUNS)
def test_a_class_has_its_parts(snippet: str) -> None:
    assert as_clause(snippet) == f"which has {snippet}"
    assert as_clause(snippet, plural=True) == f"which have {snippet}"
    assert as_detail(snippet) == as_detail(snippet, plural=True) == f"with {snippet}"


@pytest.mark.parametrize("snippet", [*KINDS, *PARTICIPLES])
def test_a_class_is_what_it_is_a_kind_of_and_what_was_done_to_it(snippet: str) -> None:
    assert as_clause(snippet) == as_detail(snippet) == f"which is {snippet}"
    assert as_clause(snippet, plural=True) == as_detail(snippet, plural=True) == f"which are {snippet}"


@pytest.mark.parametrize("snippet", CLAUSES)
def test_a_clause_is_one_already(snippet: str) -> None:
    assert {as_clause(snippet), as_clause(snippet, plural=True), as_detail(snippet)} == {snippet}


@pytest.mark.parametrize(
    ("snippet", "singular", "plural"),
    [
        ("has two lenses", "which has two lenses", "which have two lenses"),
        ("is black", "which is black", "which are black"),
        ("has", "which has", "which have"),
        ("can zoom", "which can zoom", "which can zoom"),
        ("cannot fly", "which cannot fly", "which cannot fly"),
        ("carries far", "which carries far", "which carry far"),
        ("Lives in trees", "which lives in trees", "which live in trees"),
        ("have wings", "which has wings", "which have wings"),
        ("are red", "which is red", "which are red"),
        ("often has a strap", "which often has a strap", "which often have a strap"),
        ("Usually a strap", "which usually has a strap", "which usually have a strap"),
        ("often found in water", "which is often found in water", "which are often found in water"),
        ("typically a large cat", "which is typically a large cat", "which are typically a large cat"),
        ("often with a strap", "often with a strap", "often with a strap"),
        ("often", "often", "often"),
        ("The head is white", "whose head is white", "whose head is white"),
        ("the mast may be tall", "whose mast may be tall", "whose mast may be tall"),
        ("its long tail can curl", "whose long tail can curl", "whose long tail can curl"),
    ],
)
def test_a_predicate_becomes_a_clause_that_agrees(snippet: str, singular: str, plural: str) -> None:
    assert as_clause(snippet) == as_detail(snippet) == singular
    assert as_clause(snippet, plural=True) == as_detail(snippet, plural=True) == plural


@given(st.text())
def test_no_snippet_loses_its_last_word(snippet: str) -> None:
    if words := snippet.split(" ")[1:]:
        assert as_clause(snippet).endswith(words[-1])


@pytest.mark.parametrize("part", ["a ", "often ", "the x", "word ", "worded and ", "-ed"])
def test_a_snippet_of_any_length_takes_no_time(part: str) -> None:
    as_clause(part * 1000)
    as_detail(part * 1000)
