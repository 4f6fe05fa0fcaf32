from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.generators.mentions import ClassNames, same_name

SET = ["dog", "hot_dog", "polar bear", "can", "saw", "orange", "crane (bird)", "crane (machine)",
       "couch, sofa", "Bengal_tiger", "scissors", "bus", "GrandPiano", "crème brûlée"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a dog", ["dog"]),
        ("Dogs", ["dog"]),
        ("the Hot-Dog", ["hot_dog"]),
        ("cranes", ["crane (bird)", "crane (machine)"]),
        ("settee", []),
        ("sofa", ["couch, sofa"]),
        ("pair of scissors", []),
        ("scissor", ["scissors"]),
        ("buses", ["bus"]),
        ("grand piano", ["GrandPiano"]),
        ("creme brulee", ["crème brûlée"]),
        ("big dog", []),
        ("", []),
        ("...", []),
    ],
)
def test_what_is_a_class_but_for_case_accents_plural_and_article(text: str, names: list[str]) -> None:
    assert list(ClassNames(SET).named_by(text)) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("unlike a dog, has stripes", ["dog"]),
        ("smaller than dogs", ["dog"]),
        ("a dog's ears", ["dog"]),
        ("has the head of a DOG and of a polar bear", ["dog", "polar bear"]),
        ("a hot dog in a bun", ["hot_dog"]),
        ("looks like a dog (a large one)", ["dog"]),
        ("a dog collar", []),
        ("dog-like snout", []),
        ("half-dog", []),
        ("hotdogs", ["hot_dog"]),
        ("dogged", []),
        ("can be red", []),
        ("can have spots", []),
        ("they saw as a saw", ["saw"]),
        ("a can of soda", ["can"]),
        ("orange bill", []),
        ("an orange and a lime", ["orange"]),
        ("neck like a crane", ["crane (bird)", "crane (machine)"]),
        ("a dog or another dog", ["dog"]),
        ("a polar bear cub", []),
        ("", []),
    ],
)
def test_what_names_a_class_within_a_text_and_what_only_looks_so(text: str, names: list[str]) -> None:
    assert list(ClassNames(SET).mentioned_in(text)) == names


def test_a_class_may_name_itself_and_hides_what_is_within_its_name() -> None:
    classes = ClassNames(SET)
    assert classes.mentioned_in("the bun of a hot dog", apart_from="hot_dog") == ()
    assert classes.mentioned_in("neck of a crane", apart_from="crane (bird)") == ()


def test_a_class_without_letters_is_named_by_nothing() -> None:
    assert ClassNames(["(bird)", "--"]).mentioned_in("a (bird) --") == ()
    assert not same_name("", "--")


@given(
    st.permutations(SET),
    st.lists(st.sampled_from(["a", "the", ",", "-", "'s", "of", *SET]), max_size=12).map(" ".join),
)
def test_the_order_of_the_classes_does_not_matter(order: list[str], text: str) -> None:
    assert ClassNames(order).mentioned_in(text) == ClassNames(SET).mentioned_in(text)
    assert ClassNames(order).named_by(text) == ClassNames(SET).named_by(text)


@given(st.text(), st.lists(st.text(max_size=5), max_size=4))
def test_any_text_may_come(text: str, class_names: list[str]) -> None:
    ClassNames(class_names).mentioned_in(text)
    ClassNames(class_names).named_by(text)
    same_name(text, text)
