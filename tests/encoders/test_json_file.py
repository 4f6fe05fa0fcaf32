"""Settings from a file: what is there is checked, what is not there has a default or is missed by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from clipcoder.encoders.json_file import JsonFile, is_count
from clipcoder.errors import InvalidInputError

SETTINGS = JsonFile(Path("config.json"), {"text_cfg": {"width": 3, "heads": None}, "depth": "deep"})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=rf"cannot read '{tmp_path}': is a directory"):
        JsonFile.read(tmp_path)


def test_a_null_stands_for_the_default_like_an_absent_key() -> None:
    section = SETTINGS.section("text_cfg")
    found = [section.value(key, is_count, "a number", default=7) for key in ("width", "heads", "layers")]
    assert found == [3, 7, 7]


def test_a_required_value_is_missed_by_name() -> None:
    with pytest.raises(InvalidInputError, match=r"'config\.json' lacks 'heads', which must be a number"):
        SETTINGS.section("text_cfg").value("heads", is_count, "a number")


def test_another_value_is_quoted() -> None:
    with pytest.raises(InvalidInputError, match=r"'depth' in 'config\.json' must be a number, got \"deep\""):
        SETTINGS.value("depth", is_count, "a number", default=1)


def test_a_section_must_be_an_object() -> None:
    with pytest.raises(InvalidInputError, match=r"'depth' .* must be an object"):
        SETTINGS.section("depth")
