"""What was measured: of each setting, which images were got right, seed by seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clipcoder.arrays import FloatArray, IntArray
from clipcoder.benchmark.statistics import Outcomes


@dataclass(frozen=True)
class Setting:
    """What rows have in common that differ in nothing but their seed.

    Attributes:
        protocol: ``"strict"`` or ``"reference"``.
        encoder: its name.
        evaluated: which split was predicted.
        dataset: its name.
        method: its name.
        texts: where its texts come from; "" for none.
        shots: labelled images a class.
    """

    protocol: str
    encoder: str
    evaluated: str
    dataset: str
    method: str
    texts: str
    shots: int

    @property
    def board(self) -> tuple[str, str, str]:
        """What the numbers of one table have in common."""
        return self.protocol, self.encoder, self.evaluated


@dataclass(frozen=True, eq=False)
class Measured:
    """A setting with what came of it.

    Attributes:
        setting: what was run.
        title: the data set for people.
        seeds: the seed of each run, ascending; ``(None,)`` for a method without chance.
        labels: the class of each image, of shape (n,).
        predictions: the class that each run gave to each image, of shape (s, n); -1 to one it could not read.
        confidence: its probability, float32 of shape (s, n).
        n_classes: how many classes there are.
        class_names: their names in the order of the labels; empty where they are unknown.
        n_failed: images that could not be read.
        n_older: rows of the same runs that were made earlier and do not count.
    """

    setting: Setting
    title: str
    seeds: tuple[int | None, ...]
    labels: IntArray
    predictions: IntArray
    confidence: FloatArray
    n_classes: int
    class_names: tuple[str, ...] = ()
    n_failed: int = 0
    n_older: int = 0

    @property
    def outcomes(self) -> Outcomes:
        """Which images each run got right."""
        return Outcomes(np.asarray(self.predictions == self.labels), self.seeds)

    @property
    def n_images(self) -> int:
        """How many images were predicted."""
        return len(self.labels)

    @property
    def n_seeds(self) -> int:
        """Over how many seeds it is; 0 for a method without chance."""
        return 0 if self.seeds == (None,) else len(self.seeds)

    @property
    def name(self) -> str:
        """The method and its texts, such as ``"coder (wordnet)"``."""
        return f"{self.setting.method} ({self.setting.texts})" if self.setting.texts else self.setting.method

    @property
    def told(self) -> str:
        """The method, its texts and its shots, for people."""
        return f"{self.name}, {told_shots(self.setting.shots)}"

    @property
    def heading(self) -> str:
        """What it shares with all that it may be drawn beside, for people."""
        protocol, encoder, split = self.setting.board
        parts = [self.title, f"{split} images", encoder]
        return ", ".join([*parts, *(["REFERENCE PROTOCOL"] if protocol != "strict" else [])])

    def class_name(self, index: int) -> str:
        """Return the name of a class, or its number where the names are unknown."""
        return self.class_names[index] if self.class_names else f"class {index}"


def told_shots(shots: int) -> str:
    """Return a number of shots in words.

    >>> [told_shots(shots) for shots in (0, 1, 16)]
    ['zero-shot', '1 shot', '16 shots']
    """
    return {0: "zero-shot", 1: "1 shot"}.get(shots, f"{shots} shots")
