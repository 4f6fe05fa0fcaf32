from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.generators.base import SNIPPET_KINDS
from clipcoder.generators.prompts import Templates, as_clause, indefinite_article, render, with_article
from clipcoder.kinds import TEXT_KINDS


@pytest.mark.parametrize(
    ("kind", "snippet", "sentence"),
    [
        ("name", "", "a photo of a sea anemone"),
        ("synonym", "actinia", "a photo of an actinia"),
        ("analogue", "coral", "a photo of a sea anemone, similar to a coral"),
        ("attribute", "has many tentacles", "a photo of a sea anemone, which has many tentacles"),
        ("attribute", "many tentacles", "a photo of a sea anemone, which has many tentacles"),
        ("attribute", "a soft polyp", "a photo of a sea anemone, which is a soft polyp"),
        ("one_to_one", "that lives in the sea", "a photo of a sea anemone, that lives in the sea"),
    ],
)
def test_every_kind_has_a_sentence(kind: str, snippet: str, sentence: str) -> None:
    assert render(kind, "sea_anemone", snippet) == sentence  # type: ignore[arg-type]


def test_templates_are_data() -> None:
    wide = Templates(attribute="{name}: {snippet} ({a_snippet}; {clause})")
    assert render("attribute", "owl", "egg", wide) == "owl: egg (an egg; which has egg)"


def test_the_default_templates_know_all_kinds() -> None:
    sentences = {kind: render(kind, "owl", "eagle") for kind in (*SNIPPET_KINDS, *TEXT_KINDS)}
    assert all("owl" in text or kind == "synonym" for kind, text in sentences.items())


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"'synonyms'.*'synonym'"):
        render("synonyms", "owl", "bird")  # type: ignore[arg-type]


@pytest.mark.parametrize("template", ["{colour} owl", "{} owl", "{name", "{name.size}"])
def test_an_unknown_field_is_refused(template: str) -> None:
    with pytest.raises(InvalidInputError, match="fields are name"):
        render("name", "owl", templates=Templates(name=template))


# fmt: off
TAKES_AN = [
    "apple", "hour hand", "umbrella", "unusual bird", "MRI scanner", "SUV", "X-ray", "Airedale", "urn",
    "usher", "heirloom", "8-ball", "18-wheeler", "eel", "otter",
]
TAKES_A = [
    "banana", "horse", "unicycle", "uniform", "ukulele", "euphonium", "European hare", "one-horse sleigh",
    "UFO", "US flag", "Shih-Tzu", "utensil", "uterus", "Rottweiler", "ewer", "3D printer", "180-degree turn",
]
# fmt: on


@pytest.mark.parametrize("noun", TAKES_AN)
def test_a_vowel_sound_takes_an(noun: str) -> None:
    assert indefinite_article(noun) == "an"


@pytest.mark.parametrize("noun", TAKES_A)
def test_a_consonant_sound_takes_a(noun: str) -> None:
    assert indefinite_article(noun) == "a"


@pytest.mark.parametrize("noun", ["sunglasses", "children", "the moon", "two cats", ""])
def test_plurals_and_determined_nouns_take_no_article(noun: str) -> None:
    assert with_article(noun) == noun


@pytest.mark.parametrize("noun", ["bus", "glass", "ibis", "lens", "octopus", "compass"])
def test_a_singular_in_s_takes_an_article(noun: str) -> None:
    assert with_article(noun).endswith(f" {noun}")


@pytest.mark.parametrize(
    ("snippet", "clause"),
    [("painted red", "which is painted red"), ("red-spotted wings", "which has red-spotted wings"),
     ("can fly", "which can fly"), ("whose eyes are red", "whose eyes are red"), ("", "")],
)  # fmt: skip
def test_a_snippet_becomes_a_clause(snippet: str, clause: str) -> None:
    assert as_clause(snippet) == clause


@settings(max_examples=100, deadline=None)
@given(st.text(), st.text())
def test_any_name_and_snippet_give_a_clean_sentence(name: str, snippet: str) -> None:
    sentence = render("attribute", name, snippet)
    assert sentence.startswith("a photo of")
    assert sentence == " ".join(sentence.split())
