from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipcoder.generators.names import parse_name, search_key, singulars, split_words


@pytest.mark.parametrize(
    ("typed", "name", "aliases", "remark"),
    [
        ("tench, Tinca tinca", "tench", ("Tinca tinca",), ""),
        ("crane (machine)", "crane", (), "machine"),
        ("crane [bird] ", "crane", (), "bird"),
        ("The_Eiffel_Tower", "Eiffel Tower", (), ""),
        ("a cat", "cat", (), ""),
        ("anemone", "anemone", (), ""),
        ("coffeeMug", "coffee Mug", (), ""),
        ("BMW", "BMW", (), ""),
        ("iPod", "iPod", (), ""),
        ("McLaren Convertible", "McLaren Convertible", (), ""),
        ("MacBook", "MacBook", (), ""),
        ("a", "a", (), ""),
        (", cat", "cat", (), ""),
        ("cat, Cat, kitty", "cat", ("kitty",), ""),
        ("", "", (), ""),
        ("(only a remark)", "", (), "only a remark"),
        ("an unclosed (remark", "unclosed (remark", (), ""),
    ],
)
def test_a_typed_name_is_taken_apart(typed: str, name: str, aliases: tuple[str, ...], remark: str) -> None:
    assert parse_name(typed) == (name, aliases, remark)


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("sea horse", "seahorse"),
        ("Shih-Tzu", "shih tzu"),
        ("piñata", "Pinata"),
        ("joshua_tree", "Joshua tree"),
    ],
)
def test_spellings_of_one_name_share_their_key(one: str, another: str) -> None:
    assert search_key(one) == search_key(another)


def test_different_names_have_different_keys() -> None:
    assert search_key("car") != search_key("cart")


@pytest.mark.parametrize(
    ("plural", "singular"),
    [("cats", "cat"), ("berries", "berry"), ("churches", "church"), ("brushes", "brush"), ("boxes", "box"),
     ("glasses", "glass"), ("wolves", "wolf"), ("knives", "knife"), ("firemen", "fireman"),
     ("shoes", "shoe")],
)  # fmt: skip
def test_a_regular_plural_leads_to_its_singular(plural: str, singular: str) -> None:
    assert singular in list(singulars(plural))


@pytest.mark.parametrize("word", ["cat", "glass", "s", ""])
def test_what_is_no_plural_has_no_singular(word: str) -> None:
    assert list(singulars(word)) == []


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_any_text_is_a_name(text: str) -> None:
    parsed = parse_name(text)
    assert parsed.name == " ".join(parsed.name.split())
    assert all(parsed.aliases)
    assert all(char.isalnum() for char in search_key(text))
    assert all(split_words(parsed.name))
