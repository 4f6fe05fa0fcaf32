"""Files that people have become our banks, for the classes that they name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from clipcoder.bank.names import checked_names
from clipcoder.bank.pair_bank import PairBank
from clipcoder.bank.text_bank import TextBank
from clipcoder.errors import InvalidInputError
from clipcoder.generators.sentences import DEFAULT_TEMPLATES, Templates
from clipcoder.importers.content import Line
from clipcoder.importers.formats import AUTO, read_content
from clipcoder.importers.matching import Matching, listing, match_classes
from clipcoder.importers.writing import Writer


@dataclass(frozen=True)
class Imported:
    """What became of a file.

    Attributes:
        texts: the classes, their names, and what the file says of single classes.
        pairs: what it says to tell classes apart; None where that is nothing.
        matching: which of its classes are which of the user's.
        silent: the user's classes that it names and says nothing about.
        format: what the file is: ``"reference"``, ``"dclip"``, ``"cupl"``, ``"csv"`` or ``"bank"``.
        ready: whether its texts were taken as they stand; otherwise sentences were made of them.
        dropped: how many texts of the file were left out, by reason.
    """

    texts: TextBank
    pairs: PairBank | None
    matching: Matching
    silent: tuple[str, ...]
    format: str
    ready: bool
    dropped: Mapping[str, int]


def import_texts(
    path: str | os.PathLike[str],
    names: Iterable[str] | None = None,
    *,
    format: str = AUTO,
    dataset: str | None = None,
    names_file: str | os.PathLike[str] | None = None,
    templates: Templates = DEFAULT_TEMPLATES,
    domain: str = "",
    partial: bool = False,
) -> Imported:
    """Make banks of a file of texts that somebody else wrote.

    Classes are matched by name, never by position (``matching.match_classes``). A class without a text of its
    name gets one, so that the bank can classify at once. Nothing in a file is executed, pickles included.

    Args:
        path: JSON as DCLIP or CuPL publish it, a table of class and text (CSV), a bank of ours, the folder of
            expert knowledge that CODER's authors publish, or one of its files.
        names: the classes; None means those of the file.
        format: what the file is, one of ``FORMATS``; ``"auto"`` tells by its content.
        dataset: which of the data sets in a folder of CODER's authors; other files have no use for it.
        names_file: the class names of that data set, one a line, if none are found beside the folder; other
            files have no use for it.
        templates: the sentences that become of names and phrases.
        domain: what all classes are, such as ``"a type of bird"``.
        partial: take a file that has less than half of the classes, as long as it has one.

    Raises:
        InvalidInputError: the file cannot be read, is none of these, has no texts, or is about other classes.
        UnknownNameError: no such format or data set.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "descriptors.json"
        >>> _ = path.write_text('{"Sea Horse": ["a curled tail"], "emu": ["long legs"]}')
        >>> imported = import_texts(path, ["sea_horse"])
        >>> [text.text for text in imported.texts.texts]
        ['a photo of a sea horse', 'a photo of a sea horse, which has a curled tail']
        >>> imported.format, imported.matching.besides
        ('dclip', ('emu',))
    """
    wanted = None if names is None else checked_names(names)
    source = Path(path)
    content = read_content(source, format, dataset, None if names_file is None else Path(names_file))
    if not content.lines:
        raise InvalidInputError(
            f"'{source}' must hold texts about classes, but it has none; name another file"
        )
    classes = wanted or content.classes
    matching = match_classes(content.classes, classes)
    _check_about(classes, matching, source, partial)
    lines = [line for line in content.lines if {line.class_name, line.other} - {""} <= matching.found.keys()]
    if not lines:
        raise InvalidInputError(
            f"'{source}' must say something about the classes that it has, but it lists no texts for "
            f"{listing(list(matching.found.values()))}; name another file"
        )
    writer = Writer(classes, lines, content.ready, matching.found, templates, domain)
    return Imported(
        writer.text_bank(),
        writer.pair_bank(),
        matching,
        _silent(matching, lines),
        content.format,
        content.ready,
        dict(content.dropped),
    )


def _silent(matching: Matching, lines: Iterable[Line]) -> tuple[str, ...]:
    heard = {line.class_name for line in lines}
    return tuple(name for there, name in matching.found.items() if there not in heard)


def _check_about(classes: tuple[str, ...], matching: Matching, path: Path, partial: bool) -> None:
    """Refuse a file that is about other classes."""
    count = len(matching.found)
    if count and (partial or 2 * count >= len(classes)):
        return
    besides = f", and besides it has {listing(matching.besides)}" if matching.besides else ""
    remedy = "take it all the same as partial (--partial)" if count else "name another file"
    raise InvalidInputError(
        f"'{path}' must have at least half of the {len(classes)} classes, but it has {count}: it lacks "
        f"{listing(matching.missing)}{besides}; {remedy}"
    )
