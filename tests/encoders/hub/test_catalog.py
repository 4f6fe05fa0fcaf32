"""The catalogue: facts that agree with each other, and with what the papers say."""

from __future__ import annotations

import dataclasses
import re

import pytest

from clipcoder.encoders.hub.catalog import MODEL_NAMES, ModelFacts, by_name, catalog, model_facts
from clipcoder.errors import UnknownNameError

PUBLISHED = [facts for facts in catalog() if facts.repository]


def spelling(name: str) -> str:
    return name.lower().replace("-", "_")


def test_the_starter_comes_first_and_is_not_on_the_hub() -> None:
    assert catalog()[0].name == "starter"
    assert [facts.name for facts in catalog() if not facts.repository] == ["starter"]


def test_no_two_models_share_a_name_or_a_repository() -> None:
    assert len(by_name()) == len(catalog())
    assert len({facts.repository for facts in PUBLISHED}) == len(PUBLISHED)


@pytest.mark.parametrize("facts", PUBLISHED, ids=lambda facts: facts.name)
def test_a_repository_is_called_like_its_model(facts: ModelFacts) -> None:
    owner, _, repository = facts.repository.partition("/")
    architecture, _, weights = facts.name.partition("/")
    assert owner == "immich-app"
    expected = weights if facts.family == "M-CLIP" else f"{architecture}__{weights}"
    assert spelling(repository) == spelling(expected)


@pytest.mark.parametrize("facts", catalog(), ids=lambda facts: facts.name)
def test_facts_are_possible(facts: ModelFacts) -> None:
    assert facts.dim % 64 == 0
    assert 224 <= facts.image_size <= 512
    assert facts.context_length in (0, 64, 77)
    assert 10**7 < facts.parameters < 2 * 10**9
    assert facts.languages in ("English", "multilingual")
    assert facts.licence in (
        "MIT", "Apache-2.0", "CC-BY-NC-4.0", "Apple AMLR (research)", "unknown",
    )  # fmt: skip
    assert re.fullmatch("([0-9a-f]{40})?", facts.revision)


@pytest.mark.parametrize("facts", catalog(), ids=lambda facts: facts.name)
def test_a_size_in_the_name_is_the_size(facts: ModelFacts) -> None:
    size = re.search(r"-(2[0-9]{2}|3[0-9]{2}|5[0-9]{2})(?:-|/|$)", facts.name)
    if size:
        assert facts.image_size == int(size[1])


@pytest.mark.parametrize(
    ("name", "dim", "image_size", "parameters"),
    [
        ("RN50/openai", 1024, 224, 102),
        ("ViT-B-32/openai", 512, 224, 151),
        ("ViT-B-16/openai", 512, 224, 150),
        ("ViT-L-14/openai", 768, 224, 428),
        ("ViT-L-14-336/openai", 768, 336, 428),
        ("ViT-SO400M-14-SigLIP-384/webli", 1152, 384, 878),
    ],
)
def test_well_known_models_are_as_published(name: str, dim: int, image_size: int, parameters: int) -> None:
    facts = model_facts(name)
    assert (facts.dim, facts.image_size) == (dim, image_size)
    assert round(facts.parameters / 1e6) == parameters


def test_weights_that_may_not_be_sold_say_so() -> None:
    for facts in catalog():
        if facts.family in ("NLLB-CLIP", "DFN"):
            assert "NC" in facts.licence or "research" in facts.licence


def test_the_starters_facts_are_those_of_its_files() -> None:
    from clipcoder import load_encoder

    assert load_encoder("starter").dim == model_facts("starter").dim


def test_names_to_fetch_are_those_with_a_repository() -> None:
    assert tuple(facts.name for facts in PUBLISHED) == MODEL_NAMES


def test_an_unknown_name_answers_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'ViT-B-16-SigLIP2/webli'"):
        model_facts("ViT-B-16-SigLIP2")


def test_facts_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        catalog()[0].dim = 3  # type: ignore[misc]
