"""Cells: the settings that a specification comes down to, one row each, and what a cell is known by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from clipcoder.adapters.names import FEW_SHOT_METHODS
from clipcoder.benchmark.methods import ZERO_SHOT
from clipcoder.benchmark.spec import BenchSpec
from clipcoder.benchmark.texts import TextSource


@dataclass(frozen=True)
class Cell:
    """One setting.

    Attributes:
        method: its name.
        source: the name of the source of its texts; "" where it brings its own.
        shots: labelled images a class.
        seed: of the draw or of the random words; None where there is no chance.
    """

    method: str
    source: str = ""
    shots: int = 0
    seed: int | None = None

    def __str__(self) -> str:
        """Return it for people.

        >>> str(Cell("auto", "wordnet", 4, 1)), str(Cell("clip"))
        ('auto (wordnet), 4 shots, seed 1', 'clip')
        """
        parts = [f"{self.method} ({self.source})" if self.source else self.method]
        if self.shots:
            parts.append("1 shot" if self.shots == 1 else f"{self.shots} shots")
        if self.seed is not None:
            parts.append(f"seed {self.seed}")
        return ", ".join(parts)

    def options(self, spec: BenchSpec) -> dict[str, Any]:
        """Return the settings that were stated and have a say in it."""
        if self.method not in ZERO_SHOT or not ZERO_SHOT[self.method].reranks:
            return {}
        if spec.protocol == "reference":  # which states the gap for each data set
            return {"top_k": spec.top_k}
        return {"top_k": spec.top_k, "max_gap": spec.max_gap}

    def digest(self, facts: Mapping[str, Any]) -> str:
        """Return 16 hexadecimal digits that this cell and facts of what it is run on decide together."""
        known = {"method": self.method, "shots": self.shots, "seed": self.seed, **facts}
        return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]


def cells(spec: BenchSpec, sources: Sequence[TextSource]) -> list[Cell]:
    """Return all cells on one data set, zero-shot methods first, few-shot methods draw by draw.

    A method that a source has no texts for is left out there.

    Args:
        spec: what is wanted.
        sources: the texts that there are.
    """
    return [*_zero_shot(spec, sources), *_few_shot(spec, sources)]


def _zero_shot(spec: BenchSpec, sources: Sequence[TextSource]) -> Iterator[Cell]:
    for name in filter(ZERO_SHOT.__contains__, spec.wanted):
        method = ZERO_SHOT[name]
        if method.brings_texts:
            yield Cell(name)
        for source in sources:
            if method.takes_from(source.name, source.wrote) and (source.pairs or not method.reranks):
                seeds = spec.seeds if method.has_seeds else (None,)
                yield from (Cell(name, source.name, seed=seed) for seed in seeds)


def _few_shot(spec: BenchSpec, sources: Sequence[TextSource]) -> Iterator[Cell]:
    methods = [name for name in spec.wanted if name in FEW_SHOT_METHODS]
    for shots, seed in product(spec.shots, spec.seeds):
        for source, method in product(sources, methods):
            yield Cell(method, source.name, shots, seed)
