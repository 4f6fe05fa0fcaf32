"""Labels that note every prediction that they are compared with.

The published functions return accuracies and keep predictions to themselves. They do compare them with the
labels that they are given, and there each prediction can be read off, without a change to the code.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

NOTED: list[npt.NDArray[np.int64]] = []
"""The predictions of every comparison so far, those of one image a column."""


class Numbers(np.ndarray[Any, Any]):
    """An array that is a number where it holds one."""

    def __float__(self) -> float:
        return float(self.item())


class NumberSheet(Numbers):
    """Labels as an array."""

    def __eq__(self, other: Any) -> Any:
        NOTED.append(np.array(other, dtype=np.int64).reshape(-1))
        return np.asarray(self) == np.asarray(other)

    __hash__ = None  # type: ignore[assignment]


class AnswerSheet(torch.Tensor):  # type: ignore[misc]  # torch is not there where types are checked
    """Labels as a tensor; made by ``labels.as_subclass(AnswerSheet)``."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.Tensor.eq and not isinstance(args[0], cls):
            NOTED.append(args[0].reshape(-1).numpy().astype(np.int64))
            return torch.Tensor.eq(args[0], args[1].as_subclass(torch.Tensor))
        return super().__torch_function__(func, types, args, kwargs or {})


def as_numbers(numpy: Any) -> Any:
    """Return ``Tensor.numpy`` such that arrays convert to a number where they hold only one.

    All arrays did so before NumPy 2.4, and the published code counts on it. Labels stay labels.
    """

    def converted(tensor: torch.Tensor, **options: Any) -> Numbers:
        kind = NumberSheet if isinstance(tensor, AnswerSheet) else Numbers
        plain: npt.NDArray[Any] = numpy(tensor.as_subclass(torch.Tensor), **options)
        return plain.view(kind)

    return converted


def noted(length: int) -> npt.NDArray[np.int64]:
    """Return the predictions since the last call and forget them.

    Args:
        length: how many images there are.

    Returns:
        Of each pass over all images their predictions, integers of shape (passes, length).
    """
    found = np.concatenate(NOTED) if NOTED else np.empty(0, dtype=np.int64)
    NOTED.clear()
    return found.reshape(-1, length)
