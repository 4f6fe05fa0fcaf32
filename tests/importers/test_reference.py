"""The folder of knowledge that CODER's authors publish: lists by position, which only names make useful."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.importers.content import Content
from clipcoder.importers.reference import read_reference

CLASSES = ["Black_Bear", "sea horse", "emu"]
ATTRIBUTES = [["black fur", "a large body"], None, ["long legs"]]
ANALOGUES = [["grizzly"], ["seadragon"], []]
SYNONYMS = [{"syno": ["Ursus_americanus"]}, {"syno": []}, {"syno": None}]
PAIRS = {
    "Black_Bear": {"emu": ["has fur"]},
    "emu": {"black bear": ["has feathers"], "sea horse": []},
    "sea horse": None,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Knowledge about one data set, with the class names where the authors' code looks for them."""
    folder = tmp_path / "expert_knowledge"
    write(folder / "attribute" / "zoo.pkl", ATTRIBUTES)
    write(folder / "simile_class" / "zoo.pkl", ANALOGUES)
    write(folder / "synonym" / "zoo.json", SYNONYMS)
    write(folder / "ovo_attribute" / "zoo.json", PAIRS)
    write(tmp_path / "datasets" / "class_name" / "zoo.txt", "\n".join(CLASSES))
    return folder


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".txt":
        path.write_text(content, encoding="utf-8")
    elif path.suffix == ".json":
        path.write_text(json.dumps(content), encoding="utf-8")
    else:
        path.write_bytes(pickle.dumps(content))
    return path


def said(content: Content) -> set[tuple[str, str, str, str]]:
    return {(line.class_name, line.text, line.kind, line.other) for line in content.lines}


EVERYTHING = {
    ("Black_Bear", "black fur", "attribute", ""),
    ("Black_Bear", "a large body", "attribute", ""),
    ("emu", "long legs", "attribute", ""),
    ("Black_Bear", "grizzly", "analogue", ""),
    ("sea horse", "seadragon", "analogue", ""),
    ("Black_Bear", "Ursus_americanus", "synonym", ""),
    ("Black_Bear", "has fur", "one_to_one", "emu"),
    ("emu", "has feathers", "one_to_one", "Black_Bear"),
}


def test_all_four_kinds_by_the_names_of_the_classes(folder: Path) -> None:
    content = read_reference(folder)
    assert said(content) == EVERYTHING
    assert content.classes == tuple(CLASSES)
    assert not content.ready
    assert {line.source.generator for line in content.lines} == {"reference"}


@pytest.mark.parametrize(
    "place", ["expert_knowledge/class_name", "class_name", "datasets/class_name", "elsewhere"]
)
def test_names_are_found_in_the_folder_or_beside_it_or_named(
    folder: Path, tmp_path: Path, place: str
) -> None:
    names = tmp_path / "datasets" / "class_name" / "zoo.txt"
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    target = names.rename(tmp_path / place / "zoo.txt")
    assert said(read_reference(folder, None, target if place == "elsewhere" else None)) == EVERYTHING


def test_named_names_go_before_those_beside(folder: Path, tmp_path: Path) -> None:
    names = write(tmp_path / "mine.txt", "bear\r\n \r\nseahorse\r\nemu\r\n\r\n")
    assert read_reference(folder, None, names).classes[:3] == ("bear", "seahorse", "emu")


@pytest.mark.parametrize("kind", ["attribute", "simile_class", "synonym", "ovo_attribute"])
def test_a_single_file_is_what_its_folder_says(folder: Path, kind: str) -> None:
    (file,) = (folder / kind).iterdir()
    kinds = {"simile_class": "analogue", "ovo_attribute": "one_to_one"}
    assert said(read_reference(file)) == {line for line in EVERYTHING if line[2] == kinds.get(kind, kind)}


def test_a_single_file_elsewhere_is_what_its_structure_says(folder: Path, tmp_path: Path) -> None:
    names = tmp_path / "datasets" / "class_name" / "zoo.txt"
    pairs = read_reference(write(tmp_path / "a.json", PAIRS))
    synonyms = read_reference(write(tmp_path / "b.json", SYNONYMS), None, names)
    assert {line.kind for line in pairs.lines} == {"one_to_one"}
    assert {line.kind for line in synonyms.lines} == {"synonym"}


@pytest.mark.parametrize("content", [ATTRIBUTES, {"emu": ["long legs"]}])
def test_a_pickle_elsewhere_could_be_anything(tmp_path: Path, content: Any) -> None:
    with pytest.raises(
        InvalidInputError, match="must lie in a folder that says what is in it: attribute, simile_cl"
    ):
        read_reference(write(tmp_path / "zoo.pkl", content))


def test_files_by_name_need_no_names(tmp_path: Path) -> None:
    write(tmp_path / "attribute" / "zoo.pkl", dict(zip(CLASSES, ATTRIBUTES, strict=True)))
    write(tmp_path / "synonym" / "zoo.json", {"emu": ["Dromaius"]})
    content = read_reference(tmp_path)
    assert ("emu", "Dromaius", "synonym", "") in said(content)
    assert ("emu", "long legs", "attribute", "") in said(content)


def test_pairs_name_their_classes_even_where_nothing_tells_them_apart(tmp_path: Path) -> None:
    file = write(tmp_path / "ovo_attribute" / "zoo.json", {"emu": {"owl": [], "crow": None}, "jay": None})
    assert read_reference(file).classes == ("emu", "owl", "crow", "jay")


@pytest.mark.parametrize("backwards", [False, True])
def test_files_are_read_in_the_same_order_on_every_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backwards: bool
) -> None:
    for suffix, name in ((".json", "emu"), (".pickle", "owl"), (".pkl", "jay")):
        write(tmp_path / "attribute" / f"zoo{suffix}", {name: ["feathers"]})
    listed = sorted(tmp_path.joinpath("attribute").iterdir(), reverse=backwards)
    monkeypatch.setattr(Path, "iterdir", lambda _: iter(listed))
    assert read_reference(tmp_path).classes == ("emu", "owl", "jay")


@pytest.mark.parametrize("field", ["class_name", "class", "name"])
def test_records_may_name_themselves(tmp_path: Path, field: str) -> None:
    records = [{field: name, **record} for name, record in zip(CLASSES, SYNONYMS, strict=True)]
    content = read_reference(write(tmp_path / "synonym" / "zoo.json", records))
    assert said(content) == {("Black_Bear", "Ursus_americanus", "synonym", "")}
    assert content.classes == tuple(CLASSES)


def test_records_that_share_a_name_do_not_name_themselves(tmp_path: Path) -> None:
    records = [{"name": "bear", **record} for record in SYNONYMS]
    with pytest.raises(InvalidInputError, match="names none"):
        read_reference(write(tmp_path / "synonym" / "zoo.json", records))


def test_lists_by_position_without_names_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "datasets" / "class_name" / "zoo.txt").unlink()
    with pytest.raises(
        InvalidInputError, match=r"zoo\.pkl' lists texts by the position of the class and names none"
    ):
        read_reference(folder)


@pytest.mark.parametrize("names", [CLASSES[:2], [*CLASSES, "okapi"]])
def test_another_number_of_names_is_refused(folder: Path, tmp_path: Path, names: list[str]) -> None:
    write(tmp_path / "datasets" / "class_name" / "zoo.txt", "\n".join(names))
    with pytest.raises(
        InvalidInputError, match=rf"lists texts for 3 classes by their position, but '.*' names {len(names)};"
    ):
        read_reference(folder)


def test_names_that_are_no_names_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot read"):
        read_reference(folder, None, tmp_path / "none.txt")
    with pytest.raises(InvalidInputError, match="named once"):
        read_reference(folder, None, write(tmp_path / "twice.txt", "emu\nEmu\nowl"))


def test_of_several_data_sets_one_is_chosen(folder: Path) -> None:
    write(folder / "attribute" / "farm.pkl", {"cow": ["horns"]})
    with pytest.raises(
        InvalidInputError, match=r"several data sets; choose one as dataset \(--dataset\): farm, zoo"
    ):
        read_reference(folder)
    assert read_reference(folder, "farm").classes == ("cow",)
    assert said(read_reference(folder, "zoo")) == EVERYTHING
    for path in (folder, folder / "attribute" / "zoo.pkl"):
        with pytest.raises(UnknownNameError, match="unknown data set 'zo': did you mean 'zoo'"):
            read_reference(path, "zo")


def test_a_folder_of_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "attribute" / "more.pkl").mkdir(parents=True)
    (tmp_path / "attribute" / "notes.md").write_text("no knowledge")
    with pytest.raises(
        InvalidInputError, match="must have some of the subfolders attribute, simile_class, synonym"
    ):
        read_reference(tmp_path)


def test_a_folder_may_be_the_one_we_are_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert said(read_reference(Path())) == EVERYTHING


def test_a_folder_may_be_named_from_within(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "attribute")
    assert said(read_reference(Path(".."))) == EVERYTHING
    assert said(read_reference(Path("../synonym/../attribute/zoo.pkl"))) < EVERYTHING


def test_a_folder_may_be_linked_beside_the_names(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "large disk").mkdir()
    folder.symlink_to(folder.rename(tmp_path / "large disk" / "moved"))
    assert said(read_reference(folder)) == EVERYTHING


def test_files_from_other_systems_are_known_and_what_macos_hides_beside_them_is_none(folder: Path) -> None:
    (folder / "attribute" / "._zoo.pkl").write_bytes(b"\0\5\x16\7")
    (folder / "attribute" / "zoo.pkl").rename(folder / "attribute" / "zoo.PKL")
    assert said(read_reference(folder)) == EVERYTHING


def test_a_folder_that_may_not_be_looked_into_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", denied)
    with pytest.raises(InvalidInputError, match=r"cannot look into '.*': permission denied"):
        read_reference(folder)


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        (
            "attribute/zoo.pkl",
            ["fur", "snout", "legs"],
            "must have a list of texts for each class, but 'Black_Bear' has",
        ),
        ("attribute/zoo.pkl", "fur", "must map each class to a list of texts, but it holds one text"),
        (
            "synonym/zoo.json",
            [{"syno": []}, {"syno": "bear"}, {"syno": None}],
            "must have a list of texts for each class, but 'sea horse'",
        ),
        (
            "synonym/zoo.json",
            [{"synonyms": ["bear"]}, {"synonyms": []}, {"synonyms": []}],
            "must have a list of texts for each class, but 'Black_Bear' has an object",
        ),
        (
            "ovo_attribute/zoo.json",
            [["fur"]],
            "must map each class to others and their texts, but it holds a list",
        ),
        (
            "ovo_attribute/zoo.json",
            {"emu": ["fur"]},
            "must map each class to a list of texts, but it holds a list",
        ),
        ("ovo_attribute/zoo.json", {"emu": {"": ["fur"]}}, "must not be blank"),
    ],
)
def test_other_structures_are_refused(folder: Path, file: str, content: Any, sentence: str) -> None:
    write(folder / file, content)
    with pytest.raises(InvalidInputError, match=sentence) as caught:
        read_reference(folder)
    assert "\n" not in str(caught.value)


def test_what_is_no_text_is_left_out_and_counted(folder: Path) -> None:
    write(folder / "attribute" / "zoo.pkl", [["fur", "", 3, "fur"], [["snout"]], []])
    dropped = read_reference(folder).dropped
    assert dropped == {"blank": 1, "no text": 2, "given twice": 1}
