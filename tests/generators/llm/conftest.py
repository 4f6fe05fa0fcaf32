"""What tests of language models need: an endpoint, and an environment without the developer's own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from clipcoder.generators.llm import LanguageModel, refusals
from clipcoder.generators.llm.generator import LanguageModelGenerator
from loopback_model import LoopbackModel, NewGenerator, serving


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's own endpoint, key or proxy; and no pause that a test would wait for."""
    for name in os.environ:
        if name.startswith("OPENAI_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(refusals, "_FIRST_PAUSE", 0.001)


@pytest.fixture
def server() -> Iterator[LoopbackModel]:
    with serving() as server:
        yield server


@pytest.fixture
def new_generator(server: LoopbackModel) -> NewGenerator:
    """Return a generator that asks the endpoint of this test, with settings as they are given."""

    def make(**settings: object) -> LanguageModelGenerator:
        return LanguageModelGenerator(LanguageModel("tiny", base_url=server.base_url, **settings))  # type: ignore[arg-type]

    return make
