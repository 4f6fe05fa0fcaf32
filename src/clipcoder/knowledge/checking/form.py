"""Gates for a data set as a whole: lines that can be read, classes that are all there, pairs enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from clipcoder.errors import InvalidInputError
from clipcoder.knowledge.checking.finding import Finding
from clipcoder.knowledge.entries import ClassKnowledge, PairKnowledge, class_of, pair_of
from clipcoder.knowledge.pack import Entry, Shelf

_PAIRS_OF_A_CLASS = 3


def read_set(shelf: Shelf) -> tuple[list[ClassKnowledge], list[PairKnowledge], list[Finding]]:
    """Return the classes and pairs of a data set as far as they can be read, and what is the matter."""
    findings: list[Finding] = []
    classes = _readable(shelf, "jsonl", class_of, findings)
    pairs = _readable(shelf, "pairs.jsonl", pair_of, findings)
    if classes is not None:
        findings += _class_findings(shelf, classes)
    if classes is not None and pairs is not None:
        findings += _pair_findings(shelf, classes, pairs)
    return classes or [], pairs or [], findings


def _readable(
    shelf: Shelf, ending: str, read: Callable[[str], Entry], findings: list[Finding]
) -> list[Entry] | None:
    """Return what can be read, and note what cannot; None where there is no file."""
    lines = shelf.lines(ending)
    if lines is None:
        findings.append(Finding(f"{shelf.name}.{ending} is not written yet"))
        return None
    entries = []
    for number, line in enumerate(lines, start=1):
        try:
            entry = read(line)
        except InvalidInputError as error:
            findings.append(Finding(f"{shelf.name}.{ending}, line {number}: {error}"))
            continue
        if strangers := [name for name in _names(entry) if name not in shelf.listed]:
            findings.append(Finding("no class of the data set", class_name=strangers[0]))
        else:
            entries.append(entry)
    return entries


def _names(entry: ClassKnowledge | PairKnowledge) -> tuple[str, ...]:
    if isinstance(entry, ClassKnowledge):
        return (entry.class_name,)
    return entry.class_name, entry.other


def _class_findings(shelf: Shelf, classes: Sequence[ClassKnowledge]) -> Iterator[Finding]:
    counts = Counter(entry.class_name for entry in classes)
    yield from (Finding("is missing", class_name=name) for name in shelf.class_names if not counts[name])
    yield from (Finding("is there twice", class_name=name) for name in counts if counts[name] > 1)
    place = {name: i for i, name in enumerate(shelf.class_names)}
    for before, entry in pairwise(classes):
        if place[entry.class_name] < place[before.class_name]:
            yield Finding("comes too late: classes stand in the order of the labels", "", entry.class_name)


def _pair_findings(
    shelf: Shelf, classes: Sequence[ClassKnowledge], pairs: Sequence[PairKnowledge]
) -> Iterator[Finding]:
    place = {name: i for i, name in enumerate(shelf.class_names)}
    seen: set[frozenset[str]] = set()
    for pair in pairs:
        spot = f"{pair.class_name} ~ {pair.other}"
        if place[pair.class_name] >= place[pair.other]:
            yield Finding("the class that comes first in the data set must come first", "", spot)
        both = frozenset((pair.class_name, pair.other))
        if both in seen:
            yield Finding("is there twice", class_name=spot)
        seen.add(both)
    counts = Counter(name for both in seen if len(both) > 1 for name in both)
    needed = min(_PAIRS_OF_A_CLASS, len(shelf.class_names) - 1)
    for entry in classes:
        if counts[entry.class_name] < needed:
            what = f"is in {counts[entry.class_name]} pairs, not in {needed} or more"
            yield Finding(what, class_name=entry.class_name)
