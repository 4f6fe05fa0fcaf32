"""The cases on which both sides are run: classes that are made up, and photos of Caltech-101.

Of Caltech-101 only train and validation photos are looked at.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from clipcoder.arrays import FloatArray, IntArray, unit_rows
from clipcoder.bank import TextBank
from clipcoder.bank.confusable import nearest_pairs
from clipcoder.bank.generators import wordnet_generator
from clipcoder.bank.writing import pair_questions, questions
from clipcoder.encoders import Encoder
from clipcoder.generators.base import SnippetKind, ask
from clipcoder.source import Source
from parity.knowledge import Knowledge

Labelled = tuple[FloatArray, IntArray]
KINDS: Final[tuple[SnippetKind, ...]] = ("attribute", "analogue", "synonym")


class TextEncoder(Protocol):
    """What encodes the sentences of a case."""

    def encode_texts(self, texts: Sequence[str]) -> FloatArray: ...


@dataclass(frozen=True, eq=False)
class FewShots:
    """What few-shot classifiers get beside the texts.

    Attributes:
        support: features and labels of the support set.
        val: features and labels on which alpha and beta are chosen.
        alpha: the weight of the cache as the published configuration sets it by hand.
        beta: how fast votes fade, likewise.
    """

    support: Labelled
    val: Labelled
    alpha: float
    beta: float


@dataclass(frozen=True, eq=False)
class Case:
    """Images to classify, and what is known of their classes.

    Attributes:
        title: what it is, for people.
        dataset: the name under which the published code runs it, which decides wordings and threshold.
        max_gap: that threshold.
        knowledge: phrases about the classes.
        encoder: what encodes sentences about them.
        images: float32 unit rows of shape (n, d) and their labels.
        few: what is known for few-shot classification.
    """

    title: str
    dataset: str
    max_gap: float
    knowledge: Knowledge
    encoder: TextEncoder
    images: Labelled
    few: FewShots

    @property
    def n_classes(self) -> int:
        """The number of classes C."""
        return len(self.knowledge.class_names)


class MadeUpEncoder:
    """Features of sentences about made-up classes: those of the classes named, and a part of their own.

    A class that is named with an underscore is known as well, but the sentence is another one, with another
    part of its own. The first class named counts most.
    """

    def __init__(self, centres: FloatArray, names: Sequence[str]) -> None:
        self._centres, self._names = centres, [name.replace("_", " ") for name in names]

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        return unit_rows(np.stack([self._feature(text) for text in texts]))

    def _feature(self, text: str) -> FloatArray:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
        dice = np.random.default_rng(seed)
        own: FloatArray = dice.standard_normal(self._centres[0].shape).astype(np.float32)
        spoken = text.replace("_", " ")
        named = sorted((spoken.index(name), i) for i, name in enumerate(self._names) if name in spoken)
        for weight, (_, i) in zip((1.0, -0.3), named, strict=False):
            own += np.float32(5 * weight) * self._centres[i]
        return own


def made_up(dataset: str, max_gap: float, seed: int, *, classes: int = 12, dim: int = 24) -> Case:
    """Return a case of seeded random features: few classes, few texts, so that a whole search takes seconds.

    Args:
        dataset: the name under which the published code runs it.
        max_gap: the threshold of that name.
        seed: what all is drawn from.
        classes: how many there are.
        dim: the length of a feature.
    """
    rng = np.random.default_rng(seed)
    names = [f"kind_{i:02d}" for i in range(classes)]
    centres = unit_rows(rng.standard_normal((classes, dim)))
    attributes, analogues, synonyms = (
        [[f"{kind} {i}-{j}" for j in range(rng.integers(4))] for i in range(classes)] for kind in KINDS
    )
    pairs: dict[str, dict[str, list[str]]] = {}
    for own, other in permutations(names, 2):
        if rng.random() < 0.8:
            pairs.setdefault(own, {})[other] = [f"mark of {own[-2:]}"]

    def drawn(count: int) -> Labelled:
        labels = np.arange(count * classes) % classes
        return unit_rows(centres[labels] + 0.45 * rng.standard_normal((len(labels), dim))), labels

    return Case(
        f"made up as {dataset}, seed {seed}",
        dataset,
        max_gap,
        Knowledge(names, attributes, analogues, synonyms, pairs),
        MadeUpEncoder(centres, names),
        drawn(25),
        FewShots(drawn(2), drawn(2), alpha=20, beta=5.5),
    )


def caltech(data: Path, encoder: Encoder, *, shots: int, seed: int = 1) -> Case:
    """Return Caltech-101's validation photos with WordNet's texts and a fixed draw of train photos.

    Args:
        data: the shared data.
        encoder: what encodes photos and texts.
        shots: train photos a class.
        seed: the seed of the draw. The validation photos of the draw choose alpha and beta, all other
            validation photos are classified.
    """
    folder = data / "caltech-101"
    split = json.loads((folder / "split_zhou_Caltech101.json").read_text())
    draw = json.loads((folder / "few_shot" / f"shot_{shots}-seed_{seed}.json").read_text())
    names = [name for _, name in sorted({(label, name) for _, label, name in split["val"]})]
    chosen = {path for path, _, _ in draw["val"]}
    rest = [row for row in split["val"] if row[0] not in chosen]
    return Case(
        f"Caltech-101, {encoder.name}, WordNet, {shots} {'shot' if shots == 1 else 'shots'}",
        "caltech-101",
        0.3,
        wordnet(names, encoder),
        encoder,
        _photos(folder, rest, encoder),
        FewShots(_photos(folder, draw["train"], encoder), _photos(folder, draw["val"], encoder), 100, 24.76),
    )


def wordnet(names: Sequence[str], encoder: Encoder) -> Knowledge:
    """Return what WordNet knows of classes, and what tells each from its nearest three."""
    classes = tuple(names)
    generator = wordnet_generator(classes, encoder)
    pairs = nearest_pairs(TextBank.from_names(classes), encoder, neighbours=3)
    asked = [*questions(classes, KINDS), *pair_questions(classes, pairs)]
    return Knowledge.of(classes, ask(generator, asked, Source("wordnet")))


def _photos(folder: Path, rows: Sequence[tuple[str, int, str]], encoder: Encoder) -> Labelled:
    features = encoder.encode_images([folder / "101_ObjectCategories" / path for path, _, _ in rows])
    return unit_rows(features), np.array([label for _, label, _ in rows], dtype=np.intp)
