"""Errors: one sentence each, and the same one after a journey between processes."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from clipcoder.errors import (
    ClipcoderError,
    InvalidInputError,
    LanguageModelError,
    MissingExtraError,
    ModelUnavailableError,
    UnknownNameError,
    UnreadableImageError,
)

ERRORS = [
    InvalidInputError("no such thing"),
    UnknownNameError("model", "startr", ["starter"]),
    MissingExtraError("writing Parquet", "parquet"),
    UnreadableImageError("'photo.jpg'", "it is a folder"),
    ModelUnavailableError("tiny", "somewhere", "the disk is full"),
    LanguageModelError("nobody answers"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("way", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy])
def test_an_error_can_be_handed_to_another_process(
    error: ClipcoderError, way: Callable[[ClipcoderError], ClipcoderError]
) -> None:
    there = way(error)
    assert there is not error
    assert type(there) is type(error)
    assert (str(there), there.args, vars(there)) == (str(error), error.args, vars(error))
