"""Which class of which data set a name means: the names decide together."""

from __future__ import annotations

import pytest

from clipcoder.knowledge.pack import Pack, Shelf, load_pack
from clipcoder.knowledge.resolving import Taken, resolve


def places(taken: tuple[Taken, ...]) -> list[str]:
    return [f"{one.shelf.name}/{one.entry.class_name}" if one.shelf and one.entry else "" for one in taken]


def test_the_set_that_knows_most_of_the_names_goes_first(pack: Pack) -> None:
    assert places(resolve(["crane", "jays"], pack)) == ["birds/crane", "birds/jay"]
    assert places(resolve(["digger", "crane lorry", "crane_01", "jay"], pack)) == [
        "machines/excavators",
        "machines/crane lorry",
        "machines/tower crane",
        "birds/jay",
    ]


def test_of_equals_the_smaller_set_goes_first(pack: Pack) -> None:
    assert places(resolve(["crane"], pack)) == ["birds/crane"]


def test_a_remark_tells_what_is_meant(pack: Pack) -> None:
    names = ["crane (truck)", "crane (building machine)", "crane (bird, wading)", "jay (xyz)"]
    assert places(resolve(names, pack)) == [
        "machines/crane lorry",
        "machines/tower crane",
        "birds/crane",
        "birds/jay",
    ]


def test_a_remark_that_fits_several_classes_tells_nothing(pack: Pack) -> None:
    crane = resolve(["crane (with a)", "digger", "bulldozer", "excavators"], pack)[0]
    assert crane.rivals == ("tower crane", "crane lorry")


def test_a_domain_is_a_hint_too(pack: Pack) -> None:
    names = ["crane", "digger", "excavators"]
    assert places(resolve(names, pack))[0] == ""
    assert places(resolve(names, pack, hint="a type of bird"))[0] == "birds/crane"
    assert places(resolve(names, pack, hint="a type of truck"))[0] == "machines/crane lorry"


def test_a_name_of_two_classes_of_a_set_is_left_alone(pack: Pack) -> None:
    crane = resolve(["crane", "digger", "bulldozer", "excavators"], pack)[0]
    assert (crane.shelf, crane.entry, crane.rivals) == (None, None, ("tower crane", "crane lorry"))


def test_a_set_to_ask_first_may_be_named(pack: Pack) -> None:
    assert places(resolve(["excavator", "crane", "xyzzy"], pack, lead="birds")) == [
        "machines/excavators",
        "birds/crane",
        "",
    ]
    assert places(resolve(["river"], pack, lead="eurosat")) == ["eurosat/river"]


def test_land_is_seen_from_above_only_where_half_of_its_classes_are_named(pack: Pack) -> None:
    assert places(resolve(["river", "crane"], pack)) == ["", "birds/crane"]
    assert places(resolve(["river", "forest"], pack)) == ["eurosat/river", "eurosat/forest"]


def test_glass_is_in_a_bin_only_beside_other_waste() -> None:
    waste = resolve(["cardboard", "glass", "metal", "paper", "plastic"], load_pack())
    assert places(waste) == [f"everyday_waste/{one.name}" for one in waste]
    assert "everyday_waste" not in str(places(resolve(["glass", "paper", "cat"], load_pack())))


@pytest.mark.parametrize("names", [["chicken", "hen"], ["hen", "chicken"]])
def test_two_names_of_one_class_share_no_texts(names: list[str]) -> None:
    found = dict(zip(names, places(resolve(names, load_pack())), strict=True))
    assert found == {"chicken": "everyday_animals/chicken", "hen": "imagenet/hen"}


def test_two_names_of_one_class_share_it_where_nothing_else_knows_them() -> None:
    shared = "everyday_vehicles/bicycle"
    assert places(resolve(["bicycle", "push bike"], load_pack())) == [shared, shared]


@pytest.mark.parametrize("name", ["glass", "a glass", "The glass", "glass (empty)", "glass, tumbler"])
def test_glass_is_no_pair_of_glasses(name: str) -> None:
    assert places(resolve([name], load_pack())) == ["everyday_household/drinking glass"]
    assert places(resolve(["glasses"], load_pack())) == ["everyday_clothing/glasses"]


def test_everyday_things_decide_as_one_data_set() -> None:
    names = ["bottle", "orange", "lemon", "pineapple", "airplane", "cat", "chair", "pizza", "violin"]
    shelves = {place.split("/")[0] for place in places(resolve(names, load_pack()))}
    assert all(shelf.startswith("everyday_") for shelf in shelves)


def test_a_listed_class_without_texts_is_unknown(pack: Pack) -> None:
    assert places(resolve(["bulldozer"], pack)) == [""]


@pytest.mark.parametrize("shelf", list(load_pack()), ids=lambda shelf: shelf.name)
def test_every_class_that_ships_is_found_by_both_of_its_names(shelf: Shelf) -> None:
    own = [listed or name for name, listed in shelf.listed.items()]
    for names in (shelf.class_names, own):
        known = dict(zip(names, shelf.class_names, strict=True))
        found = {
            one.name: one.entry.class_name
            for one in resolve(names, load_pack(), lead=shelf.name)
            if one.entry
        }
        assert found == known
