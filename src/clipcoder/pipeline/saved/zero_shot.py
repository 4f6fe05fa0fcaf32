"""A ``ZeroShotClassifier`` taken apart and put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clipcoder.bank import PairBank, TextBank
from clipcoder.encoded import EncodedPairs, EncodedTexts
from clipcoder.encoders.base import Encoder
from clipcoder.encoders.json_file import JsonFile, is_number
from clipcoder.errors import InvalidInputError
from clipcoder.pipeline.saved.arrays import Arrays, Shape, checked
from clipcoder.pipeline.saved.parts import Parts
from clipcoder.pipeline.saved.settings import checked_settings, number, plain, settings_of
from clipcoder.pipeline.zero_shot import ZeroShotClassifier

KIND = "zero-shot"


def take_apart(classifier: ZeroShotClassifier) -> Parts:
    """Return what a classifier is made of; its texts are encoded if no image has come yet."""
    arrays = {"texts": classifier._texts.features}
    if classifier._pairs is not None:
        arrays["pairs"] = classifier._pairs.features
    facts = {"settings": settings_of(classifier), "max_gap": plain(classifier.max_gap_, "max_gap")}
    return Parts(KIND, facts, classifier.encoder, classifier.bank, classifier.pairs, arrays)


def put_together(
    document: JsonFile,
    arrays: Arrays,
    encoder: Encoder | None,
    bank: TextBank | None,
    pairs: PairBank | None,
    where: str,
) -> ZeroShotClassifier:
    """Return the classifier of these parts.

    Raises:
        InvalidInputError: parts that do not belong together.
    """
    if encoder is None or bank is None:
        raise InvalidInputError(
            f"a zero-shot classifier has an encoder and a bank, but '{document.path}' has none"
        )
    settings = checked_settings(document.section("settings"), ZeroShotClassifier)
    classifier = ZeroShotClassifier(encoder, bank, pairs=pairs, **settings)
    shapes: dict[str, Shape] = {"texts": (len(bank), "d")}
    if pairs is not None:
        shapes["pairs"] = (len(pairs.texts), "d")
    checked(arrays, shapes, {"d": encoder.dim}, where)
    gap = document.value("max_gap", lambda v: is_number(v) or v == "inf", "a number", default=None)
    known: Mapping[str, Any] = {
        "max_gap_": number(gap),
        "_texts": EncodedTexts.of(bank, classifier.method, arrays["texts"]),
        "_pairs": None if pairs is None else EncodedPairs.of(pairs, bank, arrays["pairs"]),
    }
    classifier.__dict__.update(known)
    return classifier
