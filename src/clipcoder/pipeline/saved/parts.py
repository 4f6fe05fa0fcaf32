"""A classifier taken apart: what goes into the files of a saved one, and what comes out of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from clipcoder.bank import PairBank, TextBank
from clipcoder.bank.names import checked_text
from clipcoder.encoders.base import Encoder
from clipcoder.encoders.json_file import JsonFile
from clipcoder.errors import InvalidInputError
from clipcoder.pipeline.saved.arrays import Arrays


@dataclass(frozen=True)
class Parts:
    """What a classifier is made of.

    Attributes:
        kind: ``"zero-shot"`` or ``"few-shot"``.
        facts: what else the document says, plain values.
        arrays: what the safetensors file holds, by name.
        encoder: the encoder; None where features go in.
        bank: the texts, if there are any.
        pairs: the one-to-one texts, if there are any.
    """

    kind: str
    facts: Mapping[str, Any]
    encoder: Encoder | None = None
    bank: TextBank | None = None
    pairs: PairBank | None = None
    arrays: Arrays = field(default_factory=dict)


@dataclass(frozen=True)
class Stored:
    """What the files of a saved classifier hold, each of them sound by itself.

    Attributes:
        document: the rest of ``classifier.json``.
        classes: the class names.
        encoder: the encoder; None where features go in.
        bank: the texts, if there are any.
        pairs: the one-to-one texts, if there are any.
        arrays: by name.
        where: what the file of the arrays is called, for messages.
    """

    document: JsonFile
    classes: list[Any]
    encoder: Encoder | None
    bank: TextBank | None
    pairs: PairBank | None
    arrays: Arrays
    where: str


def plain_classes(classes: npt.NDArray[Any]) -> list[str | int | float | bool]:
    """Return class names or labels as JSON has them.

    Raises:
        InvalidInputError: labels that are neither texts nor numbers.

    >>> import numpy as np
    >>> plain_classes(np.array(["cat", "dog"]))
    ['cat', 'dog']
    """
    values = classes.tolist()
    if not all(isinstance(value, str | int | float) for value in values):
        raise InvalidInputError(
            f"classes that are texts or numbers can be saved, but there is {values[0]!r}; rename them"
        )
    for value in values:
        if isinstance(value, str):
            checked_text(value, "a class name to save", blank=True)
    return list(values)
