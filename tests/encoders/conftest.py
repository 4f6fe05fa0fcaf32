"""No test of an encoder finds what another one left in a cache, or what somebody keeps there."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of this test, which is not there yet."""
    folder = tmp_path / "cache of this test"
    monkeypatch.setenv("CLIPCODER_CACHE", str(folder))
    return folder


@pytest.fixture
def unwritable_cache(cache: Path) -> Path:
    """A cache folder that cannot be made, whoever asks for it: a file is in its place."""
    cache.write_text("in the way")
    return cache
