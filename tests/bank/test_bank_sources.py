"""Sources on disk: a short name for each, from which it comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import sources

from clipcoder.bank.sources import by_short_name, listed, short_names
from clipcoder.errors import InvalidInputError
from clipcoder.source import Source


@given(st.lists(sources))
def test_every_source_comes_back_from_its_own_name(of_texts: list[Source]) -> None:
    names = short_names(of_texts)
    assert len(set(names.values())) == len(names) == len(set(of_texts))
    find = by_short_name(listed(names))
    assert [find(names[source]) for source in of_texts] == of_texts


def test_a_generator_that_is_named_like_a_number_keeps_its_name() -> None:
    model, other = Source("llm", "gpt"), Source("llm", "mistral")
    names = short_names([model, Source("llm-1"), other, Source("llm")])
    assert names == {model: "llm-2", Source("llm-1"): "llm-1", other: "llm-3", Source("llm"): "llm"}


def test_only_sources_with_facts_are_listed() -> None:
    assert listed({Source("wordnet"): "wordnet"}) == {}


def test_a_person_may_choose_the_names() -> None:
    find = by_short_name({"mine": {"generator": "llm", "date": "2026-11-25"}})
    assert find("mine") == Source("llm", date="2026-11-25")
    assert find("yours") == Source("yours")


@pytest.mark.parametrize(
    "facts",
    [
        None,
        [],
        "llm",
        {},
        {"model": "gpt"},
        {"generator": ""},
        {"generator": " "},
        {"generator": 5},
        {"generator": "llm", "model": None},
        {"generator": "llm", "modle": "gpt"},
    ],
)
def test_facts_that_are_none_are_refused_by_name(facts: object) -> None:
    with pytest.raises(
        InvalidInputError, match=r"sources\['mine'\] must have a generator and may have model"
    ):
        by_short_name({"mine": facts})


@pytest.mark.parametrize("document", [None, [], "llm", 5])
def test_sources_are_an_object(document: object) -> None:
    with pytest.raises(InvalidInputError, match="sources must be an object of short names and facts"):
        by_short_name(document)
