from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.generators.base import SNIPPET_KINDS
from clipcoder.generators.sentences import Templates, indefinite_article, render, with_article
from clipcoder.kinds import TEXT_KINDS


@pytest.mark.parametrize(
    ("kind", "snippet", "sentence"),
    [
        ("name", "", "a photo of a sea anemone"),
        ("synonym", "actinia", "a photo of an actinia"),
        ("analogue", "coral", "a photo of a sea anemone, similar to a coral"),
        ("attribute", "has many tentacles", "a photo of a sea anemone, which has many tentacles"),
        ("attribute", "many tentacles", "a photo of a sea anemone, which has many tentacles"),
        ("attribute", "a soft animal", "a photo of a sea anemone, which is a soft animal"),
        ("one_to_one", "that lives in the sea", "a photo of a sea anemone, that lives in the sea"),
    ],
)
def test_every_kind_has_a_sentence(kind: str, snippet: str, sentence: str) -> None:
    assert render(kind, "sea_anemone", snippet) == (sentence,)  # type: ignore[arg-type]


def test_templates_are_data() -> None:
    wide = Templates(attribute="{name}: {snippet} ({a_snippet}; {clause})")
    assert render("attribute", "owl", "egg", wide) == ("owl: egg (an egg; which has egg)",)


def test_a_clause_and_a_detail_agree_with_the_name() -> None:
    both = Templates(attribute=("{name}, {clause}", "{name}, {detail}"))
    assert render("attribute", "owl", "is grey", both) == ("owl, which is grey",) * 2
    assert render("attribute", "binoculars", "is grey", both) == ("binoculars, which are grey",) * 2
    assert render("attribute", "archery", "a long bow", both) == (
        "archery, which has a long bow",
        "archery, with a long bow",
    )


def test_several_wordings_make_several_sentences() -> None:
    wide = Templates(one_to_one=("{name} unlike {a_other}: {snippet}", "{clause}"))
    sentences = render("one_to_one", "Owl", "round face", wide, other="bald_eagle")
    assert sentences == ("Owl unlike a bald eagle: round face", "which has round face")


@pytest.mark.parametrize("kind", ["name", "synonym"])
def test_a_domain_stands_behind_names(kind: str) -> None:
    sentences = render(kind, "crane", "crane", domain="a type of bird")  # type: ignore[arg-type]
    assert sentences == ("a photo of a crane, a type of bird",)


def test_the_default_templates_know_all_kinds() -> None:
    sentences = {kind: render(kind, "owl", "eagle") for kind in (*SNIPPET_KINDS, *TEXT_KINDS)}
    assert all("owl" in texts[0] or kind == "synonym" for kind, texts in sentences.items())


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"'synonyms'.*'synonym'"):
        render("synonyms", "owl", "bird")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wording", ["{colour} {name}", "{name", "{name.size}", "{name!r}", "{name:>9}", "{name} {snippet}", "{0}"]
)
def test_an_unknown_field_is_refused(wording: str) -> None:
    with pytest.raises(InvalidInputError, match="kind name"):
        Templates(name=wording)


@pytest.mark.parametrize(
    ("kind", "wording"),
    [("name", "a photo"), ("attribute", "{name}"), ("one_to_one", "{name} or {other}"), ("synonym", "{}")],
)
def test_a_wording_without_what_it_is_about_is_refused(kind: str, wording: str) -> None:
    with pytest.raises(InvalidInputError, match=f"kind {kind} must hold"):
        Templates(**{kind: ("{name} {snippet}".replace(" {snippet}" * (kind == "name"), ""), wording)})


@pytest.mark.parametrize("wordings", [(), [], 5, None, {"name": 1}, ("{name}", 5)])
def test_what_is_no_wording_is_refused(wordings: object) -> None:
    with pytest.raises(InvalidInputError, match="the kind attribute"):
        Templates(attribute=wordings)  # type: ignore[arg-type]


def test_clip_s_own_form_of_a_template_is_one() -> None:
    assert render("name", "tabby_cat", templates=Templates(name="a photo of a {}.")) == (
        "a photo of a tabby cat.",
    )


def test_a_name_keeps_its_remark_and_humps_that_are_no_words() -> None:
    assert render("name", "ApplyEyeMakeup_(video)") == ("a photo of an Apply Eye Makeup (video)",)
    assert render("name", "crane_(bird)") == ("a photo of a crane (bird)",)
    assert render("name", "iPhone") == ("a photo of an iPhone",)


# fmt: off
TAKES_AN = [
    "apple", "hour hand", "umbrella", "unusual bird", "MRI scanner", "SUV", "X-ray", "Airedale", "urn",
    "usher", "heirloom", "8-ball", "18-wheeler", "eel", "otter", "F/A-18", "MD-11", "ATR-42", "LED lamp",
]
TAKES_A = [
    "banana", "horse", "unicycle", "uniform", "ukulele", "euphonium", "European hare", "one-horse sleigh",
    "UFO", "US flag", "Shih-Tzu", "utensil", "uterus", "Rottweiler", "ewer", "3D printer", "180-degree turn",
    "FIAT 500", "MINI Cooper", "HUMMER H2",
]
# fmt: on


@pytest.mark.parametrize("noun", TAKES_AN)
def test_a_vowel_sound_takes_an(noun: str) -> None:
    assert indefinite_article(noun) == "an"


@pytest.mark.parametrize("noun", TAKES_A)
def test_a_consonant_sound_takes_a(noun: str) -> None:
    assert indefinite_article(noun) == "a"


@pytest.mark.parametrize("noun", ["sunglasses", "children", "cameramen", "the moon", "two cats", ""])
def test_plurals_and_determined_nouns_take_no_article(noun: str) -> None:
    assert with_article(noun) == noun


@pytest.mark.parametrize(
    "noun",
    ["bus", "glass", "ibis", "lens", "octopus", "compass", "triceratops", "cyclamen", "Great Pyrenees"],
)
def test_a_singular_that_looks_like_a_plural_takes_an_article(noun: str) -> None:
    assert with_article(noun).endswith(f" {noun}")


@settings(max_examples=100, deadline=None)
@given(st.text(), st.text())
def test_any_name_and_snippet_give_a_clean_sentence(name: str, snippet: str) -> None:
    (sentence,) = render("attribute", name, snippet)
    assert sentence.startswith("a photo of")
    assert sentence == " ".join(sentence.split())
