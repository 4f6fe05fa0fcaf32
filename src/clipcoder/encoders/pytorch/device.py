"""What torch computes on, and in which precisions."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from clipcoder.encoders.base import Precision
from clipcoder.errors import InvalidInputError, MissingExtraError

if TYPE_CHECKING:
    import torch


def need(package: str, what: str, extra: str) -> None:
    """Refuse to go on without an optional package.

    Raises:
        MissingExtraError: it is not installed.

    Example:
        >>> need("absent_package", "what it is for", "fast")
        Traceback (most recent call last):
            ...
        clipcoder.errors.MissingExtraError: what it is for needs an optional dependency: \
pip install 'clipcoder[fast]'
    """
    if find_spec(package) is None:
        raise MissingExtraError(what, extra)


def chosen_device(device: str | None) -> torch.device:
    """Return a device of torch: the named one, or else a CUDA device if there is one, or else the processor.

    Raises:
        InvalidInputError: torch knows no such device, or this machine has none.
    """
    import torch

    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.zeros(1, device=chosen).cpu()  # the meta device holds no numbers that could come back
    except (RuntimeError, AssertionError, ImportError) as error:
        reason = " ".join(str(error).split())[:160]
        raise InvalidInputError(
            f"torch cannot compute on the device {device!r} ({reason}); name one that it has, such as 'cpu'"
        ) from error
    return chosen


def offered_precisions(device: torch.device) -> list[Precision]:
    """Return what torch computes in at a fair speed on a device, float32 first."""
    return ["float32", "bfloat16"] if device.type == "cpu" else ["float32", "bfloat16", "float16"]


def dtype_of(precision: Precision) -> torch.dtype:
    """Return torch's name of a precision."""
    import torch

    dtype: torch.dtype = getattr(torch, precision)
    return dtype


def described(device: torch.device) -> str:
    """Return what a device is called, by the model of the card if it is one."""
    import torch

    return str(torch.cuda.get_device_name(device)) if device.type == "cuda" else str(device.type)
