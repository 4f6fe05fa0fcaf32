"""What every test may rely on: one Hypothesis profile everywhere, and the shared data where it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import settings

settings.register_profile("clipcoder", max_examples=30, deadline=None, derandomize=True)
settings.load_profile("clipcoder")

ROOT = Path(__file__).resolve().parents[1]


def _shared(folder: str) -> Path:
    """Return a shared folder or skip the test; CLIPCODER_DATA names ``data``, the others lie beside it."""
    data = Path(os.environ.get("CLIPCODER_DATA", ROOT.parent / "shared" / "data"))
    path = data if folder == "data" else data.parent / folder
    if not path.is_dir():
        pytest.skip(f"shared {folder} not found at {path}; set CLIPCODER_DATA to the folder of shared data")
    return path


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache folder of this test, not there yet: nobody finds what another one left or somebody keeps."""
    folder = tmp_path_factory.mktemp("own") / "cache"
    monkeypatch.setenv("CLIPCODER_CACHE", str(folder))
    return folder


@pytest.fixture
def unwritable_cache(cache: Path) -> Path:
    """A cache folder that cannot be made, whoever asks for it: a file is in its place."""
    cache.write_text("in the way")
    return cache


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real photos and texts to measure with."""
    return _shared("data")


@pytest.fixture(scope="session")
def golden() -> Mapping[str, npt.NDArray[np.generic]]:
    """What the published implementation computes from seeded random features, by name."""
    with np.load(_shared("golden") / "reference.npz", allow_pickle=False) as arrays:
        return dict(arrays)
