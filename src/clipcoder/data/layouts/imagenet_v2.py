"""ImageNet-V2: folders ``0`` to ``999``, which are labels."""

from __future__ import annotations

from clipcoder.data.datasets_catalog import DatasetFacts
from clipcoder.data.layouts.class_folders import class_rows
from clipcoder.data.layouts.rows import Contents
from clipcoder.data.trees.overlay import Overlay


def read_imagenet_v2(facts: DatasetFacts, tree: Overlay) -> Contents:
    """Read the images of all classes.

    Raises:
        InvalidInputError: the folder of a class is not there.
    """
    images = tree.at(*facts.images)
    rows = class_rows(facts, images, "", {str(label): label for label in range(len(facts.classes))})
    return Contents(facts, tree, {"test": rows}, f"'{images.place()}'", facts.images)
