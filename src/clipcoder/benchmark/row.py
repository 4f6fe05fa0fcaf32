"""A row: the result of one cell, with everything that made it, as a dataclass and as a JSON object."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any, Final, Literal, Self, get_args, get_origin, get_type_hints

from clipcoder.errors import InvalidInputError

SCHEMA: Final = 1
"""The version of the form of a row."""

_ID: Final = re.compile("[0-9a-f]{16}")  # it names a file, too

Protocol = Literal["strict", "reference"]
"""``"strict"``: nothing is chosen on the images that are evaluated. ``"reference"``: as published."""


@dataclass(frozen=True)
class EncoderFacts:
    """Which encoder it was: its name, and a digest of all that its features depend on."""

    name: str
    hash: str


@dataclass(frozen=True)
class DatasetFacts:
    """Which images were evaluated.

    Attributes:
        name: the data set.
        title: the same for people.
        hash: a digest of class names, keys and labels of all splits (``Dataset.fingerprint``).
        evaluated: the split.
        images: how many images it has.
        classes: how many classes there are.
    """

    name: str
    title: str
    hash: str
    evaluated: str
    images: int
    classes: int


@dataclass(frozen=True)
class TextFacts:
    """Which texts there were: where they came from ("" for the method's own prompts), and their digest."""

    source: str
    hash: str


@dataclass(frozen=True)
class Seconds:
    """How long it took.

    Attributes:
        encode: to encode the evaluated images, once for all rows of a run; little, where features were kept.
        fit: to learn.
        score: to predict all images.
    """

    encode: float
    fit: float
    score: float


@dataclass(frozen=True)
class Row:
    """What came of one cell.

    Attributes:
        id: 16 hexadecimal digits, a digest of all that defines the cell; versions are not part of it.
        protocol: under which it was made.
        encoder: what made the features.
        dataset: what was evaluated.
        texts: what was known of the classes.
        method: such as ``"coder"``.
        shots: labelled images a class; 0 for a zero-shot method.
        seed: of the draw of labelled images, or of random words; None for a method without chance.
        options: settings that were stated.
        chosen: settings that the method chose.
        accuracy: the share of all images that is right, in [0, 1]; an image that cannot be read is wrong.
        class_accuracy_mean: the mean of the accuracies of those classes that have images.
        ece: expected calibration error of the images that can be read (15 bins), in [0, 1].
        failed: the keys of evaluated images that could not be read.
        left_out: the keys of labelled images that could not be read, so that nothing was learned from them.
        seconds: how long it took.
        peak_memory_mb: the most memory that the process had held until then, in MB of 10^6 bytes; None where
            the system does not say.
        versions: of this package, Python and the libraries that numbers depend on.
        made: date and time, UTC, ISO 8601.
    """

    id: str
    protocol: Protocol
    encoder: EncoderFacts
    dataset: DatasetFacts
    texts: TextFacts
    method: str
    shots: int
    seed: int | None
    accuracy: float
    class_accuracy_mean: float
    ece: float
    seconds: Seconds
    peak_memory_mb: float | None
    versions: Mapping[str, str]
    made: str
    options: Mapping[str, Any] = field(default_factory=dict)
    chosen: Mapping[str, Any] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as an object of plain values."""
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def from_json(cls, record: object) -> Self:
        """Return the row that an object holds.

        Raises:
            InvalidInputError: no object, another version, or a field that is missing, unknown or wrong.
        """
        if not isinstance(record, dict) or record.get("schema") != SCHEMA:
            came = record.get("schema") if isinstance(record, dict) else type(record).__name__
            raise InvalidInputError(
                f'a row must be a JSON object with "schema": {SCHEMA}, but got {came!r}; '
                "read it with the version of clipcoder that wrote it"
            )
        row = _read(cls, {name: value for name, value in record.items() if name != "schema"}, "the row")
        assert isinstance(row, cls)
        _expect(_ID.fullmatch(row.id) is not None, "16 hexadecimal digits", row.id, "the row's id")
        return row


def _read(kind: Any, value: object, spot: str) -> object:
    """Return a value as the type that a field has; errors name the spot."""
    if is_dataclass(kind):
        return _read_fields(kind, value, spot)
    if get_origin(kind) is types.UnionType:
        kinds = get_args(kind)
        return None if value is None and types.NoneType in kinds else _read(kinds[0], value, spot)
    if get_origin(kind) is Literal:
        _expect(value in get_args(kind), " or ".join(map(repr, get_args(kind))), value, spot)
    elif get_origin(kind) is tuple:
        _expect(_is_list_of_texts(value), "a list of texts", value, spot)
        return tuple(value)  # type: ignore[arg-type]
    elif get_origin(kind) is Mapping:
        _expect(isinstance(value, dict), "an object", value, spot)
    elif kind is float:
        _expect(_is_number(value), "a number", value, spot)
        return float(value)  # type: ignore[arg-type]
    elif kind is int:
        _expect(isinstance(value, int) and not isinstance(value, bool), "a whole number", value, spot)
    else:
        _expect(_is_text(value), "a text", value, spot)
    return value


def _read_fields(kind: Any, value: object, spot: str) -> object:
    _expect(isinstance(value, dict), "an object", value, spot)
    assert isinstance(value, dict)
    hints = get_type_hints(kind)
    for name in value:
        if name not in hints:
            raise InvalidInputError(f"{spot} has a field {name!r}, which nobody knows; leave it out")
    for one in fields(kind):
        if one.name not in value:
            raise InvalidInputError(f"{spot} must have a field {one.name!r}, but it has none; make it again")
    return kind(**{name: _read(hints[name], found, f"{spot}'s {name}") for name, found in value.items()})


def _is_number(value: object) -> bool:
    """Whether it is a number that can be a float; JSON as Python reads it may be NaN, or of any length."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _is_text(value: object) -> bool:
    """Whether it is a text that can be written: no half of a pair of surrogates."""
    return isinstance(value, str) and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(text, str) for text in value)


def _expect(holds: bool, expected: str, value: object, spot: str) -> None:
    if not holds:
        raise InvalidInputError(f"{spot} must be {expected}, but it is {str(value)[:40]!r}")
