"""A ``ZeroShotClassifier`` taken apart and put together."""

from __future__ import annotations

from typing import Any

from clipcoder.encoded import EncodedPairs, EncodedTexts
from clipcoder.encoders.json_file import is_number, is_positive
from clipcoder.errors import InvalidInputError
from clipcoder.pipeline.saved.arrays import Shape, checked
from clipcoder.pipeline.saved.parts import Parts, Stored
from clipcoder.pipeline.saved.settings import checked_settings, number, plain, settings_of
from clipcoder.pipeline.zero_shot import ZeroShotClassifier

KIND = "zero-shot"


def take_apart(classifier: ZeroShotClassifier) -> Parts:
    """Return what a classifier is made of; its texts are encoded if no image has come yet."""
    arrays = {"texts": classifier._texts.features}
    if classifier._pairs is not None:
        arrays["pairs"] = classifier._pairs.features
    facts = {
        "settings": settings_of(classifier),
        "max_gap": plain(classifier.max_gap_, "max_gap"),
        "gap_temperature": classifier._gap_temperature,
    }
    return Parts(KIND, facts, classifier.encoder, classifier.bank, classifier.pairs, arrays)


def put_together(stored: Stored) -> ZeroShotClassifier:
    """Return the classifier of these parts.

    Raises:
        InvalidInputError: parts that do not belong together.
    """
    document, encoder, bank = stored.document, stored.encoder, stored.bank
    if encoder is None or bank is None:
        raise InvalidInputError(
            f"a zero-shot classifier has an encoder and a bank, but '{document.path}' has none"
        )
    if list(bank.class_names) != stored.classes:
        raise InvalidInputError(f"the classes in '{document.path}' must be those of its bank")
    settings = checked_settings(document.section("settings"), ZeroShotClassifier)
    classifier = ZeroShotClassifier(encoder, bank, pairs=stored.pairs, **settings)
    shapes: dict[str, Shape] = {"texts": (len(bank), "d")}
    if stored.pairs is not None:
        shapes["pairs"] = (len(stored.pairs.texts), "d")
    checked(stored.arrays, shapes, {"d": encoder.dim}, stored.where)
    made: dict[str, Any] = {"_texts": EncodedTexts.of(bank, classifier.method, stored.arrays["texts"])}
    if stored.pairs is not None:
        made["_pairs"] = EncodedPairs.of(stored.pairs, bank, stored.arrays["pairs"])
    classifier.__dict__.update(made)  # what they cache
    gap = document.value("max_gap", lambda v: is_number(v) or v == "inf", "a number", default=None)
    classifier.max_gap_ = number(gap)
    classifier._gap_temperature = document.value(
        "gap_temperature", is_positive, "a positive number", default=1.0
    )
    return classifier
