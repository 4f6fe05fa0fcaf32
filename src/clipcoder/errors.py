"""Every error a user can cause, under one base class.

Each message is one sentence that says what was expected, what came, and how to mend it.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class ClipcoderError(Exception):
    """Base class of all errors that clipcoder raises on purpose; with them the command line exits with 2.

    They can be pickled, whatever they are made from: a pool of processes hands them to its caller that way.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[ClipcoderError], args: tuple[Any, ...], facts: dict[str, Any]) -> ClipcoderError:
    error = kind.__new__(kind)
    super(ClipcoderError, error).__init__(*args)  # not its own one, which makes the message of other things
    error.__dict__.update(facts)
    return error


class InvalidInputError(ClipcoderError, ValueError):
    """An argument, an array or a file has the wrong shape, type or content."""


class UnknownNameError(ClipcoderError, LookupError):
    """A name (of a model, a method, a kind of text) is not among the known ones.

    Args:
        what: what was named, such as ``"model"``.
        name: the name that came.
        choices: the known names; the nearest of them are listed in the message.
    """

    def __init__(self, what: str, name: str, choices: Iterable[str]) -> None:
        known = list(choices)
        near = get_close_matches(name, known, n=3, cutoff=0.4) or known[:8]
        super().__init__(f"unknown {what} {name!r}: did you mean {' or '.join(repr(n) for n in near)}?")
        self.name = name
        self.choices = tuple(known)


class MissingExtraError(ClipcoderError, ImportError):
    """An optional dependency is needed and not installed.

    Args:
        what: what needs it, such as ``"writing Parquet"``.
        extra: the extra of this package that brings it.
    """

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional dependency: pip install 'clipcoder[{extra}]'")
        self.extra = extra


class UnreadableImageError(ClipcoderError):
    """A file or buffer that should hold an image cannot be decoded.

    Args:
        source: the path, or a short description of the buffer.
        reason: why, in a few words.
    """

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"cannot read the image {source}: {reason}")
        self.source = source
        self.reason = reason


class ModelUnavailableError(ClipcoderError):
    """A published model cannot be fetched.

    Args:
        name: its name.
        source: where it was looked for.
        reason: why it could not be had, in a few words.
    """

    def __init__(self, name: str, source: str, reason: str) -> None:
        super().__init__(
            f"cannot fetch the model {name!r} from {source}: {reason}; without a network, use 'starter' or a "
            "local folder as 'onnx:FOLDER'"
        )
        self.name = name
        self.reason = reason


class LanguageModelError(ClipcoderError):
    """A language model cannot be asked, or its endpoint does not answer as it should."""
