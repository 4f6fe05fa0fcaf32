"""Classes are the same by name, whatever the spelling; where it could be several it is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.bank.names import name_key
from clipcoder.importers.matching import Matching, listing, match_classes

NAMES = st.lists(
    st.sampled_from(
        [
            "owl",
            "Owls",
            "OWL",
            "sea_horse",
            "sea-horses",
            "crane",
            "crane (bird)",
            "crane, derrick",
            "derrick",
        ]
    ),
    unique_by=name_key,
)


def found(held: list[str], wanted: list[str]) -> dict[str, str]:
    return dict(match_classes(held, wanted).found)


@pytest.mark.parametrize(
    ("there", "here"),
    [
        ("Car Side", "car_side"),
        ("  car  side ", "car_side"),
        ("sea-horse", "sea_horse"),
        ("seahorse", "Sea Horse"),
        ("Crème brûlée", "creme_brulee"),
        ("jack-o'-lantern", "jack o lantern"),
        ("tench, Tinca tinca", "Tinca tinca"),
        ("tench", "tench, Tinca tinca"),
        ("the Eiffel Tower, Paris", "eiffel_tower"),
        ("Leopards", "leopard"),
        ("leopard", "Leopards"),
        ("butterflies", "butterfly"),
        ("wolves", "wolf"),
        ("water lilies, Nymphaea", "water_lily"),
        ("crane (bird)", "crane_(bird)"),
        ("crane (bird, tall)", "Crane [bird, tall]"),
        ("鸟", "鸟"),
    ],
)
def test_other_spellings_are_found(there: str, here: str) -> None:
    assert found([there, "zebra"], ["okapi", here]) == {there: here}


@pytest.mark.parametrize(
    ("there", "here"),
    [
        ("crane (bird)", "crane"),
        ("snoopy (cartoon beagle)", "snoopy"),
        ("face of a cougar", "cougar"),
        ("grass", "gras"),
        ("glass", "glas"),
        ("鸟", "鱼"),
        ("!!!", "???"),
    ],
)
def test_other_classes_are_not(there: str, here: str) -> None:
    matching = match_classes([there], [here])
    assert (matching.found, matching.missing, matching.besides) == ({}, (here,), (there,))


def test_the_strictest_look_decides() -> None:
    held = ["glasses", "glass", "crane", "crane, derrick"]
    assert found(held, ["glass", "Glasses", "derrick", "Crane"]) == {
        "glasses": "Glasses",
        "glass": "glass",
        "crane": "Crane",
        "crane, derrick": "derrick",
    }


def test_a_class_that_could_be_several_is_none() -> None:
    matching = match_classes(["crane, bird", "crane, machine", "owl"], ["crane", "owl"])
    assert matching.found == {"owl": "owl"}
    assert matching.missing == ("crane",)
    assert matching.besides == ("crane, bird", "crane, machine")
    assert matching.ambiguous == {"crane": ("crane, bird", "crane, machine")}


def test_a_class_of_the_file_that_could_be_several_of_the_users_is_none() -> None:
    matching = match_classes(["crane, derrick"], ["crane", "derrick"])
    assert matching.found == {}
    assert matching.ambiguous == {"crane": ("crane, derrick",), "derrick": ("crane, derrick",)}


def test_names_by_case_and_underscores_alone_are_not_respelled() -> None:
    matching = match_classes(["Car Side", "sea-horse"], ["car_side", "sea_horse"])
    assert matching.respelled == {"sea_horse": "sea-horse"}


@given(NAMES, NAMES)
def test_each_class_is_found_once_missing_or_besides(held: list[str], wanted: list[str]) -> None:
    matching = match_classes(held, wanted)
    users = list(matching.found.values())
    assert sorted([*users, *matching.missing]) == sorted(wanted)
    assert sorted([*matching.found, *matching.besides]) == sorted(held)
    assert set(matching.ambiguous) <= set(matching.missing)


@given(NAMES, NAMES)
def test_the_order_of_either_side_changes_nothing(held: list[str], wanted: list[str]) -> None:
    assert found(held[::-1], wanted[::-1]) == found(held, wanted)


@given(NAMES, NAMES)
def test_both_sides_see_the_same_pairs(held: list[str], wanted: list[str]) -> None:
    assert found(wanted, held) == {user: file for file, user in found(held, wanted).items()}


@given(NAMES)
def test_classes_match_themselves(names: list[str]) -> None:
    assert match_classes(names, names) == Matching({name: name for name in names}, (), (), {})


def test_a_list_of_names_ends_in_a_number() -> None:
    assert listing(["owl"], most=1) == "'owl'"
    assert listing([f"c{i}" for i in range(1234)], most=1) == "'c0' and 1,233 more"
