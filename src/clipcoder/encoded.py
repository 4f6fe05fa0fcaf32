"""Banks whose texts have been encoded, ready to score images and to say which texts made a score."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import fsum
from typing import Final, Literal, get_args

import numpy as np

from clipcoder.arrays import FloatArray, IntArray, unit_rows
from clipcoder.bank import PairBank, TextBank
from clipcoder.encoders.base import Encoder
from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.explanation import ClassScore, Reason, mean_of_texts
from clipcoder.rerank import PairDifferences
from clipcoder.zero_shot import ZeroShotHead
from clipcoder.zero_shot.composition import Composition

Method = Literal["equidistant", "coder", "clip"]
"""``"equidistant"``: all texts score, every class at one distance from the mean (``zero_shot``). ``"coder"``:
all texts score as published (paper, section 3.4). ``"clip"``: the texts of kind ``name`` alone."""

_ENCODER_MEMBERS: Final = ("name", "dim", "logit_scale", "encode_images", "encode_texts")

METHODS: Final[tuple[Method, ...]] = get_args(Method)

COMMON: Final = "in common with all classes"
"""What an explanation calls the part of a score that every class has."""


@dataclass(frozen=True, eq=False)
class EncodedTexts:
    """A bank, the features of its texts (float32 unit rows of shape (m, d)) and the head they fold into."""

    bank: TextBank
    method: Method
    features: FloatArray
    head: ZeroShotHead

    @classmethod
    def encode(cls, encoder: Encoder, bank: TextBank, method: Method = "equidistant") -> EncodedTexts:
        """Encode the texts in one call.

        Raises:
            InvalidInputError: the encoder lacks a member, or a class has no text for the method.
            UnknownNameError: an unknown method.
        """
        check_encoder(encoder)
        check_bank(bank, method)
        return cls.of(bank, method, _encoded(encoder, [t.text for t in bank.texts]))

    @classmethod
    def of(cls, bank: TextBank, method: Method, features: FloatArray) -> EncodedTexts:
        """Take the features of the texts as they are, float32 unit rows of shape (m, d)."""
        head = getattr(ZeroShotHead, method)(
            features, bank.text_class, bank.text_kind, n_classes=len(bank.class_names)
        )
        return cls(bank, method, features, head)

    def under(self, method: Method) -> EncodedTexts:
        """Return the same texts, which are not encoded again, with the head of another method."""
        return self if method == self.method else EncodedTexts.of(self.bank, method, self.features)

    @cached_property
    def composition(self) -> Composition:
        """How much each text counts in the head."""
        make = getattr(Composition, self.method)
        composition: Composition = make(
            self.features, self.bank.text_class, self.bank.text_kind, n_classes=len(self.bank.class_names)
        )
        return composition

    def reasons(
        self, image: FloatArray, label: int, score: float, *, factor: float = 1.0, averaged: bool = False
    ) -> list[Reason]:
        """Return what the texts of a class add to its score for one image: of its names, those that count.

        Args:
            image: the image's feature, a unit row of shape (d,).
            label: the position of the class.
            score: what the reasons have to add up to, in points.
            factor: what the texts' own score counts in it.
            averaged: as in ``Composition.shares``.
        """
        name = self.bank.class_names[label]
        shares = self.composition.shares(image, label, averaged=averaged)
        reasons = [
            Reason(self.bank.texts[row].text, self.bank.texts[row].kind, name, similarity, factor * points)
            for row, similarity, points in zip(
                shares.rows.tolist(), shares.similarities.tolist(), shares.points.tolist(), strict=True
            )
        ]
        if self.method == "equidistant":  # what is left: it makes up for rounding that a stretch enlarges
            common = score - fsum(reason.contribution for reason in reasons)
            reasons.append(Reason(COMMON, "common", name, None, common))
        return reasons


@dataclass(frozen=True, eq=False)
class EncodedPairs:
    """One-to-one texts, their features (float32 unit rows of shape (p, d)) and the differences they make."""

    pairs: PairBank
    rows: dict[tuple[str, str], list[int]]
    features: FloatArray
    differences: PairDifferences

    @classmethod
    def encode(cls, encoder: Encoder, pairs: PairBank, bank: TextBank) -> EncodedPairs:
        """Encode the texts in one call; the pairs must have passed ``check_pairs``."""
        return cls.of(pairs, bank, _encoded(encoder, [t.text for t in pairs.texts]))

    @classmethod
    def of(cls, pairs: PairBank, bank: TextBank, features: FloatArray) -> EncodedPairs:
        """Take the features of the texts as they are, float32 unit rows of shape (p, d)."""
        position = {name: i for i, name in enumerate(bank.class_names)}
        first = np.array([position[t.class_name] for t in pairs.texts], dtype=np.intp)
        second = np.array([position[t.other] for t in pairs.texts], dtype=np.intp)
        differences = PairDifferences.from_texts(features, first, second, n_classes=len(position))
        rows: dict[tuple[str, str], list[int]] = {}
        for row, text in enumerate(pairs.texts):
            rows.setdefault((text.class_name, text.other), []).append(row)
        return cls(pairs, rows, features, differences)

    def duel(self, image: FloatArray, name: str, other: str) -> tuple[ClassScore, ClassScore] | None:
        """Return what the texts say that tell two classes apart, if there are any of both."""
        own, others = (self._side(image, *pair) for pair in ((name, other), (other, name)))
        return (own, others) if own is not None and others is not None else None

    def _side(self, image: FloatArray, name: str, other: str) -> ClassScore | None:
        rows = self.rows.get((name, other))
        if rows is None:
            return None
        texts = [(self.pairs.texts[row].text, "one_to_one") for row in rows]
        return mean_of_texts(name, texts, self.features[rows] @ image)


def check_encoder(encoder: Encoder) -> None:
    """Refuse what lacks one of the five members of an encoder.

    Raises:
        InvalidInputError: it does.
    """
    missing = [member for member in _ENCODER_MEMBERS if not hasattr(encoder, member)]
    if missing:
        raise InvalidInputError(
            f"an encoder must have {', '.join(_ENCODER_MEMBERS[:-1])} and {_ENCODER_MEMBERS[-1]}, but this "
            f"{type(encoder).__name__} lacks {' and '.join(missing)}; load_encoder gives a complete one"
        )


def check_bank(bank: TextBank, method: Method) -> None:
    """Refuse a bank that leaves nothing to choose, or has a class that the method cannot score.

    Raises:
        InvalidInputError: no bank, fewer than two classes, or a class without a text for the method.
        UnknownNameError: an unknown method.
    """
    if not isinstance(bank, TextBank):
        raise InvalidInputError(
            f"a classifier takes a TextBank, not a {type(bank).__name__}; "
            "TextBank.from_names(names) makes one"
        )
    if method not in METHODS:
        raise UnknownNameError("method", str(method), METHODS)
    names = bank.class_names
    if len(names) < 2:
        raise InvalidInputError(
            f"a classifier needs at least 2 classes to choose from, but the bank has 1 ({names[0]!r}); "
            "name what the images may show instead"
        )
    usable: IntArray = bank.text_class[bank.text_kind == "name"] if method == "clip" else bank.text_class
    without = sorted(set(range(len(names))) - set(usable.tolist()))
    if without:
        needed = "text of kind 'name'" if method == "clip" else "text"
        raise InvalidInputError(
            f"every class needs at least one {needed}, but {names[without[0]]!r} has none in the bank "
            f"({len(without)} of {len(names)} classes); add one or drop the class"
        )


def check_pairs(pairs: PairBank, bank: TextBank) -> None:
    """Refuse one-to-one texts about a class that the bank does not have.

    Raises:
        InvalidInputError: there is such a class.
    """
    known = set(bank.class_names)
    for name in (name for t in pairs.texts for name in (t.class_name, t.other)):
        if name not in known:
            raise InvalidInputError(
                f"the pairs speak of the class {name!r}, which the bank does not have; "
                "make both from the same names"
            )


def _encoded(encoder: Encoder, texts: list[str]) -> FloatArray:
    features = unit_rows(encoder.encode_texts(texts), "text features", dim=encoder.dim)
    if len(features) != len(texts):
        raise InvalidInputError(
            f"encode_texts must return a row for each text, but it made {len(features)} rows of "
            f"{len(texts)} texts"
        )
    return features
