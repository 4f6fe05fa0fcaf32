"""Accuracies that others have published, each with its source: ``assets/published.toml`` as records."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Source:
    """Where figures come from.

    Attributes:
        name: its short name, such as ``"tip-adapter"``.
        paper: authors, title, place and year.
        table: which table or figure of it.
        read: where the figures were read, with the commit.
        how: how they were made, as far as that differs from the strict protocol.
    """

    name: str
    paper: str
    table: str
    read: str
    how: str


@dataclass(frozen=True)
class PublishedFigure:
    """One accuracy.

    Attributes:
        model: the encoder, as ``load_encoder`` takes it.
        dataset: the data set, as ``load_dataset`` takes it.
        method: the method, under our name where we have it.
        shots: labelled images a class; 0 for zero-shot.
        accuracy: top-1, in [0, 1].
        source: where it stands.
    """

    model: str
    dataset: str
    method: str
    shots: int
    accuracy: float
    source: Source


@cache
def published_figures() -> tuple[PublishedFigure, ...]:
    """Return all figures that the package knows, in the order of the file.

    Example:
        >>> figure = published_figures()[0]
        >>> figure.method, figure.model, figure.dataset, figure.shots, round(100 * figure.accuracy, 2)
        ('clip', 'RN50/openai', 'imagenet', 0, 60.32)
        >>> figure.source.read
        'github.com/gaopengcuhk/Tip-Adapter, exp.log at d0e2d6f'
    """
    text = resources.files("clipcoder").joinpath("assets/published.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    sources = {name: Source(name, **facts) for name, facts in document["sources"].items()}
    return tuple(
        PublishedFigure(
            entry["model"], dataset, entry["method"], shots, percent / 100, sources[entry["source"]]
        )
        for entry in document["figures"]
        for dataset, percents in entry["accuracy"].items()
        for shots, percent in zip(entry["shots"], percents, strict=True)
    )
