"""From any file to banks of the user's classes, or one sentence that says why not."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder import PairBank, TextBank
from clipcoder.errors import ClipcoderError, InvalidInputError, UnknownNameError
from clipcoder.generators.sentences import Templates
from clipcoder.importers import FORMATS, Imported, import_texts
from clipcoder.source import Source

Save = Callable[[str, Any], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(name: str, content: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write


def texts(imported: Imported) -> list[tuple[str, str, str]]:
    return [(text.class_name, text.kind, text.text) for text in imported.texts.texts]


class TestSentences:
    def test_phrases_become_sentences_about_the_users_classes(self, save: Save) -> None:
        path = save("birds.json", {"Snowy Owl": ["has large eyes", "white"], "emu": ["long legs"]})
        imported = import_texts(path, ["emu", "snowy_owl"], domain="a type of bird")
        assert texts(imported) == [
            ("emu", "name", "a photo of an emu, a type of bird"),
            ("emu", "attribute", "a photo of an emu, which has long legs"),
            ("snowy_owl", "name", "a photo of a snowy owl, a type of bird"),
            ("snowy_owl", "attribute", "a photo of a snowy owl, which has large eyes"),
            ("snowy_owl", "attribute", "a photo of a snowy owl, which has white"),
        ]
        assert [text.source for text in imported.texts.texts[:2]] == [Source("template"), Source("dclip")]
        assert (imported.format, imported.ready, imported.pairs) == ("dclip", False, None)

    def test_sentences_are_taken_as_they_stand(self, save: Save) -> None:
        path = save("birds.json", {"emu": ["An emu runs.", "It has long legs."]})
        imported = import_texts(path, templates=Templates(name="{}!", attribute="about {}: {snippet}"))
        assert texts(imported) == [
            ("emu", "name", "emu!"),
            ("emu", "attribute", "An emu runs."),
            ("emu", "attribute", "It has long legs."),
        ]
        assert imported.texts.texts[1].source == Source("cupl")
        assert imported.ready

    def test_templates_with_several_wordings_make_several_texts(self, save: Save) -> None:
        path = save("birds.json", {"emu": ["long legs"]})
        imported = import_texts(path, templates=Templates(attribute=("{snippet}", "{}: {snippet}")))
        assert [text for _, kind, text in texts(imported) if kind == "attribute"] == [
            "long legs",
            "emu: long legs",
        ]

    def test_a_table_has_texts_of_all_kinds(self, save: Save) -> None:
        path = save(
            "birds.csv",
            "class,snippet,kind,other\nemu,Dromaius,synonym,\nemu,ostrich,analogue,\nemu,large emu,name,\n"
            "emu,shaggy feathers,,owl\nowl,large eyes,,\n",
        )
        imported = import_texts(path)
        assert texts(imported) == [
            ("emu", "synonym", "a photo of a Dromaius"),
            ("emu", "analogue", "a photo of an emu, similar to an ostrich"),
            ("emu", "name", "a photo of a large emu"),
            ("owl", "name", "a photo of an owl"),
            ("owl", "attribute", "a photo of an owl, which has large eyes"),
        ]
        assert imported.pairs
        assert [(text.class_name, text.other, text.text) for text in imported.pairs.texts] == [
            ("emu", "owl", "a photo of an emu, which has shaggy feathers")
        ]
        assert {text.source for text in imported.pairs.texts} == {Source("csv")}

    def test_phrases_that_make_one_sentence_make_it_once(self, save: Save) -> None:
        path = save("birds.json", {"emu": ["long_legs", "long legs"]})
        assert len(import_texts(path).texts) == 2


class TestClasses:
    def test_without_names_the_classes_are_those_of_the_file(self, save: Save) -> None:
        imported = import_texts(save("birds.json", {"emu": ["long legs"], "owl": None}))
        assert imported.texts.class_names == ("emu", "owl")
        assert imported.matching.missing == imported.matching.besides == ()

    def test_a_missing_class_has_its_name_all_the_same(self, save: Save) -> None:
        imported = import_texts(
            save("birds.json", {"emus": ["long legs"], "crow": ["black"]}), ["owl", "emu"]
        )
        assert texts(imported)[0] == ("owl", "name", "a photo of an owl")
        assert imported.matching.missing == ("owl",)
        assert imported.matching.besides == ("crow",)
        assert imported.matching.respelled == {"emu": "emus"}

    def test_pairs_with_a_class_that_is_not_asked_for_drop_out(self, save: Save) -> None:
        path = save(
            "pairs.json", {"emu": {"owl": ["long legs"], "crow": ["brown"]}, "crow": {"owl": ["black"]}}
        )
        imported = import_texts(path, ["owl", "emu"])
        assert imported.pairs
        assert [text.key[:2] for text in imported.pairs.texts] == [("emu", "owl")]
        assert imported.pairs.class_names == imported.texts.class_names == ("owl", "emu")

    @pytest.mark.parametrize(("count", "taken"), [(2, True), (1, False)])
    def test_half_of_the_classes_are_needed(self, save: Save, count: int, taken: bool) -> None:
        path = save("birds.json", {name: ["wings"] for name in ["owl", "emu"][:count]})
        names = ["owl", "emu", "swan", "goose"]
        if taken:
            assert len(import_texts(path, names).matching.found) == 2
            return
        with pytest.raises(InvalidInputError) as caught:
            import_texts(path, names)
        assert str(caught.value) == (
            f"'{path}' must have at least half of the 4 classes, but it has 1: it lacks 'emu', 'swan', "
            "'goose'; take it all the same as partial (--partial)"
        )
        assert len(import_texts(path, names, partial=True).matching.found) == 1

    def test_a_file_without_any_of_the_classes_is_refused_even_in_part(self, save: Save) -> None:
        path = save("birds.json", {"emu": ["long legs"]})
        with pytest.raises(
            InvalidInputError, match="but it has 0: it lacks 'cat', and besides it has 'emu'; name an"
        ):
            import_texts(path, ["cat"], partial=True)

    def test_a_class_with_an_empty_list_is_found_and_silent(self, save: Save) -> None:
        imported = import_texts(save("birds.json", {"emu": ["long legs"], "Owl": []}), ["owl", "emu"])
        assert imported.matching.missing == ()
        assert imported.silent == ("owl",)

    def test_a_file_that_says_nothing_about_the_classes_that_it_has_is_refused(self, save: Save) -> None:
        path = save("birds.json", {"emu": [], "owl": ["eyes"]})
        with pytest.raises(
            InvalidInputError, match="must say something about the classes that it has, but it lists"
        ):
            import_texts(path, ["emu"])

    def test_names_that_are_no_names_are_refused_before_the_file_is_read(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInputError, match="named once"):
            import_texts(tmp_path / "none.json", ["cat", "Cat"])


class TestBanks:
    BANK = TextBank.from_names(["emu", "owl"], "an image of {}").merge(
        TextBank.from_texts(
            {"emu": {"synonym": ["Dromaius"]}}, source=Source("llm", "m", "synonym-1", "2026-01-01")
        )
    )

    def test_a_bank_keeps_its_texts_and_their_sources(self, tmp_path: Path) -> None:
        self.BANK.save(tmp_path / "bank.json")
        imported = import_texts(tmp_path / "bank.json")
        assert imported.texts == self.BANK
        assert imported.format == "bank"

    def test_a_bank_for_other_classes(self, tmp_path: Path) -> None:
        self.BANK.save(tmp_path / "bank.json")
        imported = import_texts(tmp_path / "bank.json", ["crow", "Emu"])
        assert texts(imported) == [
            ("crow", "name", "a photo of a crow"),
            ("Emu", "name", "an image of emu"),
            ("Emu", "synonym", "Dromaius"),
        ]

    def test_a_bank_of_pairs(self, tmp_path: Path) -> None:
        bank = PairBank.from_texts({"emu": {"owl": ["an emu runs"]}}, ["owl", "emu", "crow"], source="llm")
        bank.save(tmp_path / "pairs.json")
        imported = import_texts(tmp_path / "pairs.json")
        assert imported.pairs == bank
        assert [kind for _, kind, _ in texts(imported)] == ["name"] * 3

    def test_what_only_says_that_it_is_a_bank_is_refused(self, save: Save) -> None:
        with pytest.raises(
            InvalidInputError, match="'clipcoder/text-bank' or 'clipcoder/pair-bank', but it has"
        ):
            import_texts(save("bank.json", {"format": "another/bank", "version": 1}))
        with pytest.raises(InvalidInputError, match="version"):
            import_texts(save("bank.json", {"format": "clipcoder/text-bank", "version": 99, "classes": []}))


class TestFormats:
    @pytest.mark.parametrize("name", ["lists.json", "lists", "lists.txt"])
    def test_json_is_known_by_its_suffix_or_its_first_letter(self, save: Save, name: str) -> None:
        assert import_texts(save(name, {"emu": ["long legs"]})).format == "dclip"
        records = save(name, [{"name": "emu", "syno": ["Dromaius"]}])
        assert import_texts(records).format == "reference"

    @pytest.mark.parametrize("name", ["table.csv", "table.tsv", "table.txt", "table"])
    def test_all_other_text_is_a_table(self, save: Save, name: str) -> None:
        assert import_texts(save(name, "class\ttext\nemu\tlong legs\n")).format == "csv"

    @pytest.mark.parametrize(("name", "protocol"), [("zoo.pkl", 0), ("zoo.PICKLE", 0), ("zoo", 2)])
    def test_a_pickle_is_known_by_its_suffix_or_its_first_byte(
        self, tmp_path: Path, name: str, protocol: int
    ) -> None:
        folder = tmp_path / "attribute"
        folder.mkdir()
        (folder / name).write_bytes(pickle.dumps({"emu": ["long legs"]}, protocol))
        assert import_texts(folder / name).format == "reference"

    def test_synonyms_and_pairs_are_known_by_their_structure(self, save: Save) -> None:
        pairs = import_texts(save("pairs.json", {"emu": {"owl": ["long legs"]}}))
        synonyms = import_texts(
            save("syno.json", [{"syno": ["Dromaius"]}]), names_file=save("names.txt", "emu\n")
        )
        assert pairs.format == synonyms.format == "reference"
        assert texts(synonyms)[1] == ("emu", "synonym", "a photo of a Dromaius")

    def test_lists_by_name_in_a_folder_of_knowledge_are_what_the_folder_says(self, save: Save) -> None:
        imported = import_texts(save("synonym/zoo.json", {"emu": ["Dromaius"]}))
        assert imported.format == "reference"
        assert texts(imported)[1] == ("emu", "synonym", "a photo of a Dromaius")

    def test_phrases_that_make_the_same_sentence_make_it_once(self, save: Save) -> None:
        same = ["long legs", "long_legs"]
        imported = import_texts(
            save("pairs.csv", f"class,snippet,other\nemu,{same[0]},owl\nemu,{same[1]},owl")
        )
        assert imported.pairs is not None
        assert len(imported.pairs) == 1
        assert len(import_texts(save("zoo.json", {"emu": same})).texts.keep("attribute")) == 1

    def test_a_folder_is_knowledge_of_a_data_set(self, save: Save, tmp_path: Path) -> None:
        save("know/synonym/zoo.json", {"emu": ["Dromaius"]})
        save("know/synonym/farm.json", {"cow": ["Bos taurus"]})
        assert import_texts(tmp_path / "know", dataset="farm").texts.class_names == ("cow",)

    @pytest.mark.parametrize(("format_name", "ready"), [("dclip", False), ("cupl", True)])
    def test_a_format_that_is_named_is_not_doubted(self, save: Save, format_name: str, ready: bool) -> None:
        imported = import_texts(save("texts.json", {"emu": ["long legs"]}), format=format_name)
        assert (imported.format, imported.ready) == (format_name, ready)

    @pytest.mark.parametrize("format_name", FORMATS)
    def test_a_file_of_another_format_than_it_is_said_to_be_is_refused(
        self, save: Save, format_name: str
    ) -> None:
        others = {"csv": '{"emu": ["long legs"]}', "bank": '{"emu": ["long legs"]}'}
        path = save("file.json", others.get(format_name, "class,text\nemu,long legs\n"))
        with pytest.raises(InvalidInputError, match=r"file\.json"):
            import_texts(path, format=format_name)

    def test_a_file_that_is_called_json_is_read_as_such(self, save: Save) -> None:
        with pytest.raises(InvalidInputError, match=r"LISTS\.JSON' is no JSON that can be read"):
            import_texts(save("LISTS.JSON", "class,text\nemu,long legs\n"))

    @pytest.mark.parametrize("format_name", ["dclip", "cupl", "csv", "bank"])
    def test_a_folder_is_none_of_the_formats_of_files(self, tmp_path: Path, format_name: str) -> None:
        (tmp_path / "attribute").mkdir()
        (tmp_path / "attribute" / "zoo.json").write_text('{"emu": ["legs"]}')
        assert import_texts(tmp_path).format == "reference"
        with pytest.raises(InvalidInputError, match="is a directory"):
            import_texts(tmp_path, format=format_name)

    def test_an_unknown_format_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownNameError, match="unknown format 'cpl': did you mean 'cupl'"):
            import_texts(tmp_path, format="cpl")


class TestFiles:
    @pytest.mark.parametrize("content", [{}, {"emu": []}, {"emu": None}, {"emu": ["", None]}, []])
    def test_a_file_without_texts_is_refused(self, save: Save, content: Any) -> None:
        with pytest.raises(InvalidInputError) as caught:
            import_texts(save("empty.json", content))
        assert "must" in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_what_was_left_out_is_counted(self, save: Save) -> None:
        imported = import_texts(save("birds.json", {"emu": ["long legs", "long legs", " ", 3]}))
        assert imported.dropped == {"given twice": 1, "blank": 1, "no text": 1}

    def test_a_class_that_stands_twice_in_a_file_has_the_texts_of_both(self, save: Save) -> None:
        imported = import_texts(
            save("birds.json", '{"emu": ["long legs"], "emu": ["brown"], "Emu": ["big"]}')
        )
        assert imported.texts.class_names == ("emu",)
        assert len(imported.texts) == 4

    @pytest.mark.parametrize("name", ["binary.json", "binary.csv", "binary.pkl", "binary"])
    def test_binary_files_are_refused(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        path.write_bytes(bytes(range(255, -1, -1)))
        with pytest.raises(InvalidInputError, match=r"binary"):
            import_texts(path)


@given(
    document=st.recursive(
        st.none() | st.integers() | st.text(max_size=8) | st.sampled_from(["An emu.", "legs"]),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["emu", "owl", "syno", "Emu", ""]), inner)
        ),
        max_leaves=12,
    ),
    format_name=st.sampled_from(("auto", *FORMATS)),
    suffix=st.sampled_from((".json", ".pkl", ".csv")),
)
def test_no_document_raises_anything_but_one_sentence(
    folder: Path, document: Any, format_name: str, suffix: str
) -> None:
    path = folder / f"any{suffix}"
    path.write_bytes(pickle.dumps(document) if suffix == ".pkl" else json.dumps(document).encode())
    try:
        imported = import_texts(path, ["emu", "owl"], format=format_name, partial=True)
    except ClipcoderError as error:
        assert "\n" not in str(error)
        return
    assert imported.texts.class_names == ("emu", "owl")
    assert set(imported.texts.keep("name").text_class) == {0, 1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that says that its files are of CODER's authors, unless they say otherwise."""
    return tmp_path_factory.mktemp("attribute", numbered=False)


class TestSharedFiles:
    @pytest.fixture
    def caltech(self, shared_data: Path) -> list[str]:
        split = json.loads((shared_data / "caltech-101" / "split_zhou_Caltech101.json").read_text())
        return sorted({name for _, _, name in split["train"]})

    def test_cupl_for_caltech_lacks_eight_classes(self, shared_data: Path, caltech: list[str]) -> None:
        imported = import_texts(shared_data / "texts" / "cupl" / "caltech101.json", caltech)
        expected = "car_side cougar_body cougar_face crocodile_head face flamingo_head snoopy yin_yang"
        assert imported.matching.missing == tuple(expected.split())
        assert not imported.matching.ambiguous
        assert len(imported.matching.found) == 92
        assert imported.texts.class_names == tuple(caltech)
        assert all(
            len(entries) > 15 for name, entries in imported.texts.by_class.items() if name not in expected
        )

    @pytest.mark.parametrize("file", ["cupl/cifar10.json", "dclip/descriptors_pets.json"])
    def test_files_for_other_classes_are_refused(
        self, shared_data: Path, caltech: list[str], file: str
    ) -> None:
        with pytest.raises(InvalidInputError, match=r"at least half of the 100 classes, but it has [01]:"):
            import_texts(shared_data / "texts" / file, caltech)

    def test_dclip_for_imagenet_knows_some_of_caltech(self, shared_data: Path, caltech: list[str]) -> None:
        path = shared_data / "texts" / "dclip" / "descriptors_imagenet.json"
        imported = import_texts(path, caltech, partial=True)
        assert imported.matching.respelled == {"binocular": "binoculars"}
        assert len(imported.matching.found) == 27

    def test_every_file_can_be_imported_for_its_own_classes(self, shared_data: Path) -> None:
        for path in sorted((shared_data / "texts").glob("*/*.json")):
            imported = import_texts(path)
            count = len(imported.texts.class_names)
            assert imported.format == path.parent.name
            assert len(imported.matching.found) == count
            assert len(imported.texts.keep("name")) == count
            assert len(imported.texts) > 2 * count
