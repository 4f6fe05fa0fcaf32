"""Where the text of a command goes: standard output, or a file that is there completely or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from clipcoder.errors import InvalidInputError
from clipcoder.files import system_reason, whole_file

FORMATS: Final = ("markdown", "csv", "latex")
"""Those of ``benchmark.formats``, which is too heavy to be asked."""


def write_text(text: str, out: Path | None) -> None:
    """Print a text, or write it into a file in UTF-8.

    Raises:
        InvalidInputError: the file cannot be written.
    """
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        with whole_file(out) as file:
            file.write(text.encode())
    except OSError as error:
        raise InvalidInputError(
            f"--out cannot write '{out}': {system_reason(error)}; name a file in a folder that exists and "
            "that you may write to"
        ) from error
