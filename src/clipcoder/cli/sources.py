"""What the arguments of a command name, files, folders, globs and standard input, as a list of images."""

from __future__ import annotations

import codecs
import glob
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from clipcoder.errors import InvalidInputError
from clipcoder.files import IMAGE_SUFFIXES

STDIN = "-"

Source = str | bytes


def collect(arguments: Iterable[str], stdin: TextIO | None) -> list[Source]:
    """Return the images that the arguments name, in their order, each path once.

    Args:
        arguments: files; folders, searched to the bottom and sorted, hidden names left out; glob patterns
            that the shell left alone; ``-`` for standard input, which holds paths, one a line or with a zero
            byte after each, or the bytes of a single image.
        stdin: standard input, of which the bytes are read; None where the process has none.

    Returns:
        Paths, and the bytes of an image that came through standard input. A folder that may not be looked
        into stands for what is in it, for reading it says why.

    Raises:
        InvalidInputError: nothing came of the arguments, or one is empty.
    """
    arguments = list(arguments)
    if "" in arguments:
        raise InvalidInputError(
            "one of the paths is empty, as where a variable is not set; name files or folders"
        )
    sources = list(dict.fromkeys(s for argument in arguments for s in _expand(argument, stdin)))
    if not sources:
        named = " or ".join("standard input" if a == STDIN else repr(a) for a in arguments)
        raise InvalidInputError(
            f"there is no image in {named}: give image files, folders that "
            "hold some, glob patterns, or - for a list of paths on standard input"
        )
    return sources


def shown(source: Source) -> str:
    """Return what a source is called in tables and files; a byte that is no text becomes an escape."""
    return os.fsencode(source).decode("utf-8", "backslashreplace") if isinstance(source, str) else STDIN


def _expand(argument: str, stdin: TextIO | None) -> Iterator[Source]:
    if argument == STDIN:
        yield from _from_stream(stdin.buffer.read() if stdin else b"")
    elif glob.has_magic(argument) and not os.path.lexists(argument):
        for match in sorted(glob.glob(argument, recursive=True)):  # noqa: PTH207 - absolute patterns too
            yield from _images_at(match)
    else:
        yield from _images_at(argument)


def _images_at(path: str) -> Iterator[str]:
    folder = os.path.isdir(path)  # noqa: PTH112 - Path fails where a folder above may not be looked into
    yield from images_below(str(Path(path))) if folder else [path]


def images_below(folder: str) -> Iterator[str]:
    """Yield the images in a folder as it is listed, for ten million paths are a lot without any objects."""
    try:
        with os.scandir(folder) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
    except OSError:
        yield folder
        return
    for entry in entries:
        path = entry.path if folder != os.curdir else entry.name
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from images_below(path)
        elif _is_image_file(entry):
            yield path


def _is_image_file(entry: os.DirEntry[str]) -> bool:
    """Tell by its name, and leave out pipes and devices, at which a reader would wait for ever."""
    suffixed = os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES  # noqa: PTH122 - ten times as fast
    return suffixed and (entry.is_file(follow_symlinks=False) or entry.is_symlink())


def _from_stream(content: bytes) -> Iterator[Source]:
    if _is_image(content):
        yield content
        return
    separator = b"\0" if b"\0" in content else b"\n"
    lines = content.removeprefix(codecs.BOM_UTF8).split(separator)
    yield from (os.fsdecode(line.removesuffix(b"\r")) for line in lines if line.strip())


def _is_image(content: bytes) -> bool:
    """Tell an image from a list of paths, whatever their encoding.

    An image holds zero bytes, and two in a row somewhere; ``find -print0`` puts single ones after its paths.
    Only netpbm's formats can do without, and they begin with P1 to P6 on a line.
    """
    if b"\0" in content:
        return b"\0\0" in content or not content.endswith(b"\0")
    return re.match(rb"P[1-6]\s", content) is not None
