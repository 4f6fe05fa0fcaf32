"""No pickle executes anything: a corpus of those that would, each proven to be live, is refused."""

from __future__ import annotations

import builtins
import collections
import copyreg
import datetime
import decimal
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clipcoder.errors import InvalidInputError
from clipcoder.importers import import_texts
from clipcoder.importers.plain_pickle import read_pickle

EXTENSION = 0xF0


class Calls:
    """What a pickle makes by calling something with arguments."""

    def __init__(self, call: Callable[..., Any], *arguments: Any) -> None:
        self._parts = (call, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._parts


class State:
    """What a pickle fills with attributes, which may be properties with effects."""

    def __setstate__(self, command: str) -> None:
        os.system(command)


def reduced(protocol: int, command: str) -> bytes:
    return pickle.dumps(Calls(os.system, command), protocol)


def with_builtin(name: str, protocol: int, command: str) -> bytes:
    code = f"__import__('os').system({command!r})"
    return pickle.dumps(Calls(getattr(builtins, name), code), protocol)


def by_getattr(command: str) -> bytes:
    module = b"cbuiltins\n__import__\n(S'os'\ntR"
    return b"cbuiltins\ngetattr\n(" + module + b"S'system'\ntR(" + quoted(command) + b"tR."


def by_map(command: str) -> bytes:
    return b"cbuiltins\nlist\n(cbuiltins\nmap\n(cos\nsystem\n(" + quoted(command) + b"ltRtR."


def by_instance(command: str) -> bytes:
    return b"(" + quoted(command) + b"ios\nsystem\n."


def by_object(command: str) -> bytes:
    return b"(cos\nsystem\n" + quoted(command) + b"o."


def by_names_in_the_memo(command: str) -> bytes:
    """The module and the function look like texts of a list, and are fetched from the memo again."""
    texts = b"\x80\x04](\x8c\x02os\x94\x8c\x06system\x94e"
    return texts + b"h\x00h\x01\x93" + text(command) + b"\x85R\x86."


def by_extension(command: str) -> bytes:
    return b"\x80\x02\x82" + bytes([EXTENSION]) + text(command, short=False) + b"\x85R."


def by_state(command: str) -> bytes:
    return pickle.dumps(State()).rstrip(b".") + text(command) + b"b."


def by_nested_pickle(command: str) -> bytes:
    return pickle.dumps(Calls(pickle.loads, reduced(2, command)))


def among_texts(command: str) -> bytes:
    return pickle.dumps([["long neck"], ["red fur", Calls(os.system, command)]])


def as_a_key(command: str) -> bytes:
    return b"}(cos\nsystem\n(" + quoted(command) + b"tRS'fur'\nu."


def before_the_value(command: str) -> bytes:
    return b"cos\nsystem\n(" + quoted(command) + b"tR0(lS'long neck'\na."


def by_partial(command: str) -> bytes:
    return pickle.dumps(Calls(partial(os.system, command)))


def quoted(command: str) -> bytes:
    return f"S{command!r}\n".encode()


def text(command: str, *, short: bool = True) -> bytes:
    raw = command.encode()
    return b"\x8c" + bytes([len(raw)]) + raw if short else b"X" + len(raw).to_bytes(4, "little") + raw


LIVE: dict[str, Callable[[str], bytes]] = {
    **{f"reduce, protocol {protocol}": partial(reduced, protocol) for protocol in range(6)},
    **{f"eval, protocol {protocol}": partial(with_builtin, "eval", protocol) for protocol in range(6)},
    "exec": partial(with_builtin, "exec", 4),
    "getattr": by_getattr,
    "map": by_map,
    "INST": by_instance,
    "OBJ": by_object,
    "STACK_GLOBAL from the memo": by_names_in_the_memo,
    "EXT1": by_extension,
    "BUILD": by_state,
    "a pickle in a pickle": by_nested_pickle,
    "among texts": among_texts,
    "as a key": as_a_key,
    "before the value": before_the_value,
    "partial": by_partial,
}

INERT: dict[str, bytes] = {
    "a global alone": b"cos\nsystem\n.",
    "GLOBAL with a dotted name": b"\x80\x04\x8c\x02os\x8c\x0bpath.exists\x93.",
    "NEWOBJ": b"\x80\x02csubprocess\nPopen\n)\x81.",
    "NEWOBJ_EX": b"\x80\x04\x8c\nsubprocess\x8c\x05Popen\x93)}\x92.",
    "BUILD on a list": b"](S'__class__'\nNdb.",
    "PERSID": b"Pos.system\n.",
    "BINPERSID": b"\x80\x02U\x09os.systemQ.",
    "EXT2": b"\x80\x02\x83\x00\x01.",
    "EXT4": b"\x80\x02\x84\x00\x00\x00\x01.",
    "copyreg": b"ccopyreg\n_reconstructor\n(cbuiltins\nobject\ncbuiltins\nobject\nNtR.",
    "pip": b"cpip._internal\nmain\n((S'install'\nltR.",
    "torch": b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((U\x07storageq\x00tQK\x00)R.",
    "a buffer": b"\x80\x05\x97.",
    "a buffer to read only": b"\x80\x05]\x98.",
    "POP": b"]]0.",
    "POP_MARK": b"](N1.",
    "DUP": b"]2a.",
    "a list, then another pickle": pickle.dumps([["fur"]]) + b"cos\nsystem\n(S'true'\ntR.",
    **{
        f"{type(value).__name__}, protocol {protocol}": pickle.dumps(value, protocol)
        for protocol in range(6)
        for value in (
            (),
            ("a", "b", "c", "d"),
            {"fur"},
            frozenset(("fur",)),
            b"fur",
            bytearray(b"fur"),
            1j,
            len,
            collections.OrderedDict(cat=["fur"]),
            collections.Counter("fur"),
            datetime.date(2026, 1, 1),
            decimal.Decimal(1),
            np.float32(1),
            np.zeros(2),
            np.array(["fur"]),
            Path("fur"),
            ValueError("fur"),
        )
    },
}


@pytest.fixture
def extension() -> Iterator[None]:
    """A code by which pickles may ask for os.system without its name."""
    copyreg.add_extension(os.system.__module__, "system", EXTENSION)
    yield
    copyreg.remove_extension(os.system.__module__, "system", EXTENSION)


_events: list[str] | None = None


def _note(event: str, _: tuple[Any, ...]) -> None:
    if _events is not None:
        _events.append(event)


@pytest.fixture(scope="module")
def hook() -> None:
    """Python tells of each import, each name looked up by a pickle, each execution and each open file."""
    sys.addaudithook(_note)


@pytest.fixture
def events(hook: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Python has told of since the test began to read."""
    read_pickle(pickle.dumps(["warm", 1.0], 0))  # whatever the first reading imports
    noted: list[str] = []
    monkeypatch.setattr(sys.modules[__name__], "_events", noted)
    return noted


def refused(content: bytes) -> str:
    with pytest.raises(InvalidInputError, match="a pickle of texts may hold") as caught:
        read_pickle(content)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.usefixtures("extension")
@pytest.mark.parametrize("name", LIVE)
def test_a_live_pickle_executes_in_python_and_not_here(name: str, tmp_path: Path, events: list[str]) -> None:
    marker = tmp_path / "executed"
    content = LIVE[name](f"touch '{marker}'")
    events.clear()
    refused(content)
    assert events == []
    assert not marker.exists()
    pickle.loads(content)
    assert marker.exists(), "the pickle is harmless and proves nothing"
    assert "os.system" in events


@pytest.mark.parametrize("name", INERT)
def test_whatever_is_no_plain_data_is_refused(name: str, events: list[str]) -> None:
    events.clear()
    refused(INERT[name])
    assert events == []


def test_the_sentence_says_what_the_pickle_asks_for() -> None:
    assert refused(INERT["a global alone"]) == (
        "a pickle of texts may hold lists, dictionaries, texts and numbers, but this one asks for GLOBAL, "
        "of which they have no need; get the texts as JSON"
    )


def test_a_malicious_file_among_the_knowledge_is_refused_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "attribute"
    folder.mkdir()
    (tmp_path / "names.txt").write_text("cat\ndog\n")
    marker = tmp_path / "executed"
    (folder / "pets.pkl").write_bytes(among_texts(f"touch '{marker}'"))
    with pytest.raises(InvalidInputError, match=r"cannot read '.*pets\.pkl': a pickle of texts may hold"):
        import_texts(tmp_path, names_file=tmp_path / "names.txt")
    assert not marker.exists()
