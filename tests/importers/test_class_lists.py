"""JSON of lists by class: phrases or sentences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clipcoder.errors import InvalidInputError
from clipcoder.importers.class_lists import read_class_lists

PATH = Path("birds.json")


@pytest.mark.parametrize(
    ("texts", "format_name", "ready"),
    [(["large eyes", "sharp beak"], "dclip", False), (["An owl has large eyes."], "cupl", True)],
)
def test_the_format_shows_in_the_texts(texts: list[str], format_name: str, ready: bool) -> None:
    content = read_class_lists({"owl": texts}, PATH)
    assert (content.format, content.ready) == (format_name, ready)
    assert {line.source.generator for line in content.lines} == {format_name}
    assert [line.text for line in content.lines] == texts


@pytest.mark.parametrize(("format_name", "ready"), [("dclip", False), ("cupl", True)])
@pytest.mark.parametrize("text", ["large eyes", "An owl has large eyes."])
def test_a_format_that_is_named_is_not_doubted(text: str, format_name: str, ready: bool) -> None:
    content = read_class_lists({"owl": [text]}, PATH, format_name)
    assert (content.format, content.ready) == (format_name, ready)


def test_a_class_may_have_no_texts() -> None:
    content = read_class_lists({"owl": None, "emu": [], "crow": ["black"]}, PATH)
    assert content.classes == ("owl", "emu", "crow")
    assert len(content.lines) == 1


@pytest.mark.parametrize(
    ("document", "came"),
    [
        ([], "it holds a list"),
        (None, "it holds null"),
        ("owl", "it holds one text"),
        (True, "it holds true or false"),
        (1.5, "it holds a number"),
        ({"owl": "large eyes"}, "'owl' has one text"),
        ({"owl": {"eyes": ["large"]}}, "'owl' has an object"),
    ],
)
def test_another_structure_is_refused(document: Any, came: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_class_lists(document, PATH)
    assert str(caught.value) == f"'birds.json' must map each class to a list of texts, but {came}"


def test_published_descriptors_are_phrases(shared_data: Path) -> None:
    files = sorted((shared_data / "texts" / "dclip").glob("*.json"))
    assert len(files) == 10
    for file in files:
        assert read_class_lists(json.loads(file.read_text()), file).format == "dclip", file


def test_published_sentences_are_sentences(shared_data: Path) -> None:
    files = sorted((shared_data / "texts" / "cupl").glob("*.json"))
    assert len(files) == 2
    for file in files:
        assert read_class_lists(json.loads(file.read_text()), file).format == "cupl", file
