"""The pickle of a TorchScript module, read for what it says of tensors and without letting it call anything.

A pickle can call whatever it names. This one may name an ordered dictionary, the kinds of storage, the
function that makes a tensor of a storage, and the archive's own classes; with any other name it is refused,
and so it is with any opcode that torch does not write. What it gets for those names are plain bags of
attributes and tuples that say where numbers lie. No tensor is made yet, so that it can call no method of one.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

_CLASSES: Final = "__torch__"  # the package of the classes that an archive defines
_MOST_MODULES: Final = 100_000
_MOST_NAME: Final = 160  # characters of a name that are told
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
_MODULES_AND_CALLS: Final = {"GLOBAL", "NEWOBJ", "REDUCE", "BUILD", "BINPERSID"}
_CONTAINERS: Final = {"EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "APPEND", "APPENDS"}
_DICTIONARIES: Final = {"EMPTY_DICT", "SETITEM", "SETITEMS"}
_NUMBERS: Final = {"NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"}
_STRINGS: Final = {"BINUNICODE", "BINSTRING", "SHORT_BINSTRING"}
_MACHINERY: Final = {"PROTO", "MARK", "STOP", "BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET"}
_OPCODES: Final = _MODULES_AND_CALLS | _CONTAINERS | _DICTIONARIES | _NUMBERS | _STRINGS | _MACHINERY
"""What torch writes modules with; some of the others would reserve any amount of memory."""


class RefusedError(Exception):
    """A file that is not broken asks for what weights have no need of."""


class Storage(NamedTuple):
    """The numbers of one or more tensors: torch's name of their type, their record, and how many they are."""

    dtype: str
    key: str
    length: int


class View(NamedTuple):
    """A tensor, as the pickle describes it; numbers are counted in elements of the storage."""

    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


def read_module(content: bytes) -> dict[str, View]:
    r"""Return the tensors of a pickled module by their names in its state dictionary.

    Args:
        content: the pickle.

    Raises:
        RefusedError: it names something that could execute, or uses opcodes that torch does not.
        Exception: it is broken, and whatever stumbled over that says so.

    Example:
        A module without any tensor.

        >>> read_module(b"\x80\x02c__torch__\nModule\n)\x81.")
        {}
    """
    for opcode, argument, _ in pickletools.genops(content):
        if opcode.name not in _OPCODES:
            raise RefusedError(f"its pickle uses {opcode.name}, as torch never does; get the file again")
        if isinstance(argument, int) and "PUT" in opcode.name and argument > len(content):
            raise ValueError(f"its pickle counts to {argument:,}")  # and memory would be reserved for all
    return dict(_views(_Unpickler(io.BytesIO(content)).load()))


class _Module:
    """An object of one of the archive's classes: attributes, and nothing that could be called."""


class _Unpickler(pickle.Unpickler):
    """Admits what tensors need by name; everything else ends the reading before it is called.

    What it admits is made anew for each file, for a pickle may set attributes of what it is given.
    """

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
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
        asked = f"{module}.{name}"[:_MOST_NAME]
        raise RefusedError(
            f"its pickle asks for {asked}, which weights have no need of and which could execute anything; "
            "get them from their publisher, best as .safetensors"
        )

    def persistent_load(self, pid: Any) -> Storage:
        """Return where a storage lies; on which device it was does not matter."""
        _, dtype, key, _, length = pid
        if not (dtype in _DTYPES.values() and isinstance(key, str) and type(length) is int):
            raise ValueError("a storage is described in another way than torch does")
        return Storage(dtype, key, length)


def _admitted() -> dict[tuple[str, str], Callable[..., Any]]:
    def rebuilt(storage: Any, offset: Any, size: Any, stride: Any, *_: object) -> View:
        if not isinstance(storage, Storage) or any(type(n) is not int for n in (offset, *size, *stride)):
            raise ValueError("a tensor is described in another way than torch does")
        return View(storage, offset, tuple(size), tuple(stride))

    def same(value: Any, *_: object) -> Any:
        return value

    lists = ("build_intlist", "build_doublelist", "build_boollist", "build_tensorlist", "restore_type_tag")
    return {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): rebuilt,
        ("torch._utils", "_rebuild_parameter"): same,
        **{("torch.jit._pickle", name): same for name in lists},
    }


def _views(root: Any) -> Iterator[tuple[str, View]]:
    """Walk a tree of modules for its tensors."""
    if not isinstance(root, _Module):
        raise ValueError("its pickle holds no module")
    waiting: deque[tuple[str, Any]] = deque([("", root)])
    for _ in range(_MOST_MODULES):
        if not waiting:
            return
        prefix, module = waiting.popleft()
        for name, value in vars(module).items():
            if isinstance(value, View):
                yield prefix + name, value
            elif isinstance(value, _Module):
                waiting.append((f"{prefix}{name}.", value))
    raise ValueError("its modules contain one another without an end")
