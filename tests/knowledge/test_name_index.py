"""Names in any spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.knowledge.index import NameIndex

INDEX = NameIndex(
    {
        "crème brûlée": ["crème brûlée"],
        "sunglass": ["sunglass"],
        "sunglasses": ["sunglasses"],
        "binoculars": ["binoculars"],
        "kite (bird of prey)": ["kite (bird of prey)", "n01608432"],
        "Jack-o'-lantern": ["Jack-o'-lantern"],
        "crane": ["crane"],
        "lorry": ["crane"],
        "sofa, couch": ["sofa, couch"],
    }
)


@pytest.mark.parametrize(
    ("name", "thing"),
    [
        ("creme_brulee", "crème brûlée"),
        ("CRÈME BRÛLÉE", "crème brûlée"),
        ("Sunglasses", "sunglasses"),
        ("sunglass", "sunglass"),
        ("binocular", "binoculars"),
        ("kite", "kite (bird of prey)"),
        ("Kite (bird of prey)", "kite (bird of prey)"),
        ("n01608432", "kite (bird of prey)"),
        ("jack o lanterns", "Jack-o'-lantern"),
        ("couches", "sofa, couch"),
    ],
)
def test_a_name_is_found_in_another_spelling(name: str, thing: str) -> None:
    assert INDEX.find(name) == (thing,)


def test_a_name_of_two_things_finds_both() -> None:
    assert INDEX.find("cranes") == ("crane", "lorry")


@pytest.mark.parametrize("name", ["", "?", "lantern", "cr"])
def test_a_part_of_a_name_finds_nothing(name: str) -> None:
    assert INDEX.find(name) == ()


@given(st.text())
def test_any_text_may_be_asked_for(name: str) -> None:
    assert set(INDEX.find(name)) <= {
        "crème brûlée",
        "sunglass",
        "sunglasses",
        "binoculars",
        "kite (bird of prey)",
        "Jack-o'-lantern",
        "crane",
        "lorry",
        "sofa, couch",
    }
