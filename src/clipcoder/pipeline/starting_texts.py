"""The texts that a few-shot classifier starts from: a bank, encoded or yet to be, or none at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray
from clipcoder.bank import TextBank
from clipcoder.encoded import EncodedTexts, Method, check_bank, check_encoder
from clipcoder.encoders.base import Encoder
from clipcoder.errors import InvalidInputError


def check_texts(encoder: Encoder | None, bank: TextBank | EncodedTexts | None, rule: Method) -> None:
    """Refuse an encoder or a bank that is none, and texts that nothing encodes.

    Raises:
        InvalidInputError: see above, or a class without a text for the rule.
        UnknownNameError: an unknown rule.
    """
    if encoder is not None:
        check_encoder(encoder)
    texts = bank.bank if isinstance(bank, EncodedTexts) else bank
    if texts is not None:
        check_bank(texts, rule)
    if encoder is None and isinstance(bank, TextBank):
        raise InvalidInputError(
            "a bank of texts needs an encoder, but there is none; give one, or make "
            "bank=EncodedTexts.encode(encoder, bank)"
        )


def encoded_texts(
    encoder: Encoder | None, bank: TextBank | EncodedTexts | None, rule: Method
) -> EncodedTexts | None:
    """Return the texts under a rule, encoded if they are not yet; None where there are none.

    Encoder and bank must have passed ``check_texts``.
    """
    if isinstance(bank, EncodedTexts):
        return bank.under(rule)
    if bank is None:
        return None
    assert encoder is not None
    return EncodedTexts.encode(encoder, bank, rule)


def class_prototypes(texts: EncodedTexts | None, classes: npt.NDArray[Any], dim: int) -> FloatArray:
    """Return what the texts make of each class.

    Args:
        texts: the bank; None where images alone count.
        classes: the sorted class names, of shape (C,); with texts, those of the bank.
        dim: the width d of the features.

    Returns:
        float32 prototypes of shape (C, d), zeros without texts.

    >>> class_prototypes(None, np.array(["cat", "dog"]), 3).shape
    (2, 3)
    """
    if texts is None:
        return np.zeros((len(classes), dim), dtype=np.float32)
    order = np.argsort(np.array(texts.bank.class_names))
    return texts.head.class_prototypes()[order]
