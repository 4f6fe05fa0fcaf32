"""PairBank: how one is made, brought into another bank's order, saved and refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from strategies import pair_banks

from clipcoder.bank import PairBank, PairText, TextBank
from clipcoder.errors import ClipcoderError, InvalidInputError
from clipcoder.source import Source
from toy_encoder import ColourEncoder

BIRDS = {"crow": {"swan": ["black feathers", "short neck"]}, "swan": {"crow": ["long neck"]}}


class Teller:
    """A generator that tells any two classes apart, and writes down what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []

    def generate(self, kind: str, class_name: str, *, other: str | None = None) -> list[str]:
        assert kind == "one_to_one"
        self.asked.append((class_name, other))
        return [f"has no {other}", f"has no {other}"]


def test_texts_come_by_class_and_other():
    bank = PairBank.from_texts(BIRDS, ["owl", "swan", "crow"])
    assert len(bank) == 3
    assert [t.text for t in bank.texts] == ["long neck", "black feathers", "short neck"]
    assert bank.first.tolist() == [1, 2, 2]
    assert bank.second.tolist() == [2, 1, 1]


def test_texts_are_ordered_by_class_then_by_the_other_and_keep_their_own_order():
    entries = (
        PairText("z", "a", "c"),
        PairText("y", "b", "a"),
        PairText("x", "a", "b"),
        PairText("w", "a", "b"),
    )
    assert [t.text for t in PairBank(("a", "b", "c"), entries).texts] == ["x", "w", "z", "y"]


def test_no_pairs_have_empty_arrays():
    bank = PairBank(("crow", "swan"), ())
    assert bank.first.shape == bank.second.shape == (0,)
    assert bank.first.dtype.kind == "i"


def test_select_brings_pairs_into_the_order_and_spelling_of_another_bank():
    bank = PairBank.from_texts(BIRDS | {"owl": {"crow": ["round face"]}}, ["crow", "swan", "owl"])
    selected = bank.select(["Swan", "emu", "CROW"])
    assert selected.class_names == ("Swan", "emu", "CROW")
    assert [(t.class_name, t.other, t.text) for t in selected.texts] == [
        ("Swan", "CROW", "long neck"),
        ("CROW", "Swan", "black feathers"),
        ("CROW", "Swan", "short neck"),
    ]
    assert selected.first.tolist() == [0, 2, 2]


def test_merge_goes_by_name_and_never_by_position():
    own = PairBank.from_texts(BIRDS, ["crow", "swan", "snowy_owl"])
    other = PairBank.from_texts(
        {"Snowy Owl": {"CROW": ["white"]}, "CROW": {"Swan": ["croaks"]}}, ["Snowy Owl", "Swan", "CROW"]
    )
    merged = own.merge(other)
    assert merged.class_names == own.class_names
    assert [(t.class_name, t.other, t.text) for t in merged.texts] == [
        ("crow", "swan", "black feathers"),
        ("crow", "swan", "short neck"),
        ("crow", "swan", "croaks"),
        ("swan", "crow", "long neck"),
        ("snowy_owl", "crow", "white"),
    ]


def test_merge_drops_what_a_pair_has_already_and_keeps_what_its_reverse_has():
    own = PairBank.from_texts({"crow": {"swan": ["a bird"]}}, ["crow", "swan"], source="mine")
    other = PairBank.from_texts(
        {"Crow": {"swan": ["a bird"]}, "swan": {"Crow": ["a bird"]}}, ["Crow", "swan"]
    )
    assert [(t.class_name, t.source.generator) for t in own.merge(other).texts] == [
        ("crow", "mine"),
        ("swan", "given"),
    ]


@given(pair_banks())
def test_a_bank_merged_with_itself_is_itself(bank: PairBank):
    assert bank.merge(bank) == bank


def test_merge_refuses_a_class_that_it_does_not_know():
    own, other = PairBank(("crow", "swan"), ()), PairBank(("swan", "emu", "owl"), ())
    with pytest.raises(InvalidInputError, match=r"'emu' \(and 1 more\) is no class of the first"):
        own.merge(other)


def test_all_pairs_of_a_small_set_are_asked_for_in_both_directions():
    teller = Teller()
    bank = PairBank.from_generator(["crow", "snowy_owl", "swan"], teller, source="teller")
    assert len(set(teller.asked)) == len(teller.asked) == 6
    assert len(bank) == 6
    assert {t.source for t in bank.texts} == {Source("teller")}
    assert "snowy owl" in next(t.text for t in bank.texts if t.class_name == "snowy_owl")


def test_only_the_pairs_that_are_asked_for_are_generated():
    teller = Teller()
    PairBank.from_generator(["crow", "owl", "swan"], teller, pairs=[("owl", "crow"), ("crow", "owl")])
    assert teller.asked == [("owl", "crow"), ("crow", "owl")]


def test_a_large_set_needs_its_pairs_named():
    names = [f"bird {i}" for i in range(51)]
    with pytest.raises(InvalidInputError, match=r"at most 50 classes, but there are 51; .* pairs="):
        PairBank.from_generator(names, Teller())
    assert len(PairBank.from_generator(names, Teller(), pairs=[("bird 1", "bird 2")])) == 2


def test_wordnet_tells_classes_apart_with_any_encoder():
    bank = PairBank.from_wordnet(["crow", "swan"], ColourEncoder())
    assert {(t.class_name, t.other) for t in bank.texts} == {("crow", "swan"), ("swan", "crow")}
    assert {t.source for t in bank.texts} == {Source("wordnet")}


@given(bank=pair_banks())
def test_a_saved_bank_is_read_back_and_saved_again_byte_for_byte(bank: PairBank, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    bank.save(folder / "pairs.json")
    again = PairBank.load(folder / "pairs.json")
    assert again == bank
    again.save(folder / "again.json")
    assert (folder / "again.json").read_bytes() == (folder / "pairs.json").read_bytes()


def test_the_file_is_for_people_too(tmp_path: Path):
    PairBank.from_texts(BIRDS, ["owl", "swan", "crow"]).save(tmp_path / "pairs.json")
    written = json.loads((tmp_path / "pairs.json").read_text())
    assert written["pairs"][0] == {
        "class": "swan",
        "other": "crow",
        "texts": [{"text": "long neck", "source": "given"}],
    }


PAIR = {"class": "crow", "other": "swan", "texts": [{"text": "black", "source": "me"}]}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            {"format": "clipcoder/text-bank"},
            "the format 'clipcoder/pair-bank', but it has 'clipcoder/text-bank'",
        ),
        ({"pairs": [PAIR | {"other": "emu"}]}, "unknown class 'emu': did you mean"),
        ({"pairs": [PAIR | {"other": "crow"}]}, "a pair must be of two classes, but it has 'crow' twice"),
        ({"pairs": [PAIR, PAIR]}, "a text may stand once on 'crow' and 'swan', but 'black' came twice"),
        ({"pairs": [{"class": "crow"}]}, r"pairs\[0\] must be an object with the fields class, other, texts"),
        (
            {"pairs": [PAIR | {"texts": [{}]}]},
            r"pairs\[0\].texts\[0\] must be an object with the fields text, source",
        ),
        ({"classes": ["crow", 3]}, "class name 2 of 2 must be a text, not 3"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_the_spot(
    content: dict[str, object], sentence: str, tmp_path: Path
):
    path = tmp_path / "pairs.json"
    good = {"format": "clipcoder/pair-bank", "version": 1, "classes": ["crow", "swan"], "pairs": [PAIR]}
    path.write_text(json.dumps(good | content))
    with pytest.raises(InvalidInputError, match=sentence) as caught:
        PairBank.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: PairBank((), ()), "at least one class name"),
        (lambda: PairBank(("a", "b"), (PairText("x", "a", "a"),)), "a pair must be of two classes"),
        (lambda: PairBank(("a", "b"), (PairText(" ", "a", "b"),)), "a text on 'a' and 'b' must not be blank"),
        (lambda: PairBank.from_texts({"a": {"b": "x"}}, ["a", "b"]), "on 'a' and 'b' must come as a list"),
        (
            lambda: PairBank.from_texts(["a"], ["a", "b"]),
            "must map each class name to the others, not be a list",
        ),
        (
            lambda: PairBank.from_texts({"a": "x"}, ["a", "b"]),
            "on 'a' must map other classes to texts, not be a str",
        ),
        (
            lambda: PairBank.from_generator(["a", "b"], Teller(), pairs=[("a", "c")]),
            "unknown class of a pair 'c'",
        ),
        (
            lambda: PairBank.from_generator(["a", "b"], Teller(), pairs=[("a", "a")]),
            "a pair must be of two classes",
        ),
    ],
)
def test_bad_banks_are_refused(make, sentence: str):
    with pytest.raises(ClipcoderError, match=sentence):
        make()


def test_a_bank_takes_in_none_of_another_kind() -> None:
    pairs = PairBank.from_texts({"owl": {"jay": ["round"]}}, ["owl", "jay"])
    texts = TextBank.from_names(["owl", "jay"])
    with pytest.raises(InvalidInputError, match="not those of a TextBank"):
        pairs.merge(texts)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="not those of a PairBank"):
        texts.merge(pairs)  # type: ignore[arg-type]
