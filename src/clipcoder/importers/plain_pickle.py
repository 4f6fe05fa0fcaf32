r"""Pickles that say what JSON could say, read without the machine that could execute them.

A pickle is a program, and Python's reader of it calls whatever the program names. The lists of texts that
people publish as pickles need a few of its instructions: those that make lists, dictionaries with texts as
keys, texts, numbers, true, false and none. This interpreter knows these and no others, so that nothing in it
could import or call anything; tuples, sets and bytes are refused with all the rest. What it returns can be
walked: no list holds itself, and none is shared so often that the walk would have no end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, Final

from clipcoder.errors import InvalidInputError
from clipcoder.importers.pickle_code import MOST_STEPS, RefusedError, as_text, instructions

MOST_DEPTH: Final = 32
"""Levels of lists in lists; the deepest of the files that people publish have three."""

MOST_WALKED: Final = 64 << 20
"""Characters that a walk through everything meets, shared ones each time; a value counts as 16 of them."""

_PROTOCOLS: Final = range(6)
_MEMO_NUMBERS: Final = range(MOST_STEPS)  # whoever writes a pickle counts them from 0 or 1
_VALUE: Final = 16
_END: Final = object()


def read_pickle(content: bytes) -> Any:
    r"""Return what a pickle of any protocol holds, written by Python 2 or 3, if it is plain data.

    Texts of Python 2, which are bytes, are read as UTF-8, or as Latin-1 where they are no UTF-8.

    Args:
        content: the whole pickle.

    Returns:
        None, a bool, a number, a text, or lists and dictionaries of these.

    Raises:
        InvalidInputError: it is damaged, asks for anything but plain data, goes on behind its end, or is
            beyond all measure.

    Example:
        >>> import pickle
        >>> read_pickle(pickle.dumps([["long neck"], ["red fur", "bushy tail"]]))
        [['long neck'], ['red fur', 'bushy tail']]
        >>> read_pickle(b"cos\nsystem\n(S'true'\ntR.")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        clipcoder.errors.InvalidInputError: a pickle of texts may hold ..., but this one asks for GLOBAL, ...
    """
    try:
        value = _Machine().run(content)
        _check_walk(value)
    except (RefusedError, ValueError) as error:
        reason = error if isinstance(error, RefusedError) else "is damaged"
        raise InvalidInputError(
            f"a pickle of texts may hold lists, dictionaries, texts and numbers, but this one {reason}; "
            "get the texts as JSON"
        ) from error
    return value


class _Machine:
    """The stack of one pickle, the marks in it, and the memo. What the pickle gets wrong is a ValueError."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def run(self, content: bytes) -> Any:
        """Carry out all instructions and return the one value that they leave."""
        for name, argument in instructions(content, _INSTRUCTIONS):
            _INSTRUCTIONS[name](self, argument)
        (value,) = self._stack
        if self._marks:
            raise ValueError("a mark is left")
        return value

    def protocol(self, number: int) -> None:
        if number not in _PROTOCOLS:
            raise RefusedError(f"is of protocol {number}, which is not known")

    def frame(self, size: int) -> None:
        """Frames help to read ahead; there is nothing to do."""

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def none(self, _: None) -> None:
        self.push(None)

    def true(self, _: None) -> None:
        self.push(True)

    def false(self, _: None) -> None:
        self.push(False)

    def push_bytes(self, text: str) -> None:
        """Push a text of Python 2; its bytes come as one character each."""
        self.push(as_text(text.encode("latin-1")))

    def put(self, index: int) -> None:
        if index not in _MEMO_NUMBERS:  # larger ones can be chosen so that a dictionary takes hours
            raise RefusedError(f"keeps a value under a number beyond {MOST_STEPS:,}")
        self._memo[index] = self._top()

    def memoize(self, _: None) -> None:
        self.put(len(self._memo))

    def get(self, index: int) -> None:
        if index not in self._memo:
            raise ValueError("nothing is known by that number")
        self.push(self._memo[index])

    def mark(self, _: None) -> None:
        self._marks.append(len(self._stack))

    def empty_list(self, _: None) -> None:
        self.push([])

    def empty_dict(self, _: None) -> None:
        self.push({})

    def make_list(self, _: None) -> None:
        self.push(self._from_mark())

    def make_dict(self, _: None) -> None:
        items = self._from_mark()
        self.push({})
        self._set(items)

    def append(self, _: None) -> None:
        self._extend([self._pop()])

    def appends(self, _: None) -> None:
        self._extend(self._from_mark())

    def set_item(self, _: None) -> None:
        value, key = self._pop(), self._pop()
        self._set([key, value])

    def set_items(self, _: None) -> None:
        self._set(self._from_mark())

    def _extend(self, items: list[Any]) -> None:
        target = self._top()
        if not isinstance(target, list):
            raise ValueError("texts are put into what is no list")
        target.extend(items)

    def _set(self, items: list[Any]) -> None:
        target, keys = self._top(), items[::2]
        if not isinstance(target, dict):
            raise ValueError("texts are put into what is no dictionary")
        if not all(isinstance(key, str) for key in keys):
            raise RefusedError("has a dictionary with a key that is no text")
        target.update(zip(keys, items[1::2], strict=True))

    def _top(self) -> Any:
        if len(self._stack) <= (self._marks[-1] if self._marks else 0):
            raise ValueError("nothing is left since the last mark")
        return self._stack[-1]

    def _pop(self) -> Any:
        self._top()
        return self._stack.pop()

    def _from_mark(self) -> list[Any]:
        if not self._marks:
            raise ValueError("there is no mark")
        start = self._marks.pop()
        items = self._stack[start:]
        del self._stack[start:]
        return items


_NUMBERS = "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT"
_TEXTS = "STRING UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8"

_INSTRUCTIONS: Final[Mapping[str, Callable[[_Machine, Any], None]]] = {
    **dict.fromkeys(f"{_NUMBERS} {_TEXTS}".split(), _Machine.push),
    **dict.fromkeys(("BINSTRING", "SHORT_BINSTRING"), _Machine.push_bytes),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Machine.put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.get),
    "NONE": _Machine.none,
    "NEWTRUE": _Machine.true,
    "NEWFALSE": _Machine.false,
    "MEMOIZE": _Machine.memoize,
    "MARK": _Machine.mark,
    "EMPTY_LIST": _Machine.empty_list,
    "LIST": _Machine.make_list,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "EMPTY_DICT": _Machine.empty_dict,
    "DICT": _Machine.make_dict,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "PROTO": _Machine.protocol,
    "FRAME": _Machine.frame,
}
"""All that a pickle may ask for. Nothing here imports, calls, or sets an attribute."""


def _check_walk(root: Any) -> None:
    """Refuse what contains itself, is nested without need, or grows beyond measure when it is walked."""
    left = MOST_WALKED
    walks = [iter([root])]
    while walks:
        value = next(walks[-1], _END)
        if value is _END:
            walks.pop()
            continue
        left -= _VALUE + (len(value) if isinstance(value, str) else 0)
        if left < 0:
            raise RefusedError("repeats its parts beyond measure")
        if isinstance(value, list | dict):
            if len(walks) > MOST_DEPTH:
                raise RefusedError(f"has more than {MOST_DEPTH} levels or a list that contains itself")
            walks.append(chain(value, value.values()) if isinstance(value, dict) else iter(value))
