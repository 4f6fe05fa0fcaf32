"""The pack on disk: read when asked for, one sentence where something is wrong, part of the wheel."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
from small_pack import Assets, entry, pair

from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.knowledge.pack import Pack, load_pack


def test_a_shelf_has_classes_in_the_order_of_the_labels(pack: Pack) -> None:
    assert pack["birds"].class_names == ("crane", "jay", "Bohemian Waxwing")
    assert list(pack["birds"].classes) == ["crane", "jay", "Bohemian Waxwing"]
    assert pack["machines"].listed["tower crane"] == "crane_01"


def test_what_is_not_written_yet_is_missing(pack: Pack) -> None:
    assert "bulldozer" not in pack["machines"].classes
    assert pack["machines"].pairs == {}
    assert pack["machines"].lines("pairs.jsonl") is None


def test_differences_go_both_ways(pack: Pack) -> None:
    birds = pack["birds"]
    assert birds.differences("crane", "jay") == ("long legs",)
    assert birds.differences("jay", "crane") == ("blue wings", "black bar")
    assert birds.differences("jay", "Bohemian Waxwing") == ()
    assert birds.told_apart("jay") == {"crane": ("blue wings", "black bar")}


def test_nothing_is_read_before_it_is_needed(assets: Assets) -> None:
    assets.names("birds", ["owl"])
    assets.lines("birds.jsonl", ["{"])
    assets.lines("birds.pairs.jsonl", ["["])
    birds = assets.pack["birds"]
    assert birds.named("owls") == ("owl",)
    with pytest.raises(
        InvalidInputError, match=r"^birds\.jsonl, line 1: a line must be an object in JSON, .*install"
    ):
        _ = birds.classes
    with pytest.raises(InvalidInputError, match=r"^birds\.pairs\.jsonl, line 1"):
        _ = birds.pairs


def test_another_encoding_is_refused(assets: Assets) -> None:
    assets.names("birds", ["owl"])
    (assets.folder / "knowledge" / "birds.jsonl").write_bytes(b"\xff")
    with pytest.raises(InvalidInputError, match=r"birds\.jsonl must be UTF-8"):
        _ = assets.pack["birds"].classes


def test_an_unknown_set_is_refused(pack: Pack) -> None:
    assert pack.get("fish") is None
    with pytest.raises(
        UnknownNameError, match="unknown set of the knowledge pack 'brids': did you mean 'birds'"
    ):
        pack["brids"]


def test_two_test_sets_of_one_data_set_share_a_shelf() -> None:
    assert load_pack()["imagenet_v2"] is load_pack()["imagenet"]


def test_every_shelf_has_its_wording() -> None:
    from clipcoder.generators.catalog import catalogue_names

    of_data_sets = {shelf.prompts for shelf in load_pack() if not shelf.name.startswith("everyday_")}
    assert of_data_sets == set(catalogue_names()) - {"generic", "imagenet_v2"}
    assert {shelf.prompts for shelf in load_pack()} - of_data_sets == {"generic"}


def test_the_pack_lies_in_the_folder_that_goes_into_the_wheel() -> None:
    """The wheel carries ``src/clipcoder`` whole; nothing there may be left out by a rule of git's."""
    knowledge = resources.files("clipcoder") / "assets" / "knowledge"
    assert {"LICENSE", "eurosat.jsonl", "eurosat.pairs.jsonl", "words.txt"} <= {
        p.name for p in knowledge.iterdir()
    }


def test_a_data_set_has_no_file_of_another_name() -> None:
    """A file that is misspelled would never be read."""
    known = {f"{shelf.name}.{ending}" for shelf in load_pack() for ending in ("jsonl", "pairs.jsonl")}
    knowledge = Path(str(resources.files("clipcoder") / "assets" / "knowledge"))
    assert {path.name for path in knowledge.glob("*.jsonl")} <= known


def test_lines_keep_their_letters(assets: Assets) -> None:
    assets.names("food", ["crème brûlée"])
    assets.lines("food.jsonl", [entry("crème brûlée", attributes=["glazed crème"])])
    assets.lines("food.pairs.jsonl", [pair("crème brûlée", "crème brûlée")])
    assert assets.pack["food"].classes["crème brûlée"].attributes == ("glazed crème",)
