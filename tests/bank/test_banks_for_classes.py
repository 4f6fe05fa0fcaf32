"""The best offline bank for any names: the pack where it knows a class, WordNet elsewhere."""

from __future__ import annotations

import logging

import pytest

from clipcoder.bank import PairBank, TextBank
from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.generators.base import TextEncoder
from toy_encoder import ColourEncoder

LAND = ["Annual Crop Land", "forests", "motorway", "river", "open_water"]


def sources(bank: TextBank | PairBank, name: str) -> set[str]:
    return {str(t.source) for t in bank.texts if t.class_name == name}


@pytest.fixture
def encoder() -> TextEncoder:
    return ColourEncoder()


def test_the_names_of_a_data_set_take_its_wording() -> None:
    bank = TextBank.for_classes(LAND)
    assert bank.class_names == tuple(LAND)
    assert all(sources(bank, name) == {"template", "knowledge eurosat"} for name in LAND)
    assert "a satellite photo of forests, which have solid dark green cover." in [t.text for t in bank.texts]
    assert {t.kind for t in bank.texts} == {"name", "synonym", "attribute", "analogue"}


def test_nothing_is_asked_of_an_encoder_where_the_pack_knows_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clipcoder.bank.generators.wordnet_generator", pytest.fail)
    assert len(TextBank.for_classes(LAND)) > len(PairBank.for_classes(LAND)) > 0


def test_wordnet_writes_about_the_rest(encoder: TextEncoder, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bank = TextBank.for_classes(["river", "aardwolf", "xyzzy"], encoder, prompts="eurosat")
    assert sources(bank, "river") == {"template", "knowledge eurosat"}
    assert sources(bank, "aardwolf") == {"template", "wordnet"}
    assert sources(bank, "xyzzy") == {"template"}
    assert caplog.messages == [
        "2 of 3 classes are not in the knowledge pack and have what WordNet knows of them: aardwolf, xyzzy"
    ]


def test_kinds_may_be_chosen() -> None:
    assert {t.kind for t in TextBank.for_classes(LAND, kinds="attribute").texts} == {"name", "attribute"}


def test_the_wording_may_be_given() -> None:
    bank = TextBank.for_classes(LAND, prompts="generic", kinds="analogue", domain="a kind of land")
    assert bank.texts[0].text == "a photo of an Annual Crop Land, a kind of land"
    assert TextBank.for_classes(LAND, domain="a kind of land").texts[0].text == (
        "a centered satellite photo of Annual Crop Land, a kind of land."
    )


def test_pairs_are_those_of_the_pack() -> None:
    bank = PairBank.for_classes(LAND)
    told = {(t.class_name, t.other) for t in bank.texts}
    assert ("forests", "river") in told and ("river", "forests") in told
    assert ("motorway", "open_water") not in told
    assert {str(t.source) for t in bank.texts} == {"knowledge eurosat"}


def test_of_pairs_that_are_named_it_is_told_that_wordnet_writes(
    encoder: TextEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert len(PairBank.for_classes(["river", "xyzzy"], encoder)) == 0
    assert not caplog.messages
    PairBank.for_classes(["river", "xyzzy"], encoder, pairs=[("river", "xyzzy")])
    assert caplog.messages == [
        "1 of 2 classes are not in the knowledge pack and have what WordNet knows of them: xyzzy"
    ]


def test_pairs_may_be_named(encoder: TextEncoder) -> None:
    bank = PairBank.for_classes(LAND, encoder, pairs=[("motorway", "open_water")])
    assert {(t.class_name, t.other) for t in bank.texts} == {
        ("motorway", "open_water"),
        ("open_water", "motorway"),
    }
    assert bank.texts[0].text == "a satellite photo of motorway, which has long gray ribbon across the image."


def test_what_no_bank_takes_is_refused() -> None:
    for bank in (TextBank, PairBank):
        with pytest.raises(InvalidInputError, match="the list is empty"):
            bank.for_classes([])
        with pytest.raises(UnknownNameError, match="set of prompts"):
            bank.for_classes(LAND, prompts="eurosta")
    with pytest.raises(UnknownNameError, match="class of a pair"):
        PairBank.for_classes(LAND, pairs=[("river", "sky")])
    with pytest.raises(UnknownNameError, match="kind of text"):
        TextBank.for_classes(LAND, kinds="colour")  # type: ignore[arg-type]
