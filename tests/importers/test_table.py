"""Tables of class and text as spreadsheets save them; a bad row is told by its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.errors import InvalidInputError
from clipcoder.importers.content import Content
from clipcoder.importers.table import read_table

PATH = Path("birds.csv")


def read(*lines: str) -> Content:
    return read_table("\n".join(lines), PATH)


def refused(*lines: str) -> str:
    with pytest.raises(InvalidInputError) as caught:
        read(*lines)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_and_ends_of_lines_are_those_of_the_file(delimiter: str, line_end: str) -> None:
    rows = [
        ["Class", " TEXT ", "note"],
        ["owl", f'"large{delimiter} round eyes"', "x"],
        ["emu", "long legs", ""],
    ]
    content = read_table(line_end.join(delimiter.join(row) for row in rows), PATH)
    assert [line[:3] for line in content.lines] == [
        ("owl", " ".join(f"large{delimiter} round eyes".split()), "attribute"),
        ("emu", "long legs", "attribute"),
    ]
    assert content.format == "csv"


def test_quoted_headers_and_texts_over_several_lines() -> None:
    content = read('"class";"text"', '"owl";"large', 'eyes, ""round"""')
    assert [line.text for line in content.lines] == ['large eyes, "round"']


def test_kinds_in_any_spelling_and_pairs() -> None:
    content = read(
        "text,class,kind,other",
        "a photo of an owl,owl,Name,",
        "an owl at night,owl,,",
        "similar to a hawk,owl,analogue,",
        "darker than a swan,crow,One-to-one,swan",
        "lighter than a crow,swan,,crow",
    )
    assert [(line.class_name, line.kind, line.other) for line in content.lines] == [
        ("owl", "name", ""),
        ("owl", "attribute", ""),
        ("owl", "analogue", ""),
        ("crow", "one_to_one", "swan"),
        ("swan", "one_to_one", "crow"),
    ]


@pytest.mark.parametrize(
    ("column", "text", "ready"),
    [
        ("text", "An owl has large eyes.", True),
        ("text", "large eyes", False),
        ("sentence", "large eyes", True),
        ("snippet", "An owl has large eyes.", False),
    ],
)
def test_the_column_or_else_the_look_tells_sentences_from_phrases(
    column: str, text: str, ready: bool
) -> None:
    content = read(f"class,{column}", f"owl,{text}")
    assert content.ready is ready
    assert content.lines[0].text == text


def test_blank_rows_are_passed_over_and_blank_texts_counted() -> None:
    content = read("class,text", "", " , ", "owl,", "owl,large eyes", "owl,large eyes", "")
    assert len(content.lines) == 1
    assert content.dropped == {"blank": 1, "given twice": 1}


@pytest.mark.parametrize(
    "header",
    [
        "",
        "owl,large eyes",
        "class",
        "class,kind",
        "text,other",
        "class,text,text",
        "class,text,class",
        "class,text,kind,kind",
        "class,text,sentence",
        '"class,text',
    ],
)
def test_a_table_needs_a_header(header: str) -> None:
    assert refused(header, "owl,large eyes").startswith(
        "the first line of 'birds.csv' must name the columns class and text (or sentence, or snippet), and "
        f"may name kind and other, each once, with commas, semicolons or tabs between, but it is {header!r}"
    )


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            "owl,large,eyes,,",
            "must have 4 cells as the first one does, but it has 5; put a text with a comma in it",
        ),
        ("owl", "must have 4 cells as the first one does, but it has 1"),
        (",large eyes,,", "must name a class, but that cell is blank"),
        (
            "owl,large eyes,looks,",
            "must have a kind among name, synonym, attribute, analogue, one_to_one, but",
        ),
        ("owl,large eyes,attribute,emu", "must name another class exactly where its kind is one_to_one"),
        ("owl,large eyes,one_to_one,", "must name another class exactly where its kind is one_to_one"),
    ],
)
def test_a_bad_row_is_told_by_its_line(row: str, sentence: str) -> None:
    assert refused("class,text,kind,other", 'emu,"long', 'legs",,', row).startswith(
        f"line 4 of 'birds.csv' {sentence}"
    )


@pytest.mark.parametrize("row", ['owl,"large" eyes', 'owl,"large eyes', "owl," + "x" * 200_000])
def test_what_is_no_csv_is_told_by_its_line(row: str) -> None:
    assert refused("class,text", "emu,long legs", row).startswith("line 3 of 'birds.csv' cannot be read: ")


@given(st.text(alphabet='cal,s;\t"\n\r texowl\0é', max_size=80))
def test_no_table_raises_anything_else(text: str) -> None:
    for content in (text, f"class,text\n{text}"):
        try:
            read_table(content, PATH)
        except InvalidInputError as error:
            assert "\n" not in str(error)
