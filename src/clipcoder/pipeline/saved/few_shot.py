"""A fitted ``FewShotClassifier`` taken apart and put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from clipcoder.adapters.fitted import Fitted
from clipcoder.adapters.heads import CacheHead, Head
from clipcoder.encoded import EncodedTexts, check_bank
from clipcoder.encoders.json_file import JsonFile, is_count
from clipcoder.errors import InvalidInputError
from clipcoder.pipeline.few_shot import FewShotClassifier
from clipcoder.pipeline.saved import heads
from clipcoder.pipeline.saved.arrays import checked
from clipcoder.pipeline.saved.measures import read_metrics
from clipcoder.pipeline.saved.parts import Parts, Stored
from clipcoder.pipeline.saved.settings import checked_settings, numbers, plain, settings_of

KIND: Final = "few-shot"


def take_apart(classifier: FewShotClassifier, *, example_names: bool = False) -> Parts:
    """Return what a classifier is made of.

    Args:
        classifier: the classifier.
        example_names: whether that includes what to call the labelled images that vote, if there are any.

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
        "examples": _names(classifier) if example_names else None,
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
    classifier._examples = _examples(document, head)
    if bank is not None:
        check_bank(bank, classifier.texts)
        if sorted(bank.class_names) != stored.classes:
            raise InvalidInputError(f"the classes in '{document.path}' must be those of its bank")
        encoded = EncodedTexts.of(bank, classifier.texts, stored.arrays["texts"])
        classifier.__dict__["_texts"] = encoded
        if encoder is None:
            classifier.bank = encoded
    return classifier


def _names(classifier: FewShotClassifier) -> list[str | None] | None:
    """Return what to call the labelled images, in letters that can be shown; None where none of them votes.

    Names of files may hold what no file of text can, and what a terminal takes for orders.
    """
    if not isinstance(classifier.fitted_.head, CacheHead):
        return None
    names = [name and _shown(name) for name in classifier._examples or ()]
    return names if any(names) else None


def _shown(name: str) -> str:
    r"""Return a name whose letters can all be shown.

    >>> _shown("cat\x1b.jpg")
    'cat\\x1b.jpg'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def _examples(document: JsonFile, head: Head) -> Sequence[str | None] | None:
    """Return what to call each labelled image that votes: None where that was not saved.

    Raises:
        InvalidInputError: what are no names, or not as many as there are images.
    """
    if not isinstance(head, CacheHead):
        return None
    count = min(sum(read_metrics(document.section("metrics")).shots), len(head.labels))
    names: Sequence[str | None] = document.value(
        "examples",
        lambda v: isinstance(v, list) and len(v) == count and all(map(_is_name, v)),
        f"a list of {count} names, one of each labelled image, or null",
        default=[None] * count,
    )
    return names


def _is_name(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value.isprintable())
