"""FGVC-Aircraft: ``images_variant_SPLIT.txt`` or ``images_family_SPLIT.txt``, a line an image."""

from __future__ import annotations

from clipcoder.data.datasets_catalog import DatasetFacts
from clipcoder.data.layouts.rows import Contents, Rows
from clipcoder.data.layouts.tables import corrupt, lines_of
from clipcoder.data.trees.overlay import Overlay
from clipcoder.data.trees.tree import checked_path


def read_aircraft(facts: DatasetFacts, tree: Overlay) -> Contents:
    """Read the lists of its splits.

    Raises:
        InvalidInputError: a list is not there or not what it should be, or its classes are others.
    """
    rows = {split: _rows(facts, tree, facts.split_file.format(split=split)) for split in facts.splits}
    source = f"'{tree.place(facts.split_file.format(split=facts.splits[0]))}'"
    return Contents(facts, tree, rows, source, facts.images)


def _rows(facts: DatasetFacts, tree: Overlay, file: str) -> Rows:
    source = f"'{tree.place(file)}'"
    label_of = {spelling: label for label, names in enumerate(facts.classes) for spelling in names}
    keys: list[str] = []
    labels: list[int] = []
    for image, name in lines_of(facts, tree, file):
        if name not in label_of:
            raise corrupt(facts, source, f"{name!r} is none of its {len(facts.classes)} classes")
        keys.append(checked_path(f"{image}.jpg", source))
        labels.append(label_of[name])
    return Rows(keys, labels)
