"""The models that clipcoder knows by name, and what is known about each."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

from clipcoder.errors import UnknownNameError


@dataclass(frozen=True)
class ModelFacts:
    """What is known about a model before anything of it is fetched.

    Attributes:
        name: what ``load_encoder`` calls it; a model of open_clip, by its architecture and its weights.
        repository: where the hub has it, ``OWNER/REPOSITORY``; empty for the starter, which is not there.
        family: who made it, in a word, such as ``"SigLIP 2"``.
        languages: ``"English"`` or ``"multilingual"``.
        licence: of the weights, as their authors state it; ``"unknown"`` where they do not.
        dim: length of an embedding.
        image_size: height and width of the pixels that it looks at.
        context_length: tokens of a text that it reads; 0 where there is no limit.
        parameters: number of weights, of both towers.
        logit_scale: what cosines are multiplied with, where the export does not say it but the weights are
            known to; None leaves it to the export.
        logit_bias: what is added to them before a sigmoid (SigLIP), likewise.
        revision: the commit that the name is pinned to; where it is empty, the first one fetched is the pin.
    """

    name: str
    repository: str
    family: str
    languages: str
    licence: str
    dim: int
    image_size: int
    context_length: int
    parameters: int
    logit_scale: float | None = None
    logit_bias: float | None = None
    revision: str = ""


@cache
def catalog() -> tuple[ModelFacts, ...]:
    """Return all models, the starter first, and families together.

    Example:
        >>> [facts.name for facts in catalog()][:3]
        ['starter', 'RN50/openai', 'RN101/openai']
    """
    text = resources.files("clipcoder").joinpath("assets/models.toml").read_text(encoding="utf-8")
    return tuple(ModelFacts(**facts) for facts in tomllib.loads(text)["models"])


def model_facts(name: str) -> ModelFacts:
    """Return what is known about a model.

    Raises:
        UnknownNameError: no model has this name; the nearest ones are listed.

    Example:
        >>> model_facts("ViT-B-32/openai").dim
        512
        >>> model_facts("ViT-B-32/openapi")
        Traceback (most recent call last):
            ...
        clipcoder.errors.UnknownNameError: unknown model 'ViT-B-32/openapi': did you mean \
'ViT-B-32/openai' or 'ViT-B-16/openai' or 'ViT-L-14/openai'?
    """
    facts = by_name().get(name)
    if facts is None:
        raise UnknownNameError("model", name, by_name())
    return facts


@cache
def by_name() -> Mapping[str, ModelFacts]:
    """Return the models by their names."""
    return MappingProxyType({facts.name: facts for facts in catalog()})


MODEL_NAMES: Final = tuple(facts.name for facts in catalog() if facts.repository)
"""The names that ``load_encoder`` fetches from the hub."""
