from __future__ import annotations

from pathlib import Path

import pytest

from clipcoder.data.sources.files_named import braces, common_folder, files_named, is_there
from clipcoder.errors import InvalidInputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("train-00.tar", "train-01.tar", "val-00.tar", "odd{1,2}.tar"):
        (tmp_path / name).touch()
    (tmp_path / "sub.tar").mkdir()
    return tmp_path


def names(pattern: Path) -> list[str]:
    return [file.name for file in files_named(str(pattern))]


def test_braces_and_globs_name_files_in_one_order_each_once(folder: Path) -> None:
    assert names(folder / "{val,train}-{00..00}.tar") == ["train-00.tar", "val-00.tar"]
    assert names(folder / "{train-*,train-0?}.tar") == ["train-00.tar", "train-01.tar"]
    assert names(folder / "train-{01..00}.tar") == ["train-00.tar", "train-01.tar"]


def test_a_file_that_is_there_is_no_pattern(folder: Path) -> None:
    assert names(folder / "odd{1,2}.tar") == ["odd{1,2}.tar"]
    assert is_there(str(folder / "odd{1,2}.tar"))


def test_a_file_that_braces_name_must_be_there(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"there is no file '.*train-02.tar', which '.*' names"):
        files_named(str(folder / "train-{00..03}.tar"))


def test_nothing_is_there_for_a_pattern_that_fits_nothing(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match="no file is named by"):
        files_named(str(folder / "sub*"))  # a folder
    assert not is_there(str(folder / "absent*"))
    assert is_there(str(folder / "{absent,val}-00.tar"))


@pytest.mark.parametrize("pattern", ["{0..100000}", "{0..999}{0..999}"])
def test_braces_that_would_fill_the_memory_are_refused(pattern: str) -> None:
    with pytest.raises(InvalidInputError, match="more than 100,000 files"):
        braces(pattern)


def test_braces_can_lie_in_braces() -> None:
    assert sorted(braces("a{b{1,2},c}")) == ["ab1", "ab2", "ac", "ac"]


def test_keys_begin_in_the_deepest_folder_that_files_share(folder: Path) -> None:
    assert common_folder([folder / "train-00.tar"]) == folder
    assert common_folder([folder / "a" / "b" / "0.tar", folder / "a" / "0.tar"]) == folder / "a"
