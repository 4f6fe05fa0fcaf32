"""A fitted ``FewShotClassifier`` taken apart and put together."""

from __future__ import annotations

from clipcoder.adapters.fitted import Fitted
from clipcoder.encoded import EncodedTexts, check_bank
from clipcoder.encoders.json_file import is_count
from clipcoder.errors import InvalidInputError
from clipcoder.pipeline.few_shot import FewShotClassifier
from clipcoder.pipeline.saved import heads
from clipcoder.pipeline.saved.arrays import checked
from clipcoder.pipeline.saved.parts import Parts, Stored
from clipcoder.pipeline.saved.settings import checked_settings, numbers, plain, settings_of

KIND = "few-shot"


def take_apart(classifier: FewShotClassifier) -> Parts:
    """Return what a classifier is made of.

    Raises:
        InvalidInputError: it has not been fitted.
    """
    if not classifier.__sklearn_is_fitted__():
        raise InvalidInputError(
            "a FewShotClassifier can be saved once it is fitted: call fit(images, labels)"
        )
    fitted = classifier.fitted_
    head, arrays = heads.take_apart(fitted.head)
    if classifier._texts is not None:
        arrays["texts"] = classifier._texts.features
    facts = {
        "settings": settings_of(classifier),
        "chosen": {name: plain(value, name) for name, value in fitted.settings.items()},
        "dim": classifier.n_features_in_,
        "head": head,
    }
    bank = None if classifier._texts is None else classifier._texts.bank
    return Parts(KIND, facts, classifier.encoder, bank, None, arrays)


def put_together(stored: Stored) -> FewShotClassifier:
    """Return the classifier of these parts.

    Raises:
        InvalidInputError: parts that do not belong together.
    """
    document, encoder, bank = stored.document, stored.encoder, stored.bank
    settings = checked_settings(document.section("settings"), FewShotClassifier)
    dim = document.value("dim", is_count, "a whole number, 1 or more")
    if encoder is not None and encoder.dim != dim:
        raise InvalidInputError(
            f"'dim' in '{document.path}' must be that of the encoder, {encoder.dim}, not {dim}"
        )
    classifier = FewShotClassifier(encoder, bank, **settings)
    head = heads.put_together(document.section("head"), stored.arrays, len(stored.classes), dim, stored.where)
    texts = {name: array for name, array in stored.arrays.items() if not name.startswith(heads.PREFIX)}
    checked(texts, {} if bank is None else {"texts": (len(bank), "d")}, {"d": dim}, stored.where)
    classifier.fitted_ = Fitted(head, numbers(document.section("chosen")))
    classifier.n_features_in_ = dim
    if bank is not None:
        check_bank(bank, classifier.texts)
        if sorted(bank.class_names) != stored.classes:
            raise InvalidInputError(f"the classes in '{document.path}' must be those of its bank")
        encoded = EncodedTexts.of(bank, classifier.texts, stored.arrays["texts"])
        classifier.__dict__["_texts"] = encoded
        if encoder is None:
            classifier.bank = encoded
    return classifier
