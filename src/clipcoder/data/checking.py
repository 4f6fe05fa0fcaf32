"""What there is of the catalogue's data sets below a folder, counted against what there should be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from clipcoder.data.datasets_catalog import DatasetFacts
from clipcoder.data.layouts import read_contents
from clipcoder.data.layouts.rows import Contents
from clipcoder.data.layouts.whereabouts import files_of, homes_of
from clipcoder.errors import InvalidInputError

State = Literal["absent", "complete", "incomplete", "wrong"]


@dataclass(frozen=True)
class Count:
    """Images of a split.

    Attributes:
        listed: how many the data set lists here.
        there: how many of those are there.
        expected: how many the split has as it was published.
    """

    listed: int
    there: int
    expected: int


@dataclass(frozen=True)
class Report:
    """What there is of a data set.

    Attributes:
        facts: what is known about it.
        places: the folders that it was found in.
        counts: the images of each split that is there.
        problems: what is wrong, a sentence each.
    """

    facts: DatasetFacts
    places: tuple[str, ...] = ()
    counts: Mapping[str, Count] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        """In a word: wrong if any of it is, incomplete if a whole split is not there."""
        if not self.places:
            return "absent"
        if self.problems:
            return "wrong"
        return "complete" if self.counts.keys() == self.facts.images_of.keys() else "incomplete"


def check_dataset(facts: DatasetFacts, root: Path) -> Report:
    """Look for a data set and count its images and classes; no image is opened.

    Args:
        facts: the data set.
        root: the folder of all data sets, or that of this one.
    """
    places = tuple(str(home) for home in homes_of(facts, root))
    if not places:
        return Report(facts)
    try:
        contents = read_contents(facts, files_of(facts, root))
        contents.check_listed()
        missing = {split: contents.missing(split) for split in contents.rows}
    except InvalidInputError as error:
        return Report(facts, places, {}, (str(error),))
    counts = {
        split: Count(len(rows.keys), len(rows.keys) - len(missing[split]), facts.images_of[split])
        for split, rows in contents.rows.items()
    }
    problems = [
        problem
        for split in contents.rows
        for problem in _problems(contents, split, counts[split], missing[split])
    ]
    return Report(facts, places, counts, tuple(problems))


def _problems(contents: Contents, split: str, count: Count, missing: list[str]) -> Iterator[str]:
    facts = contents.facts
    if count.listed != count.expected:
        yield (
            f"{split} has {count.listed:,} images in {contents.source}, but {count.expected:,} as it was "
            f"published; fetch it again from {facts.split_address}"
        )
    if missing:
        yield f"{split} {contents.lacking(missing, [split])}"
    classes = len(set(contents.rows[split].labels))
    if classes < len(facts.classes):
        yield f"{split} has images of {classes:,} classes, but {facts.title} has {len(facts.classes):,}"
