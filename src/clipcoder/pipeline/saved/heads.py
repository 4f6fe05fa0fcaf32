"""Few-shot heads taken apart into arrays and plain numbers, and put together again."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from clipcoder.adapters.heads import HEADS, Head
from clipcoder.encoders.json_file import JsonFile, is_number
from clipcoder.errors import InvalidInputError
from clipcoder.pipeline.saved.arrays import Arrays, Shape, checked

SHAPES: Final[dict[str, dict[str, Shape]]] = {
    "linear": {"weights": "Cd", "bias": "C", "prototypes": "Cd"},
    "cache": {"prototypes": "Cd", "keys": "sk", "labels": "s", "vote_weight": "s", "projection": "dk"},
}
"""The arrays of each head and their shapes: C classes, d dimensions, s support images, k projected ones."""

_LABELS: Final = "labels"
PREFIX: Final = "head."


def take_apart(head: Head) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Return the kind and the numbers of a head, and its arrays by name.

    Raises:
        InvalidInputError: a head of another kind than ``adapters.heads.HEADS`` has.
    """
    kind = next((kind for kind, form in HEADS.items() if type(head) is form), None)
    if kind is None:
        raise InvalidInputError(
            f"a classifier with one of the heads {', '.join(HEADS)} can be saved, not with a "
            f"{type(head).__name__}"
        )
    parts = {field.name: getattr(head, field.name) for field in fields(HEADS[kind])}
    arrays = {f"{PREFIX}{name}": parts.pop(name) for name in SHAPES[kind]}
    return {"kind": kind, **parts}, arrays


def put_together(facts: JsonFile, arrays: Arrays, n_classes: int, dim: int, where: str) -> Head:
    """Return the head of some facts and arrays, of which those that are no head's are left alone.

    Raises:
        InvalidInputError: an unknown kind, a number that lacks or is none, or arrays that do not fit.
    """
    kind = facts.value("kind", lambda v: v in list(HEADS), f"one of {', '.join(HEADS)}")
    own: dict[str, Any] = {
        name.removeprefix(PREFIX): a for name, a in arrays.items() if name.startswith(PREFIX)
    }
    shapes = dict(SHAPES[kind])
    if "projection" in own and not own["projection"].size:  # the identity
        shapes |= {"projection": (0, 0), "keys": "sd"}
    checked(own, shapes, {"C": n_classes, "d": dim}, where, indices=[_LABELS])
    if _LABELS in own:
        own[_LABELS] = _positions(own[_LABELS], n_classes, where)
    numbers: dict[str, Any] = {
        field.name: _number(facts, field.name, str(field.type))
        for field in fields(HEADS[kind])
        if field.name not in own
    }
    return HEADS[kind](**own, **numbers)


def _number(facts: JsonFile, name: str, kind: str) -> float | bool:
    if kind == "bool":
        return bool(facts.value(name, lambda v: isinstance(v, bool), "true or false"))
    return float(facts.value(name, is_number, "a number"))


def _positions(labels: npt.NDArray[Any], n_classes: int, where: str) -> npt.NDArray[np.intp]:
    if labels.size and not (labels.min() >= 0 and labels.max() < n_classes):
        raise InvalidInputError(f"labels in {where} must be positions of its {n_classes} classes")
    return labels.astype(np.intp)
