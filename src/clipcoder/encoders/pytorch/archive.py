"""The tensors of a TorchScript archive, such as OpenAI's own ``.pt`` files, read without running any of it.

Such an archive is a zip file: programs under ``code/``, the raw numbers of each tensor under ``data/``, and
in ``data.pkl`` a pickle of the module that says which tensor lies where. ``torch.jit.load`` would compile the
programs, and a pickle can call whatever it names. Here the programs are left alone, and the pickle may name
an ordered dictionary, the kinds of storage, the function that makes a tensor of a storage, and the archive's
own classes, which become plain bags of attributes. With any other name the archive is refused.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clipcoder.errors import InvalidInputError

if TYPE_CHECKING:
    from torch import Tensor

_CLASSES: Final = "__torch__"  # the package of the classes that an archive defines
_PICKLE: Final = "data.pkl"
_CONSTANTS: Final = "constants.pkl"  # every TorchScript archive has it, and no other file of torch
_MOST_PICKLE: Final = 64 << 20  # bytes of a pickle: the largest published model needs less than one megabyte
_MOST_MODULES: Final = 100_000
_DTYPES: Final = {
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "ShortStorage": "int16",
    "IntStorage": "int32",
    "LongStorage": "int64",
    "BoolStorage": "bool",
}


def is_torch_archive(path: Path) -> bool:
    """Whether a file is a TorchScript archive, going by its table of contents.

    >>> is_torch_archive(Path(__file__))
    False
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.partition("/")[2] == _CONSTANTS for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
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
    try:
        with zipfile.ZipFile(path) as archive:
            module = _Unpickler(_Records(archive)).load()
        return dict(_tensors(module))
    except pickle.UnpicklingError as error:
        raise InvalidInputError(f"'{path}' is refused: {error}") from error
    except Exception as error:  # a broken pickle makes the unpickler stumble over whatever comes next
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InvalidInputError(
            f"'{path}' is a broken TorchScript archive ({reason}); get the file again"
        ) from error


class _Records:
    """The records of an archive, none of which is taken to be larger than it says or than makes sense."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        names = archive.namelist()
        self._root = next(name.partition("/")[0] for name in names if name.endswith(f"/{_PICKLE}"))
        if f"{self._root}/byteorder" in names and self._read("byteorder", 16) != b"little":
            raise pickle.UnpicklingError("its numbers are not in little-endian order; save it again")

    def pickled(self) -> bytes:
        return self._read(_PICKLE, _MOST_PICKLE)

    def storage(self, key: str, n_bytes: int) -> bytearray:
        """Return the numbers of a storage, which must be exactly as many as the pickle says."""
        content = bytearray(self._read(f"data/{key}", n_bytes))
        if len(content) != n_bytes:
            raise ValueError(f"storage {key} holds {len(content):,} bytes instead of {n_bytes:,}")
        return content

    def _read(self, name: str, most: int) -> bytes:
        record = self._archive.getinfo(f"{self._root}/{name}")
        if record.file_size > most:
            raise ValueError(f"{name} holds {record.file_size:,} bytes instead of {most:,}")
        return self._archive.read(record)


class _Unpickler(pickle.Unpickler):
    """Admits what tensors need by name; everything else ends the reading before it is called.

    What it admits is made anew for each file, for a pickle may set attributes of what it is given.
    """

    def __init__(self, records: _Records) -> None:
        super().__init__(io.BytesIO(records.pickled()))
        self._records = records
        self._storages: dict[str, Tensor] = {}
        self._module = type("Module", (_Module,), {})
        self._admitted = _admitted()

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for a name of the pickle."""
        if (module, name) in self._admitted:
            return self._admitted[module, name]
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        if module.partition(".")[0] == _CLASSES:
            return self._module
        raise pickle.UnpicklingError(
            f"its pickle asks for {module}.{name}, which weights have no need of and which could execute "
            "anything; get them from their publisher, best as .safetensors"
        )

    def persistent_load(self, pid: Any) -> Tensor:
        """Return the flat tensor over a whole storage; tensors that share it are views of it."""
        import torch

        _, dtype_name, key, _, count = pid
        if key not in self._storages:
            dtype = getattr(torch, dtype_name)
            content = self._records.storage(key, count * dtype.itemsize)
            self._storages[key] = (
                torch.frombuffer(content, dtype=dtype) if count else torch.empty(0, dtype=dtype)
            )
        return self._storages[key]


class _Module:
    """An object of one of the archive's classes: attributes, and nothing that could be called."""


def _admitted() -> dict[tuple[str, str], Callable[..., Any]]:
    def rebuilt(storage: Tensor, offset: int, size: Any, stride: Any, *_: object) -> Tensor:
        return storage.as_strided(
            size, stride, offset
        )  # torch refuses a view that reaches beyond the storage

    def same(value: Any, *_: object) -> Any:
        return value

    lists = ("build_intlist", "build_doublelist", "build_boollist", "build_tensorlist", "restore_type_tag")
    return {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): rebuilt,
        ("torch._utils", "_rebuild_parameter"): same,
        **{("torch.jit._pickle", name): same for name in lists},
    }


def _tensors(root: Any) -> Iterator[tuple[str, Tensor]]:
    """Walk a tree of modules for its tensors."""
    import torch

    if not isinstance(root, _Module):
        raise ValueError("its pickle holds no module")
    waiting: deque[tuple[str, Any]] = deque([("", root)])
    for _ in range(_MOST_MODULES):
        if not waiting:
            return
        prefix, module = waiting.popleft()
        for name, value in vars(module).items():
            if isinstance(value, torch.Tensor):
                yield prefix + name, value
            elif isinstance(value, _Module):
                waiting.append((f"{prefix}{name}.", value))
    raise ValueError("its modules contain one another without an end")
