"""The classes that a classifier does not tell apart: which, why, and which texts would help.

How much to believe of it depends on the evidence. With labels of 1,000 photos or fewer, the three best texts
of WordNet for each of the first ten pairs, put into a bank of names alone, raised the accuracy on other
photos of nine of ten data sets (starter encoder) and lowered it on none, by 2.2 points in the mean. Without
labels it was 0.1 points, from -1.7 to +2.4: then they are ideas to look at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Final

import numpy as np

from clipcoder.arrays import FloatArray, IntArray, unit_rows
from clipcoder.encoded import EncodedPairs, EncodedTexts
from clipcoder.encoders.base import Encoder
from clipcoder.errors import InvalidInputError
from clipcoder.pipeline.mistaken import AlikePair, Evidence, alike_by_images, alike_by_texts
from clipcoder.pipeline.remedies import Lack, lacks, wordnet_texts
from clipcoder.pipeline.telling import Pair, PairTexts, SharedText, Telling

_SHOWN: Final = 3  # texts of each sort that are named


@dataclass(frozen=True)
class Confusion:
    """Two classes that are taken for each other.

    Attributes:
        first: the earlier class.
        second: the later one.
        likeness: how alike they are, in [0, 1]: by images the share of the images of both that is expected to
            be taken for the other, by texts the cosine of their prototypes (``mistaken``).
        evidence: what says so: ``"labels"`` of images, ``"images"`` without labels, or ``"texts"`` alone.
        mistaken: how many labelled images were taken for the other; None without labels.
        shared: texts of both that say the same or nearly so and draw them together, nearest first.
        telling: the texts that tell them apart best, the best first.
        misleading: texts that are nearer to the other class than to their own, the worst first.
        lacking: kinds of texts that are not there, with the command that makes them.
        candidates: texts that WordNet would add and that tell the two apart, the best first; those of kind
            ``"one_to_one"`` belong into a ``PairBank``, the others into the ``TextBank``.
        looked_up: whether WordNet was asked.
    """

    first: str
    second: str
    likeness: float
    evidence: Evidence
    mistaken: int | None = None
    shared: tuple[SharedText, ...] = ()
    telling: tuple[Telling, ...] = ()
    misleading: tuple[Telling, ...] = ()
    lacking: tuple[Lack, ...] = ()
    candidates: tuple[Telling, ...] = ()
    looked_up: bool = False

    def __str__(self) -> str:
        wrong = "" if self.mistaken is None else f", {self.mistaken} mistaken"
        head = f"{self.first} and {self.second}: {self.likeness:.0%} alike by {self.evidence}{wrong}"
        helping: Sequence[object] = self.candidates
        if self.looked_up and not helping:
            helping = ["nothing that WordNet knows; a language model may know more"]
        parts: dict[str, Sequence[object]] = {
            "both say": self.shared,
            "apart by": self.telling,
            "misled by": self.misleading,
            "lacking": self.lacking,
            "would help": helping,
        }
        return "\n".join([head, *(f"  {what:<11}{item}" for what, items in parts.items() for item in items)])


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What a classifier knows of its classes before it is shown images.

    Attributes:
        class_names: the classes, as ``classes_`` has them.
        encoder: encodes texts that the bank does not have; without one none are looked up.
        texts: the bank; None where images alone count.
        pairs: one-to-one texts; None where there are none.
        reranks: whether it has a use for such texts.
        held_out: the probabilities, (j, C), and the classes, (j,), of labelled images that were classified by
            what the others taught; None where there are none.
    """

    class_names: Sequence[Any]
    encoder: Encoder | None
    texts: EncodedTexts | None
    pairs: EncodedPairs | None = None
    reranks: bool = False
    held_out: tuple[FloatArray, IntArray] | None = None


@dataclass(frozen=True, eq=False)
class Sample:
    """Images to find confusions by.

    Attributes:
        features: unit rows of shape (n, d), n at least 1.
        probabilities: of shape (n, C).
        owner: the class of each image, of shape (n,): its label, or else what it was taken for.
        labelled: whether these are labels.
    """

    features: FloatArray
    probabilities: FloatArray
    owner: IntArray
    labelled: bool

    @classmethod
    def of(cls, features: FloatArray, probabilities: FloatArray, labels: IntArray | None) -> Sample:
        """Take labels, of shape (n,), or else what the images are taken for.

        Raises:
            InvalidInputError: no image.
        """
        if not len(features):
            raise InvalidInputError("confusions are found by images, but there is none; hand some in")
        owner = probabilities.argmax(axis=1) if labels is None else labels
        return cls(features, probabilities, owner, labels is not None)


def confusions(
    known: Knowledge, sample: Sample | None, *, count: int = 10, candidates: int = 3
) -> list[Confusion]:
    """Return the pairs of classes that are most often taken for each other, with reasons and remedies.

    Args:
        known: what the classifier knows.
        sample: images; None takes what is known without.
        count: at most so many pairs.
        candidates: at most so many texts of WordNet for each; 0 does not look any up.

    Raises:
        InvalidInputError: neither images nor texts, or numbers that are none.
    """
    _check_count("count", count, least=1)
    _check_count("candidates", candidates, least=0)
    if known.encoder is None:  # nothing to compare them with
        candidates = 0
    evidence, found = _found(known, sample, count)
    names = [(known.class_names[alike.first], known.class_names[alike.second]) for alike in found]
    if known.texts is None:
        texts = [_Texts()] * len(found)
    else:
        images = [_images_of(sample, alike) for alike in found]
        views = [PairTexts.of(known.texts, *of_pair) for of_pair in zip(names, images, strict=True)]
        texts = _texts(known, known.texts, views, candidates)
    return [
        Confusion(
            *pair,
            alike.likeness,
            evidence,
            alike.mistaken,
            of_pair.shared[:_SHOWN],
            tuple(t for t in of_pair.told if t.points > 0)[:_SHOWN],
            tuple(t for t in of_pair.told[::-1] if t.points < 0)[:_SHOWN],
            of_pair.lacking,
            of_pair.candidates[:candidates],
            looked_up=known.texts is not None and candidates > 0,
        )
        for pair, alike, of_pair in zip(names, found, texts, strict=True)
    ]


@dataclass(frozen=True)
class _Texts:
    """What is to be said of the texts of a pair; nothing where there are none."""

    shared: tuple[SharedText, ...] = ()
    told: tuple[Telling, ...] = ()
    lacking: tuple[Lack, ...] = ()
    candidates: tuple[Telling, ...] = ()


def _found(known: Knowledge, sample: Sample | None, count: int) -> tuple[Evidence, list[AlikePair]]:
    """Choose the best evidence that there is."""
    if sample is not None:
        evidence: Evidence = "labels" if sample.labelled else "images"
        found = alike_by_images(sample.probabilities, sample.owner, count, labelled=sample.labelled)
        return evidence, found
    if known.held_out is not None:
        return "labels", alike_by_images(*known.held_out, count, labelled=True)
    if known.texts is None:
        raise InvalidInputError(
            "without a bank and without two labelled images a class nothing says which classes are alike; "
            "hand in images"
        )
    names = list(known.texts.bank.class_names)
    order = [names.index(name) for name in known.class_names]
    return "texts", alike_by_texts(known.texts.head.class_prototypes()[order], count)


def _images_of(sample: Sample | None, alike: AlikePair) -> tuple[FloatArray, FloatArray] | None:
    if sample is None:
        return None
    first, second = (sample.features[sample.owner == c] for c in (alike.first, alike.second))
    return first, second


def _texts(
    known: Knowledge, texts: EncodedTexts, views: Sequence[PairTexts], candidates: int
) -> list[_Texts]:
    pairs = None if known.pairs is None else known.pairs.pairs
    helping = _candidates(known, texts, [view.pair for view in views]) if candidates and views else {}
    found = []
    for view in views:
        lacking = lacks(texts.bank, pairs, view.pair, reranks=known.reranks)
        of_pair = view.helping(*helping[view.pair]) if view.pair in helping else ()
        if candidates:  # then it is known what WordNet has
            kinds = {t.kind for t in of_pair}
            lacking = tuple(replace(k, source="wordnet" if k.kind in kinds else "llm") for k in lacking)
        found.append(_Texts(view.shared(), view.told, lacking, of_pair))
    return found


def _candidates(known: Knowledge, texts: EncodedTexts, pairs: Sequence[Pair]) -> dict[Pair, Any]:
    """Return what WordNet would add for each pair, and its features; all are encoded in one call."""
    assert known.encoder is not None
    told = None if known.pairs is None else known.pairs.pairs
    found = wordnet_texts(texts.bank, told, known.encoder, pairs, reranks=known.reranks)
    wanted = list(dict.fromkeys(entry.text for entry in chain.from_iterable(found.values())))
    if not wanted:
        return {}
    features = unit_rows(known.encoder.encode_texts(wanted), "text features", dim=texts.head.dim)
    row = {text: i for i, text in enumerate(wanted)}
    return {pair: (entries, features[[row[t.text] for t in entries]]) for pair, entries in found.items()}


def _check_count(what: str, count: int, *, least: int) -> None:
    if isinstance(count, bool) or not (isinstance(count, int | np.integer) and count >= least):
        raise InvalidInputError(f"{what} must be a whole number, {least} or more, not {count!r}")
