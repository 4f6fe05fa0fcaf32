"""Sources on disk: a short name for each, from which it comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import sources

from clipcoder.bank import PairBank, TextBank
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


@pytest.mark.parametrize("fact", ["generator", "model", "prompt", "date"])
@pytest.mark.parametrize(
    ("value", "said"), [("\ud800", "must be valid Unicode"), (5, "must be a text, not 5")]
)
def test_no_bank_is_made_of_a_source_that_could_not_be_saved(fact: str, value: Any, said: str) -> None:
    source = Source(**{"generator": "llm", fact: value})
    about = "the source" if fact == "generator" else f"the {fact} of the source"
    with pytest.raises(InvalidInputError, match=f"^{about} of a text on 'cat' {said}"):
        TextBank.from_texts({"cat": ["soft"]}, source=source)
    with pytest.raises(InvalidInputError, match=f"^{about} of a text on 'cat' and 'dog' {said}"):
        PairBank.from_texts({"cat": {"dog": ["soft"]}}, ["cat", "dog"], source=source)


def test_a_file_with_half_a_character_in_a_source_is_refused_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bank.json"
    TextBank.from_texts({"cat": ["soft"]}, source=Source("llm", "gpt-5")).save(path)
    path.write_text(path.read_text().replace("gpt-5", r"gpt-\ud800"))
    with pytest.raises(
        InvalidInputError, match=r"bank\.json: the model of the source of a text on 'cat' must"
    ):
        TextBank.load(path)


@pytest.mark.parametrize("document", [None, [], "llm", 5])
def test_sources_are_an_object(document: object) -> None:
    with pytest.raises(InvalidInputError, match="sources must be an object of short names and facts"):
        by_short_name(document)
