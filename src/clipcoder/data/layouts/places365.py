"""Places365: ``places365_val.txt``, an image and its label a line; the images all lie in one folder."""

from __future__ import annotations

from clipcoder.data.datasets_catalog import DatasetFacts
from clipcoder.data.layouts.rows import Contents, Rows
from clipcoder.data.layouts.tables import corrupt, lines_of, number
from clipcoder.data.trees.overlay import Overlay
from clipcoder.data.trees.tree import checked_path


def read_places365(facts: DatasetFacts, tree: Overlay) -> Contents:
    """Read the list of its validation set, which is the test split.

    Raises:
        InvalidInputError: the list is not there or not what it should be.
    """
    source = f"'{tree.place(facts.split_file)}'"
    keys: list[str] = []
    labels: list[int] = []
    for image, text in lines_of(facts, tree, facts.split_file):
        label = number(facts, text, source)
        if label >= len(facts.classes):
            raise corrupt(facts, source, f"its labels go up to {len(facts.classes) - 1}, but one is {label}")
        keys.append(checked_path(image, source))
        labels.append(label)
    return Contents(facts, tree, {"test": Rows(keys, labels)}, source, facts.images)
