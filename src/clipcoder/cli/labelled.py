"""Labelled images: a folder with one for each class, or a table of paths and labels."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clipcoder.cli.inputs import read_lines
from clipcoder.cli.sources import images_below
from clipcoder.errors import InvalidInputError
from clipcoder.files import IMAGE_SUFFIXES, system_reason

PATH: Final = "path"
LABEL: Final = "label"

_DELIMITERS: Final = ",;\t"  # the second one is what spreadsheets write where the comma is in numbers


@dataclass(frozen=True)
class LabelledImages:
    """Images and their classes.

    Attributes:
        paths: n image files, none twice.
        labels: the class of each.
        classes: all classes, each in one spelling, in the order in which they came; some may have no image.
        unlabelled: how many images came without a label, and were left out.
    """

    paths: Sequence[str]
    labels: Sequence[str]
    classes: Sequence[str]
    unlabelled: int = 0

    @classmethod
    def read(cls, place: Path, option: str) -> LabelledImages:
        """Read a folder of class folders, or a CSV file with the columns ``path`` and ``label``.

        Args:
            place: the folder or file.
            option: the command line's name for it, for the message.

        Raises:
            InvalidInputError: it is neither, or holds no labelled image.
        """
        labelled = _of_folder(place, option) if place.is_dir() else _of_table(place, option)
        if not labelled.paths:
            raise InvalidInputError(
                f"{option} '{place}' has no image with a label; " + (_FOLDERS if place.is_dir() else _ROWS)
            )
        return labelled

    def respelled(self, names: Iterable[str]) -> LabelledImages:
        """Return the same with classes spelled as others spell them, where these have them.

        >>> LabelledImages(["a.jpg"], ["Cat"], ["Cat", "dog"]).respelled(["cat"]).classes
        ['cat', 'dog']
        """
        from clipcoder.bank.names import name_key

        spelling = {name_key(name): name for name in [*self.classes, *names]}
        labels, classes = ([spelling[name_key(n)] for n in given] for given in (self.labels, self.classes))
        return LabelledImages(self.paths, labels, classes, self.unlabelled)

    def without(self, others: LabelledImages) -> LabelledImages:
        """Return those images that are not among the others, whatever their paths look like."""
        known = {os.path.realpath(path) for path in others.paths}
        kept = [
            (path, label)
            for path, label in zip(self.paths, self.labels, strict=True)
            if os.path.realpath(path) not in known
        ]
        return LabelledImages([p for p, _ in kept], [n for _, n in kept], self.classes, self.unlabelled)


_FOLDERS: Final = "put the images of each class into a folder of its name"
_ROWS: Final = f"it needs rows with a {PATH} and a {LABEL}"


def _of_folder(folder: Path, option: str) -> LabelledImages:
    """Read a folder: each folder in it is a class, and has its images, however deep."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise InvalidInputError(f"cannot read {option} '{folder}': {system_reason(error)}") from error
    shown = [entry for entry in entries if not entry.name.startswith(".")]
    classes = [entry for entry in shown if entry.is_dir()]
    found = [(path, entry.name) for entry in classes for path in images_below(entry.path)]
    loose = sum(Path(entry.name).suffix.lower() in IMAGE_SUFFIXES for entry in shown if entry.is_file())
    return _collected(found, [entry.name for entry in classes], loose)


def _of_table(file: Path, option: str) -> LabelledImages:
    """Read a CSV file; its paths are relative to the folder in which it is."""
    rows = list(_rows(file, option))
    found = [(str(file.parent / path), label) for path, label in rows if label]
    return _collected(found, [label for _, label in found], len(rows) - len(found))


def _rows(file: Path, option: str) -> Iterator[tuple[str, str]]:
    """Yield the path and the label of each row."""
    text = "\n".join(read_lines(file, option))
    header = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=header.count))
    try:
        reader.fieldnames = columns = [name.strip().lower() for name in reader.fieldnames or ()]
        if not {PATH, LABEL} <= set(columns):
            raise InvalidInputError(
                f"{option} '{file}' must be a folder, or a CSV file with the columns {PATH} and {LABEL}, but "
                f"its first line has {', '.join(columns)[:80] or 'nothing'}"
            )
        for row in reader:
            path, label = ((row[name] or "").strip() for name in (PATH, LABEL))
            if label and not path:
                raise InvalidInputError(
                    f"line {reader.line_num} of '{file}' has the label {label!r} and no {PATH}"
                )
            if path:
                yield path, label
    except csv.Error as error:
        raise InvalidInputError(f"line {reader.line_num} of '{file}' is no CSV: {error}") from error


def _collected(
    found: Iterable[tuple[str, str]], classes: Sequence[str], unlabelled: int = 0
) -> LabelledImages:
    """Put images together, each once, with one spelling for a class: the first."""
    from clipcoder.bank.names import name_key

    spelling = {name_key(name): name for name in reversed(classes)}
    label_of: dict[str, str] = {}
    for path, label in found:
        name = spelling[name_key(label)]
        if label_of.setdefault(path, name) != name:
            raise InvalidInputError(
                f"'{path}' has two labels, {label_of[path]!r} and {label!r}; keep the right one"
            )
    spelled = dict.fromkeys(spelling[name_key(name)] for name in classes)
    return LabelledImages(list(label_of), list(label_of.values()), list(spelled), unlabelled)
