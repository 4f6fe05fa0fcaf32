"""What a command works with: class names and a bank of texts; and how it says what it has to say."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.files import system_reason

if TYPE_CHECKING:
    from clipcoder.bank import PairBank, TextBank
    from clipcoder.encoders.base import Encoder


def tell(sentence: str) -> None:
    """Say something on standard error, where it does not mix with the results; on one line in any case."""
    line = f"clipcoder: {' '.join(sentence.splitlines())}"
    click.echo(line, file=sys.stderr)  # which a progress bar stands in for; err=True would write into the bar


def check_writable(target: Path, option: str, begin: Callable[[], object]) -> None:
    """Make what is written before the target gets its name, or say why the target cannot be written.

    Args:
        target: a file to be.
        option: the command line's name for it, for the message.
        begin: makes the draft.

    Raises:
        InvalidInputError: the system refuses, or there is a folder of that name.
    """
    try:
        if target.is_dir():
            raise IsADirectoryError(None, "there is a folder of that name")
        begin()
    except OSError as error:
        raise InvalidInputError(
            f"{option} cannot write '{target}': {system_reason(error)}; "
            "name a file in a folder that exists and that you may write to"
        ) from error


def class_names(listed: str | None, file: Path | None, bank: TextBank | None) -> list[str]:
    """Return the class names from the one place that gives them: an option, a file, or else the bank."""
    if listed is not None and file is not None:
        raise InvalidInputError("give the classes either as --classes or as --classes-file, not as both")
    if file is not None:
        names = read_lines(file, "--classes-file")
    elif listed is not None:
        names = listed.split(",")
    elif bank is not None:
        return list(bank.class_names)
    else:
        raise InvalidInputError("name the classes to choose from, such as --classes cat,dog,horse")
    return [name.strip() for name in names if name.strip()]


def read_lines(path: Path, option: str) -> list[str]:
    """Return the lines of a file in UTF-8.

    Args:
        path: the file.
        option: the command line's name for it, for the message.

    Raises:
        InvalidInputError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = system_reason(error) if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InvalidInputError(f"cannot read {option} '{path}': {reason}") from error


def check_choice(names: Sequence[str], top: int) -> None:
    """Refuse what leaves nothing to choose, before any model is loaded."""
    if len(names) < 2:
        came = f"got only {names[0]!r}" if names else "got none"
        raise InvalidInputError(f"at least 2 classes are needed to choose from, {came}; name another one")
    from clipcoder.bank.names import checked_names

    checked_names(names)
    if not 1 <= top <= len(names):
        raise InvalidInputError(
            f"--top must lie between 1 and {len(names)}, the number of classes, got {top}"
        )


def read_bank(path: Path) -> TextBank:
    """Load a bank of texts."""
    from clipcoder.bank import TextBank

    return TextBank.load(path)


def read_pairs(path: Path, names: Sequence[str]) -> PairBank:
    """Load the texts that tell the named classes apart, in the spelling in which they were named.

    Raises:
        InvalidInputError: the file is no pair bank, or none of its texts is about two of the classes.
    """
    from clipcoder.bank import PairBank

    pairs = PairBank.load(path).select(names)
    if not pairs.texts:
        raise InvalidInputError(
            f"{path} has no text that tells two of the {len(names)} classes apart; "
            "clipcoder texts generate --kinds one-to-one writes some"
        )
    return pairs


def packed_pairs(names: Sequence[str], encoder: Encoder) -> PairBank | None:
    """Return what the knowledge pack has to tell these classes apart; None, and a word of it, for nothing."""
    from clipcoder.bank import PairBank

    pairs = PairBank.for_classes(names, encoder)
    if pairs.texts:
        return pairs
    tell(f"the knowledge pack tells no two of the {len(names)} classes apart, so that no call is reranked")
    return None


def chosen_from(bank: TextBank, names: Sequence[str]) -> TextBank:
    """Return the bank with the named classes only, in the order and the spelling in which they were named."""
    from clipcoder.bank import TextBank
    from clipcoder.bank.names import name_key

    held = {name_key(name): texts for name, texts in bank.by_class.items()}
    for name in names:
        if name_key(name) not in held:
            raise UnknownNameError("class of the bank", name, bank.class_names)
    return TextBank(
        tuple(names), tuple(replace(t, class_name=name) for name in names for t in held[name_key(name)])
    )


def write_bank(names: Sequence[str], encoder: Encoder | None, method: str) -> TextBank:
    """Return the texts for these names: the best to be had offline, or the names alone for clip."""
    from clipcoder.bank import TextBank

    return TextBank.from_names(names) if method == "clip" else TextBank.for_classes(names, encoder)
