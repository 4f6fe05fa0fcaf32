"""ImageNet: ``train`` and ``val`` with a folder for each class, or a list of what the images of val show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from clipcoder.data.datasets_catalog import DatasetFacts
from clipcoder.data.layouts.class_folders import class_rows
from clipcoder.data.layouts.rows import Contents, Rows
from clipcoder.data.layouts.tables import corrupt
from clipcoder.data.trees.overlay import Overlay
from clipcoder.data.trees.tree import checked_path
from clipcoder.errors import InvalidInputError

_HEAD: Final = "ImageId"  # what the first line of the list begins with


def read_imagenet(facts: DatasetFacts, tree: Overlay) -> Contents:
    """Read what there is of ``train``, and ``val``, which is the test split.

    Raises:
        InvalidInputError: neither is there, or one is not what it should be.
    """
    label_of = {names.original: label for label, names in enumerate(facts.classes)}
    rows: dict[str, Rows] = {}
    if tree.listing("train"):
        rows["train"] = class_rows(facts, tree, "train", label_of, keyed_by="train")
    if tree.listing("val").folders:
        rows["test"] = class_rows(facts, tree, "val", label_of, keyed_by="val")
    elif tree.listing("val").files:
        rows["test"] = _listed(facts, tree, label_of)
    if not rows:
        raise InvalidInputError(
            f"{facts.title} needs the folders train and val, of which '{tree.place()}' has neither; extract "
            f"its archives: {'; '.join(download.extract for download in facts.downloads)}"
        )
    return Contents(facts, tree, rows, f"'{tree.place()}'")


def _listed(facts: DatasetFacts, tree: Overlay, label_of: Mapping[str, int]) -> Rows:
    """Return the images of val from the list that Kaggle's copy comes with: ``ImageId,PredictionString``."""
    if not tree.has(facts.split_file):
        raise InvalidInputError(
            f"'{tree.place('val')}' has images, but no folder for each class, and beside it there is no "
            f"{facts.split_file} to say what they show; sort them into folders n01440764, n01443537, ..., or "
            "put that list there"
        )
    source = f"'{tree.place(facts.split_file)}'"
    found: list[tuple[int, str, str]] = []
    for line in tree.read(facts.split_file).decode("utf-8", "replace").splitlines():
        image, _, boxes = line.partition(",")
        wnid = boxes.partition(" ")[0]
        if image == _HEAD:
            continue
        if not image or wnid not in label_of:
            raise corrupt(facts, source, f"it has the line {line[:60]!r}")
        name = checked_path(f"{image}.JPEG", source)
        found.append((label_of[wnid], f"val/{wnid}/{name}", f"val/{name}"))
    found.sort()
    labels, keys, paths = zip(*found, strict=True) if found else ((), (), ())
    return Rows(keys, labels, paths)
