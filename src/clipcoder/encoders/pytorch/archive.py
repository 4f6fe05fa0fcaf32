"""The tensors of a TorchScript archive, such as OpenAI's own ``.pt`` files, read without running any of it.

Such an archive is a zip file: programs under ``code/``, the raw numbers of each tensor under ``data/``, and
in ``data.pkl`` a pickle of the module that says which tensor lies where. ``torch.jit.load`` would compile the
programs; here they are left alone.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clipcoder.encoders.pytorch.module_pickle import RefusedError, Storage, View, read_module
from clipcoder.errors import InvalidInputError

if TYPE_CHECKING:
    from torch import Tensor

_PICKLE: Final = "data.pkl"
_CONSTANTS: Final = "constants.pkl"  # every TorchScript archive has it, and no other file of torch
_MOST_PICKLE: Final = 16 << 20  # bytes of a pickle: the largest published model needs less than one megabyte
_TOLD: Final = 160  # characters of what a broken file makes others say


def is_torch_archive(path: Path) -> bool:
    """Whether a file is a TorchScript archive, going by its table of contents.

    >>> is_torch_archive(Path(__file__))
    False
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.partition("/")[2] == _CONSTANTS for name in archive.namelist())
    except Exception:  # zipfile stumbles over a broken table of contents in many ways
        return False


def read_archive(path: Path) -> dict[str, Tensor]:
    """Return the tensors of the module in a TorchScript archive by their names in its state dictionary.

    Args:
        path: the file. Nothing in it is executed.

    Returns:
        Parameters and buffers on the CPU, in the archive's own precision.

    Raises:
        InvalidInputError: the file is broken or cut off, or its pickle asks for more than tensors.
    """
    with _opened(path) as records:
        return records.tensors(read_module(records.pickled()))


def names_in_archive(path: Path) -> set[str]:
    """Return what ``read_archive`` would name its tensors, without reading their numbers.

    Raises:
        InvalidInputError: as there.
    """
    with _opened(path) as records:
        return set(read_module(records.pickled()))


@contextmanager
def _opened(path: Path) -> Iterator[_Records]:
    """Open an archive, and say in one sentence what is wrong with it."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield _Records(archive)
    except RefusedError as error:
        raise InvalidInputError(f"'{path}' is refused: {_line(error)}") from error
    except (
        Exception
    ) as error:  # a broken file makes zipfile, pickle and torch stumble over whatever comes next
        raise InvalidInputError(
            f"'{path}' is a broken TorchScript archive ({_line(error)[:_TOLD]}); get the file again"
        ) from error


def _line(error: Exception) -> str:
    """Return what an error says on one line; what it quotes of the file may hold anything."""
    printable = "".join(character if character.isprintable() else " " for character in str(error))
    return " ".join(printable.split()) or type(error).__name__


class _Records:
    """The records of an archive, none of which is taken to be larger than it says or than makes sense."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        names = archive.namelist()
        pickles = [name for name in names if name.partition("/")[2] == _PICKLE]
        if not pickles:
            raise ValueError(f"it lacks {_PICKLE}")
        self._root = pickles[0].partition("/")[0]
        if f"{self._root}/byteorder" in names and self._read("byteorder", 16) != b"little":
            raise RefusedError("its numbers are not in little-endian order; save it again")

    def pickled(self) -> bytes:
        return self._read(_PICKLE, _MOST_PICKLE)

    def tensors(self, views: Mapping[str, View]) -> dict[str, Tensor]:
        """Return tensors; those that share a storage are views of it."""
        storages = {storage: self._whole(storage) for storage in {view.storage for view in views.values()}}
        return {  # torch refuses a view that reaches beyond its storage
            name: storages[view.storage].as_strided(view.size, view.stride, view.offset)
            for name, view in views.items()
        }

    def _whole(self, storage: Storage) -> Tensor:
        """Return the flat tensor over a storage, which must hold exactly what the pickle says."""
        import torch

        dtype = getattr(torch, storage.dtype)
        n_bytes = storage.length * dtype.itemsize
        content = bytearray(self._read(f"data/{storage.key}", n_bytes))
        if len(content) != n_bytes:
            raise ValueError(f"storage {storage.key} holds {len(content):,} bytes instead of {n_bytes:,}")
        return torch.frombuffer(content, dtype=dtype) if content else torch.empty(0, dtype=dtype)

    def _read(self, name: str, most: int) -> bytes:
        record = self._archive.getinfo(f"{self._root}/{name}")
        if record.file_size > most:
            raise ValueError(f"{name} holds {record.file_size:,} bytes instead of {most:,}")
        return self._archive.read(record)
