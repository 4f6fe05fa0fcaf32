"""Banks on disk: written whole or not at all, read strictly, told apart by their format."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from clipcoder.bank import PairBank, TextBank
from clipcoder.bank.documents import PAIR_BANK, TEXT_BANK
from clipcoder.bank.files import fields, stored_format
from clipcoder.errors import InvalidInputError
from clipcoder.source import Source


def either(path: Path) -> str:
    return stored_format(path, [TEXT_BANK, PAIR_BANK])


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A bank that was saved before."""
    path = tmp_path / "bank.json"
    path.write_text("old")
    return path


def test_a_disk_that_is_full_leaves_the_old_file_and_nothing_else(old: Path, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InvalidInputError, match=r"cannot write .*bank.json: No space left on device"):
        TextBank.from_names(["cat"]).save(old)
    assert old.read_text() == "old"
    assert [p.name for p in old.parent.iterdir()] == ["bank.json"]


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for place in ("", ".", "/", tmp_path / "folder"):
        with pytest.raises(InvalidInputError, match=r"cannot write .*; name a folder that takes files"):
            TextBank.from_names(["cat"]).save(place)
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_the_format_says_what_sort_of_bank_it_is(tmp_path: Path) -> None:
    for bank, expected in ((TextBank.from_names(["cat"]), TEXT_BANK), (PairBank(("cat",), ()), PAIR_BANK)):
        bank.save(tmp_path / "bank.json")
        assert either(tmp_path / "bank.json") == expected


@pytest.mark.parametrize(
    ("content", "came"),
    [
        ({}, "the format 'clipcoder/text-bank' or 'clipcoder/pair-bank', but it has None"),
        ({"format": ["clipcoder/text-bank"]}, r"but it has \['clipcoder/text-bank'\]"),
        ("bank", "but it has None"),
    ],
)
def test_what_is_no_bank_has_no_format(content: object, came: str, tmp_path: Path) -> None:
    (tmp_path / "bank.json").write_text(json.dumps(content))
    with pytest.raises(InvalidInputError, match=came):
        either(tmp_path / "bank.json")


@pytest.mark.parametrize("load", [TextBank.load, PairBank.load, either])
def test_a_field_that_stands_twice_is_not_dropped_without_a_word(load, tmp_path: Path) -> None:
    path = tmp_path / "bank.json"
    path.write_text('{"format": "clipcoder/text-bank", "classes": [{"name": "a", "texts": [], "texts": []}]}')
    with pytest.raises(InvalidInputError, match=r"bank.json must be .* but the field 'texts' stands twice"):
        load(path)


def test_a_file_from_windows_is_read(tmp_path: Path) -> None:
    bank = TextBank.from_names(["café"])
    bank.save(tmp_path / "bank.json")
    text = (tmp_path / "bank.json").read_text(encoding="utf-8")
    (tmp_path / "edited.json").write_text(text, encoding="utf-8-sig", newline="\r\n")
    assert TextBank.load(tmp_path / "edited.json") == bank


def test_every_letter_can_be_read_in_the_file(tmp_path: Path) -> None:
    source = Source("épagneul", "modèle")
    TextBank.from_texts({"café": ["crème brûlée"]}, source=source).save(tmp_path / "bank.json")
    text = (tmp_path / "bank.json").read_text(encoding="utf-8")
    assert "\\u" not in text
    assert '"épagneul-1": {"generator": "épagneul", "model": "modèle"}' in text


def test_an_object_without_fields_is_told_so() -> None:
    with pytest.raises(InvalidInputError, match="with the fields text, but it has none"):
        fields({}, "texts[0]", text=str)
