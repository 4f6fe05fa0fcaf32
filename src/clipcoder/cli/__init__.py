"""The command line: parse, call, print.

Its exit status is 0 where all went well, 1 where an image could not be read, 2 where the command itself makes
no sense or its results cannot be written (one sentence on standard error says why, and no file is left half
written), 130 where Ctrl-C stopped it.
"""

from clipcoder.cli.commands import main

__all__ = ["main"]
