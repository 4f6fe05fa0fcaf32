"""TextBank: how one is made, merged, saved and refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from strategies import text_banks

from clipcoder.bank import BankText, TextBank
from clipcoder.errors import ClipcoderError, InvalidInputError, UnknownNameError
from clipcoder.source import Source
from toy_encoder import ColourEncoder

CATS = {"tabby_cat": {"name": ["a tabby"], "attribute": ["striped", "soft"]}, "Lynx": ["tufted ears"]}


class Oracle:
    """A generator that knows two things about everything, and says one of them twice."""

    def generate(self, kind: str, class_name: str, *, other: str | None = None) -> list[str]:
        return {"synonym": ["old_friend"], "attribute": ["has fur", "has fur"], "analogue": ["otter"]}[kind]


def test_names_become_sentences_with_spaces_and_stay_as_given():
    bank = TextBank.from_names(["tabby_cat", "coffee  mug"], template="a picture of the {}.")
    assert bank.class_names == ("tabby_cat", "coffee  mug")
    assert [t.text for t in bank.texts] == ["a picture of the tabby cat.", "a picture of the coffee mug."]
    assert {(t.kind, t.source.generator) for t in bank.texts} == {("name", "template")}


def test_texts_come_by_kind_or_as_attributes():
    bank = TextBank.from_texts(CATS, source="me")
    assert [(t.class_name, t.kind, t.text) for t in bank.texts] == [
        ("tabby_cat", "name", "a tabby"),
        ("tabby_cat", "attribute", "striped"),
        ("tabby_cat", "attribute", "soft"),
        ("Lynx", "attribute", "tufted ears"),
    ]
    assert bank.texts[0].source == Source("me")


def test_the_arrays_go_with_the_texts():
    bank = TextBank.from_texts(CATS)
    assert len(bank) == 4
    assert bank.text_class.tolist() == [0, 0, 0, 1]
    assert bank.text_kind.tolist() == ["name", "attribute", "attribute", "attribute"]


def test_a_bank_without_texts_has_empty_arrays_of_the_right_kind():
    bank = TextBank(("cat",), ())
    assert bank.text_class.dtype.kind == "i"
    assert bank.text_kind.shape == (0,)
    assert bank.by_class == {"cat": ()}


def test_texts_are_put_in_the_order_of_classes_and_keep_their_own():
    texts = [BankText(t, c, "attribute") for c, t in ["b1", "a1", "b2", "a2"]]
    bank = TextBank(("a", "b"), tuple(texts))
    assert [t.text for t in bank.texts] == ["1", "2", "1", "2"]
    assert [[t.text for t in ts] for ts in bank.by_class.values()] == [["1", "2"], ["1", "2"]]


def test_a_bank_cannot_be_changed():
    bank = TextBank.from_names(["cat"])
    with pytest.raises(AttributeError):
        bank.texts = ()


def test_keep_drops_texts_and_no_class():
    kept = TextBank.from_texts(CATS).keep(["name"])
    assert kept.class_names == ("tabby_cat", "Lynx")
    assert [t.text for t in kept.texts] == ["a tabby"]
    with pytest.raises(UnknownNameError, match="unknown kind of text 'nam': did you mean 'name'"):
        kept.keep(["nam"])


def test_merge_goes_by_name_and_never_by_position():
    own = TextBank.from_names(["tabby_cat", "lynx"])
    merged = own.merge(TextBank.from_texts({"Lynx": ["tufted ears"], "Tabby Cat": ["striped"]}))
    assert merged.class_names == own.class_names
    assert [(t.class_name, t.text) for t in merged.texts] == [
        ("tabby_cat", "a photo of a tabby cat"),
        ("tabby_cat", "striped"),
        ("lynx", "a photo of a lynx"),
        ("lynx", "tufted ears"),
    ]


def test_merge_drops_what_a_class_has_already_and_keeps_what_another_has():
    own = TextBank.from_texts({"cat": ["soft", "small"], "dog": ["loud"]})
    merged = own.merge(TextBank.from_texts({"cat": {"analogue": ["soft"]}, "dog": ["soft"]}))
    assert [(t.class_name, t.kind, t.text) for t in merged.texts] == [
        ("cat", "attribute", "soft"),
        ("cat", "attribute", "small"),
        ("dog", "attribute", "loud"),
        ("dog", "attribute", "soft"),
    ]


@given(text_banks())
def test_a_bank_merged_with_itself_is_itself(bank: TextBank):
    assert bank.merge(bank) == bank


def test_merge_refuses_a_class_that_it_does_not_know():
    with pytest.raises(InvalidInputError, match=r"'dgo' \(and 0 more\) is no class of the first"):
        TextBank.from_names(["cat", "dog"]).merge(TextBank.from_texts({"dgo": ["loud"]}))


def test_generated_texts_stand_behind_the_name_and_only_once():
    bank = TextBank.from_generator(["sea_otter"], Oracle(), source="oracle")
    assert [(t.kind, t.source.generator) for t in bank.texts] == [
        ("name", "template"),
        ("attribute", "oracle"),
        ("analogue", "oracle"),
        ("synonym", "oracle"),
    ]
    assert bank.texts[3].text == "a photo of an old friend"  # as the name: they compete for one maximum
    assert "sea otter" in bank.texts[1].text and "fur" in bank.texts[1].text
    assert "sea otter" in bank.texts[2].text and "otter" in bank.texts[2].text


def test_only_the_kinds_that_are_asked_for_are_generated():
    bank = TextBank.from_generator(["cat"], Oracle(), kinds=["analogue"])
    assert bank.text_kind.tolist() == ["name", "analogue"]


def test_a_single_kind_needs_no_list():
    generator = Oracle()
    bank = TextBank.from_generator(["cat", "dog"], generator, kinds="synonym")
    assert bank == TextBank.from_generator(["cat", "dog"], generator, kinds=["synonym"])
    assert bank.keep("synonym") == bank.keep(["synonym"])


def test_one_to_one_texts_are_no_kind_of_a_text_bank():
    with pytest.raises(UnknownNameError, match="unknown kind of text 'one_to_one': did you mean"):
        TextBank.from_generator(["cat", "dog"], Oracle(), kinds=["one_to_one"])


def test_without_an_encoder_the_starter_chooses_among_senses(monkeypatch):
    names = ["crane", "screwdriver"]
    monkeypatch.setattr("clipcoder.encoders.load_encoder", {"starter": ColourEncoder()}.__getitem__)
    assert TextBank.from_wordnet(names) == TextBank.from_wordnet(names, ColourEncoder())


def test_wordnet_knows_all_three_kinds_with_any_encoder():
    bank = TextBank.from_wordnet(["puma", "joshua_tree"], ColourEncoder())
    assert set(bank.text_kind) == {"name", "synonym", "attribute", "analogue"}
    assert set(bank.text_class) == {0, 1}
    assert {t.source.generator for t in bank.texts} == {"template", "wordnet"}
    assert bank.texts[0].text == "a photo of a puma"


@given(bank=text_banks())
def test_a_saved_bank_is_read_back_and_saved_again_byte_for_byte(bank: TextBank, tmp_path_factory):
    folder = tmp_path_factory.mktemp("banks")
    bank.save(folder / "bank.json")
    again = TextBank.load(folder / "bank.json")
    assert again == bank
    again.save(folder / "again.json")
    assert (folder / "again.json").read_bytes() == (folder / "bank.json").read_bytes()


def test_a_source_with_facts_stands_once_at_the_head_and_by_a_short_name_beside_its_texts(tmp_path: Path):
    model = Source("llm", "gpt", "attribute-1", "2026-11-25")
    TextBank.from_texts({"cat": ["soft", "grey"], "dog": ["loud"]}, source=model).save(tmp_path / "bank.json")
    content = json.loads((tmp_path / "bank.json").read_text())
    assert content["sources"] == {
        "llm-1": {"generator": "llm", "model": "gpt", "prompt": "attribute-1", "date": "2026-11-25"}
    }
    assert {t["source"] for c in content["classes"] for t in c["texts"]} == {"llm-1"}
    assert {t.source for t in TextBank.load(tmp_path / "bank.json").texts} == {model}


def test_a_bank_of_the_first_version_is_read(tmp_path: Path):
    (tmp_path / "old.json").write_text(json.dumps(document()))
    assert TextBank.load(tmp_path / "old.json").texts == (BankText("a cat", "cat", "name", Source("me")),)


def test_the_file_is_for_people_too(tmp_path: Path):
    TextBank.from_texts({"café": {"name": ["a café"], "analogue": ["a bar"]}}).save(tmp_path / "bank.json")
    assert (tmp_path / "bank.json").read_text("utf-8") == (
        "{\n"
        '  "format": "clipcoder/text-bank",\n'
        '  "version": 2,\n'
        '  "sources": {},\n'
        '  "classes": [\n'
        "    {\n"
        '      "name": "café",\n'
        '      "texts": [\n'
        '        {"text": "a café", "kind": "name", "source": "given"},\n'
        '        {"text": "a bar", "kind": "analogue", "source": "given"}\n'
        "      ]\n"
        "    }\n"
        "  ]\n"
        "}\n"
    )


def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch):
    path = tmp_path / "bank.json"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(InvalidInputError, match=r"cannot write .*bank.json: No space left on device"):
        TextBank.from_names(["cat"]).save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["bank.json"]
    assert path.read_text() == "old"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(InvalidInputError, match=r"cannot write .*nowhere/bank.json: No such file"):
        TextBank.from_names(["cat"]).save(tmp_path / "nowhere" / "bank.json")
    with pytest.raises(InvalidInputError, match=r"cannot read .*bank.json: No such file"):
        TextBank.load(tmp_path / "bank.json")


def document(**change: object) -> dict[str, object]:
    cat = {"name": "cat", "texts": [{"text": "a cat", "kind": "name", "source": "me"}]}
    return {"format": "clipcoder/text-bank", "version": 1, "classes": [cat]} | change


def texts(*lines: object) -> dict[str, object]:
    return document(classes=[{"name": "cat", "texts": list(lines)}])


LINE = {"text": "a cat", "kind": "name", "source": "me"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            document(format="clipcoder/pair-bank"),
            "the format 'clipcoder/text-bank', but it has 'clipcoder/pair-bank'",
        ),
        ([], "the format 'clipcoder/text-bank', but it has None"),
        (document(version=3), "must have version 2 or an older one, but it has 3"),
        (document(version=True), "must have version 2 or an older one, but it has True"),
        (document(version="1"), "must have version 2 or an older one, but it has '1'"),
        (document(sources=[]), "sources must be an object"),
        (document(sources={"me": {}}), r"sources\['me'\] must have a generator"),
        (document(sources={"me": {"generator": "llm", "modle": "m"}}), "may have model, prompt, date"),
        (document(sources={"me": {"generator": "llm", "model": 5}}), "all of them texts"),
        (document(more=1), 'must be an object with the fields classes, but it has "classes", "more"'),
        (document(**{"a\nb" * 99: 1}), r'it has "classes", "a\\nba\\nb.{50,80}$'),
        (document(classes={}), "the bank.classes must be a list, but it is {}"),
        (document(classes=[]), "at least one class name is needed"),
        (
            document(classes=["cat"]),
            r'classes\[0\] must be an object with the fields name, texts, but it has "cat"',
        ),
        (document(classes=[{"name": 1, "texts": []}]), r"classes\[0\].name must be a text, but it is 1"),
        (
            document(classes=[{"name": n, "texts": []} for n in ("a cat", "A_Cat")]),
            "'a cat' and 'A_Cat' are the same",
        ),
        (document(classes=[{"name": "_", "texts": []}]), "class name 1 of 1 must have a letter or digit"),
        (
            texts({"text": "a cat"}),
            r"classes\[0\].texts\[0\] must be an object with the fields text, kind, source",
        ),
        (texts(LINE | {"text": None}), r"classes\[0\].texts\[0\].text must be a text, but it is null"),
        (texts(LINE | {"text": "  "}), "a text on 'cat' must not be blank"),
        (texts(LINE | {"text": "\ud800"}), "must be valid Unicode"),
        (texts(LINE | {"source": ""}), "the source of a text on 'cat' must not be blank"),
        (texts(LINE | {"kind": "nmae"}), "unknown kind of text on 'cat', 'nmae': did you mean 'name'"),
        (texts(LINE, LINE), "a text may stand once on 'cat', but 'a cat' came twice"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_the_spot(content: object, sentence: str, tmp_path: Path):
    path = tmp_path / "bank.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InvalidInputError, match=sentence) as caught:
        TextBank.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"not json"])
def test_what_is_no_json_is_refused(content: bytes, tmp_path: Path):
    path = tmp_path / "bank.json"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="must be a JSON file of format 'clipcoder/text-bank', but"):
        TextBank.load(path)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: TextBank.from_names([]), "at least one class name"),
        (lambda: TextBank.from_names("cat"), r"as a list, not as the one text 'cat'; write \['cat'\]"),
        (lambda: TextBank.from_names(["cat", ""]), "class name 2 of 2 must not be blank"),
        (lambda: TextBank.from_names(["cat", None]), "class name 2 of 2 must be a text, not None"),
        (lambda: TextBank.from_names(["cat", "Cat"]), "'cat' and 'Cat' are the same"),
        (lambda: TextBank.from_names(["tabby cat", "tabby__cat"]), "are the same; drop one"),
        (lambda: TextBank.from_names(["cat"], template="a photo"), "for the kind name must hold {}"),
        (lambda: TextBank.from_names(["cat"], template="{} or {"), "must be a text with fields among"),
        (lambda: TextBank.from_names(["Straße", "STRASSE"]), "'Straße' and 'STRASSE' are the same"),
        (lambda: TextBank.from_texts(["cat"]), "must map each class name to its texts, not be a list"),
        (lambda: TextBank.from_texts({"cat": "soft"}), r"texts on 'cat' must come as a list, not as 'soft'"),
        (lambda: TextBank.from_texts({"cat": {"name": "a cat"}}), "must come as a list, not as 'a cat'"),
        (lambda: TextBank.from_texts({"cat": [3]}), "a text on 'cat' must be a text, not 3 of type int"),
        (lambda: TextBank.from_texts({"cat": {"nam": ["a"]}}), "unknown kind of text on 'cat', 'nam'"),
        (lambda: TextBank(("cat",), (BankText("a", "dog", "name"),)), "unknown class 'dog'"),
    ],
)
def test_bad_banks_are_refused_in_one_sentence(make, sentence: str):
    with pytest.raises(ClipcoderError, match=sentence) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_a_sentence_given_twice_is_taken_once():
    assert len(TextBank.from_texts({"cat": ["soft", "soft"]})) == 1


def test_text_classes_index_class_names_whatever_the_order_of_entries():
    entries = tuple(BankText(str(i), "abc"[i % 3], "attribute") for i in range(9))
    bank = TextBank(("a", "b", "c"), entries)
    assert np.array(bank.class_names)[bank.text_class].tolist() == [t.class_name for t in bank.texts]
