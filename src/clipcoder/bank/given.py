"""From ready sentences to the entries of banks: they are encoded as they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from clipcoder.bank.entries import BankText, PairText
from clipcoder.errors import InvalidInputError
from clipcoder.source import Source

_Mapping = TypeVar("_Mapping", bound=Mapping[str, Any])


def given_texts(
    texts: Mapping[str, Sequence[str] | Mapping[str, Sequence[str]]], source: Source
) -> Iterator[BankText]:
    """Yield the entries of a text bank: for each class those of each kind, or plainly its attributes.

    Raises:
        InvalidInputError: no mapping, or texts that are no list.

    >>> [entry.kind for entry in given_texts({"cat": ["purrs"], "dog": {"name": ["a dog"]}}, Source("me"))]
    ['attribute', 'name']
    """
    for name, given in _as_mapping(texts, "texts", "each class name to its texts").items():
        by_kind: Mapping[Any, Sequence[str]] = given if isinstance(given, Mapping) else {"attribute": given}
        for kind, sentences in by_kind.items():
            for text in _as_list(sentences, repr(name)):
                yield BankText(text, name, kind, source)


def given_pairs(texts: Mapping[str, Mapping[str, Sequence[str]]], source: Source) -> Iterator[PairText]:
    """Yield the entries of a pair bank: for each class how it differs from each other one.

    Raises:
        InvalidInputError: no mapping, or texts that are no list.

    >>> [entry.other for entry in given_pairs({"crow": {"swan": ["black"], "jay": ["dull"]}}, Source("me"))]
    ['swan', 'jay']
    """
    for name, others in _as_mapping(texts, "texts", "each class name to the others").items():
        by_other = _as_mapping(others, f"the texts on {name!r}", "other classes to texts")
        for other, sentences in by_other.items():
            for text in _as_list(sentences, f"{name!r} and {other!r}"):
                yield PairText(text, name, other, source)


def _as_mapping(texts: _Mapping, what: str, of_what: str) -> _Mapping:
    """Return a mapping unchanged."""
    if not isinstance(texts, Mapping):
        raise InvalidInputError(f"{what} must map {of_what}, not be a {type(texts).__name__}")
    return texts


def _as_list(texts: Sequence[str], about: str) -> Sequence[str]:
    """Return a list of texts unchanged; a single string, whose letters would pass for texts, is refused."""
    if isinstance(texts, str) or not isinstance(texts, Iterable):
        raise InvalidInputError(
            f"the texts on {about} must come as a list, not as {texts!r}; write [{texts!r}]"
        )
    return texts
