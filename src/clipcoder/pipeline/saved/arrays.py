"""Arrays in a safetensors file, and back: only those that belong there, all finite, in shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from clipcoder.errors import InvalidInputError

Arrays = Mapping[str, npt.NDArray[Any]]
Shape = Sequence[int | str]
"""The length of each side, or a name; sides of one name are of one length."""

INDEX: Final = np.dtype(np.int64)
"""What indices are kept as, on any machine."""


def to_bytes(arrays: Arrays) -> bytes:
    """Return the content of a safetensors file."""
    content: bytes = save({name: np.ascontiguousarray(_portable(array)) for name, array in arrays.items()})
    return content


def from_bytes(content: bytes, where: str) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a safetensors file.

    Args:
        content: of the file.
        where: what the file is called, for the message.

    Raises:
        InvalidInputError: it is no such file, or an array has a type that this program does not know.
    """
    try:
        return dict(load(content))
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InvalidInputError(f"{where} is no safetensors file that can be read: {error}") from error


def checked(
    arrays: Arrays,
    shapes: Mapping[str, Shape],
    sides: Mapping[str, int],
    where: str,
    *,
    indices: Sequence[str] = (),
) -> None:
    """Refuse arrays other than those that are needed.

    Args:
        arrays: by name.
        shapes: the shape of each that is needed.
        sides: how long the named sides are, as far as that is known; others are taken as they come.
        where: what the file is called, for the message.
        indices: which of them hold integers instead of float32.

    Raises:
        InvalidInputError: one lacks, is too many, or has another shape or type, or a number is not finite.
    """
    if arrays.keys() != shapes.keys():
        raise InvalidInputError(
            f"{where} must hold the arrays {', '.join(sorted(shapes))}, but it holds "
            f"{', '.join(sorted(arrays)) or 'none'}"
        )
    known = dict(sides)
    for name, shape in shapes.items():
        array = arrays[name]
        wanted = INDEX if name in indices else np.dtype(np.float32)
        fits = len(shape) == array.ndim and all(
            known.setdefault(side, length) == length if isinstance(side, str) else side == length
            for side, length in zip(shape, array.shape, strict=True)
        )
        if not fits or array.dtype != wanted:
            lengths = ", ".join(
                str(known.get(side, side) if isinstance(side, str) else side) for side in shape
            )
            raise InvalidInputError(
                f"{name} in {where} must be {wanted} of shape ({lengths}), but it is {array.dtype} of shape "
                f"{array.shape}"
            )
        if not np.isfinite(array).all():
            raise InvalidInputError(f"{name} in {where} must hold finite numbers, but it has NaN or infinity")


def _portable(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return array.astype(INDEX) if array.dtype.kind in "iu" else array
