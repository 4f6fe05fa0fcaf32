from __future__ import annotations

import pytest

from parity import search


@pytest.fixture
def short_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search of few points, which takes no time."""
    monkeypatch.setattr(search, "STEPS", (3, 4))
