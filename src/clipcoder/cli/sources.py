"""What the arguments of ``classify`` name: files, folders, globs and standard input, as a list of images."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from clipcoder.errors import InvalidInputError

IMAGE_SUFFIXES = frozenset(
    ".avif .bmp .gif .jfif .jp2 .jpe .jpeg .jpg .pgm .png .ppm .tif .tiff .webp".split()  # noqa: SIM905
)
"""Suffixes that make a file in a folder an image; a file that is named itself is read whatever its suffix."""

STDIN = "-"

Source = str | bytes


def collect(arguments: Iterable[str], stdin: TextIO | None) -> list[Source]:
    """Return the images that the arguments name, in their order, each path once.

    Args:
        arguments: files; folders, searched to the bottom and sorted; glob patterns that the shell left alone;
            ``-`` for standard input, which holds paths, one a line, or the bytes of a single image.
        stdin: standard input, of which the bytes are read; None where the process has none.

    Returns:
        Paths, and the bytes of an image that came through standard input.

    Raises:
        InvalidInputError: nothing came of the arguments.
    """
    arguments = list(arguments)
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
    elif Path(argument).is_dir():
        yield from _images_below(Path(argument))
    elif glob.has_magic(argument) and not Path(argument).exists():
        for match in sorted(glob.glob(argument, recursive=True)):  # noqa: PTH207 - absolute patterns too
            yield from _images_below(Path(match)) if Path(match).is_dir() else [match]
    else:
        yield argument


def _images_below(folder: Path) -> Iterator[str]:
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        suffixed = (name for name in names if Path(name).suffix.lower() in IMAGE_SUFFIXES)
        found += (Path(place, name) for name in suffixed if not name.startswith("."))
    yield from map(str, sorted(found))


def _from_stream(content: bytes) -> Iterator[Source]:
    """Tell a list of paths from an image: hardly an image is text without a zero byte."""
    try:
        lines = content.decode() if b"\0" not in content else None
    except UnicodeDecodeError:
        lines = None
    if lines is None:
        yield content
    else:
        yield from (line.strip() for line in lines.splitlines() if line.strip())
