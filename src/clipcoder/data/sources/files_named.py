"""The files that a pattern names: globs, and braces as WebDataset writes them."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from clipcoder.errors import InvalidInputError

_BRACES: Final = re.compile(r"\{([^{}]*)\}")
_RANGE: Final = re.compile(r"(\d+)\.\.(\d+)")
_MOST: Final = 100_000  # files that braces may stand for


def files_named(pattern: str) -> list[Path]:
    """Return the files that a pattern stands for, in the order of their code points.

    Args:
        pattern: a path with ``{000..127}``, ``{train,val}``, ``*``, ``?`` or ``**`` in it.

    Raises:
        InvalidInputError: no file, or one that braces name is not there.
    """
    if os.path.lexists(pattern):  # a name may have such signs in it
        return [Path(pattern)]
    named: list[str] = []
    for path in braces(pattern):
        matches = [match for match in _matches(path) if Path(match).is_file()]
        if not matches and not glob.has_magic(path):
            raise InvalidInputError(f"there is no file '{path}', which {pattern!r} names; fetch it again")
        named += matches
    if not named:
        raise InvalidInputError(f"no file is named by {pattern!r}; give one that is there")
    return [Path(path) for path in sorted(set(named))]


def is_there(pattern: str) -> bool:
    """Whether there is anything that a path or a pattern stands for."""
    return os.path.lexists(pattern) or any(_matches(path) for path in braces(pattern))


def common_folder(files: Sequence[Path]) -> Path:
    """Return the deepest folder that has all files below it.

    >>> common_folder([Path("a/b/1.tar"), Path("a/c/2.tar")]).name
    'a'
    """
    return Path(os.path.commonpath([file.absolute().parent for file in files]))


def braces(pattern: str) -> list[str]:
    """Return what the braces of a pattern stand for.

    Raises:
        InvalidInputError: more than 100,000 paths.

    >>> braces("{train,val}-{08..10}.tar")[1:4]
    ['train-09.tar', 'train-10.tar', 'val-08.tar']
    """
    paths = [pattern]
    while _BRACES.search(paths[0]):  # all of them have as many
        paths = [wider for path in paths for wider in _widened(path)]
        if len(paths) > _MOST:
            raise InvalidInputError(
                f"{pattern!r} names more than {_MOST:,} files; write a pattern with * instead of braces"
            )
    return paths


def _matches(path: str) -> list[str]:
    return glob.glob(path, recursive=True)  # noqa: PTH207 - absolute patterns too


def _widened(path: str) -> Iterator[str]:
    """Yield a path with each of the values of its first braces."""
    before, within, after = _BRACES.split(path, maxsplit=1)
    numbers = _RANGE.fullmatch(within)
    values = within.split(",")
    if numbers:
        first, last = int(numbers[1]), int(numbers[2])
        if abs(last - first) >= _MOST:
            raise InvalidInputError(f"{path!r} names more than {_MOST:,} files; write a pattern with *")
        values = [str(n).zfill(len(numbers[1])) for n in range(min(first, last), max(first, last) + 1)]
    yield from (before + value + after for value in values)
