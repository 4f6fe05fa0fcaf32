"""Where the caches are."""

from __future__ import annotations

from pathlib import Path

import pytest

from clipcoder.paths import CACHE_VARIABLE, cache_folder


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("/somewhere/else", "/somewhere/else"),
        ("~/kept", "HOME/kept"),
        ("kept", "HERE/kept"),
        ("~no such person/kept", "HERE/~no such person/kept"),
    ],
)
def test_the_variable_names_the_folder(
    named: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv(CACHE_VARIABLE, named)
    monkeypatch.chdir(tmp_path)
    places = expected.replace("HOME", str(tmp_path / "home")).replace("HERE", str(tmp_path))
    assert cache_folder() == Path(places)


@pytest.mark.parametrize("empty", [True, False])
def test_without_it_the_system_says(empty: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CACHE_VARIABLE)
    if empty:
        monkeypatch.setenv(CACHE_VARIABLE, "")
    assert cache_folder().name == "clipcoder"
    assert cache_folder().is_absolute()
