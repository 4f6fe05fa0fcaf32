"""A store in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from stored_rows import IDENTITY

from clipcoder.store import FeatureStore, Shelf


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "features"


@pytest.fixture
def parts(folder: Path) -> Path:
    """Where the parts of the images lie."""
    return folder / IDENTITY.fingerprint / "images"


@pytest.fixture
def store(folder: Path) -> Iterator[FeatureStore]:
    with FeatureStore(folder) as store:
        yield store


@pytest.fixture
def shelf(store: FeatureStore) -> Shelf:
    return store.shelf(IDENTITY, "images")


@pytest.fixture
def reopened(folder: Path) -> Shelf:
    """The same shelf as a process sees it that starts later: it has not looked yet."""
    return FeatureStore(folder).shelf(IDENTITY, "images")
