"""The group of commands: whatever goes wrong in one of them is a sentence and an exit status."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

import click

from clipcoder.cli.inputs import tell
from clipcoder.errors import ClipcoderError
from clipcoder.files import system_reason

STATUS_INCOMPLETE: Final = 1
STATUS_MISUSE: Final = 2
STATUS_INTERRUPTED: Final = 130
STATUS_BROKEN_PIPE: Final = 141


class Helpful(click.Group):
    """A group that says what is in it where no command is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take a command line apart, if there is something to it."""
        if not args:
            click.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)


class Commands(Helpful):
    """A group whose every failure is one sentence and an exit status, never a traceback."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run the command line and exit."""
        listen()
        try:
            with without_warnings():
                status = super().main(*args, **{**kwargs, "standalone_mode": False})
        except (click.Abort, KeyboardInterrupt):
            sys.exit(STATUS_INTERRUPTED)
        except click.ClickException as error:
            tell(error.format_message())
            sys.exit(STATUS_MISUSE)
        except ClipcoderError as error:
            tell(str(error))
            sys.exit(STATUS_MISUSE)
        except OSError as error:  # what was to be read or written no longer can be: a full disk, a lost drive
            what = f" ('{error.filename}')" if error.filename else ""
            tell(f"stopped, because the system says: {system_reason(error)}{what}")
            sys.exit(STATUS_MISUSE)
        sys.exit(status or 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a reader of its output that has gone away, such as head, ends it quietly."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the flush at exit complains
            sys.exit(STATUS_BROKEN_PIPE)


@contextmanager
def without_warnings() -> Iterator[None]:
    """Keep Python's warnings from the user: they are about code, and what is about a file is told anyway.

    Pillow warns of photos above 89 megapixels, which are read all the same. ``PYTHONWARNINGS`` and
    ``python -W`` show all of them.
    """
    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
        yield


class Teller(logging.Handler):
    """Says on standard error what the package logs: the precision it chose, a cache it cannot write."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say one message."""
        tell(record.getMessage())


def listen() -> None:
    """Let what the package logs be heard, once in a process."""
    logger = logging.getLogger("clipcoder")
    logger.setLevel(logging.INFO)
    if not any(isinstance(handler, Teller) for handler in logger.handlers):
        logger.addHandler(Teller())
