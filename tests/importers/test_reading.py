"""Files as they are found: whatever cannot be read is one sentence that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from clipcoder.errors import InvalidInputError
from clipcoder.importers import reading
from clipcoder.importers.reading import as_json, as_text, read_bytes

PATH = Path("texts.json")


def refused(content: bytes) -> str:
    with pytest.raises(InvalidInputError) as caught:
        as_json(content, PATH)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_and_an_absent_file_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"cannot read '.*': is a directory"):
        read_bytes(tmp_path)
    with pytest.raises(InvalidInputError, match=r"cannot read '.*none\.json': no such file"):
        read_bytes(tmp_path / "none.json")


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    monkeypatch.setattr(reading, "MOST_BYTES", 1 << 20)
    with pytest.raises(InvalidInputError, match="may have 1 MiB, but"):
        read_bytes(path)
    path.write_bytes(b"x" * (1 << 20))
    assert len(read_bytes(path)) == 1 << 20


def test_text_is_utf_8_with_or_without_its_mark() -> None:
    assert as_text("café".encode(), PATH) == as_text("café".encode("utf-8-sig"), PATH) == "café"


def test_other_encodings_and_binary_files_are_refused() -> None:
    with pytest.raises(
        InvalidInputError, match=r"'texts\.json' must be text in UTF-8, but its byte 4 is not"
    ):
        as_text("café".encode("latin-1"), PATH)
    assert "UTF-8" in refused("{}".encode("utf-16"))


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[" * 200_000, b'{"a": 1}{', b"cat,dog", b"[" + b"9" * 5000 + b"]"]
)
def test_what_is_no_json_is_refused(content: bytes) -> None:
    assert refused(content).startswith("'texts.json' is no JSON that can be read: ")


def test_lists_of_a_class_that_stands_twice_are_joined() -> None:
    document = b'{"a": ["1"], "b": ["2"], "a": ["3"], "a": null, "b": ["4"]}'
    assert as_json(document, PATH) == {"a": ["1", "3"], "b": ["2", "4"]}


def test_objects_of_a_class_that_stands_twice_are_joined() -> None:
    document = b'{"a": {"b": ["1"]}, "a": {"c": ["2"], "b": ["3"]}, "d": null, "d": ["4"]}'
    assert as_json(document, PATH) == {"a": {"b": ["1", "3"], "c": ["2"]}, "d": ["4"]}


@pytest.mark.parametrize(
    "content", [b'{"a": ["1"], "a": "2"}', b'{"a": {"b": []}, "a": []}', b'{"a": 1, "a": 2}']
)
def test_other_things_that_stand_twice_are_refused(content: bytes) -> None:
    assert "it has 'a' twice" in refused(content)


def test_joining_takes_no_more_than_reading() -> None:
    """Each list and object grows in place; copies of what is there would make this one take minutes."""
    lists = as_json(b"{" + b",".join([b'"a":[1]'] * 100_000) + b"}", PATH)
    objects = as_json(b"{" + b",".join(b'"a":{"%d":[]}' % i for i in range(100_000)) + b"}", PATH)
    assert (len(lists["a"]), len(objects["a"])) == (100_000, 100_000)
