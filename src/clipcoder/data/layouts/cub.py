"""CUB-200-2011: lists with a line for each image, or folders ``train`` and ``test`` with a folder a class."""

from __future__ import annotations

from collections.abc import Mapping

from clipcoder.data.datasets_catalog import DatasetFacts
from clipcoder.data.layouts.class_folders import class_rows
from clipcoder.data.layouts.naming import check_label, name_key
from clipcoder.data.layouts.rows import Contents, Rows
from clipcoder.data.layouts.tables import corrupt, lines_of, number
from clipcoder.data.trees.overlay import Overlay
from clipcoder.data.trees.tree import checked_path

_IN_TRAIN = {"1": "train", "0": "test"}


def read_cub(facts: DatasetFacts, tree: Overlay) -> Contents:
    """Read its two splits, the images of each in the order of the code points of their paths.

    Raises:
        InvalidInputError: a list is not there or not what it should be, or its classes are others.
    """
    if tree.has("images.txt"):
        return Contents(facts, tree, _listed(facts, tree), f"'{tree.place('images.txt')}'", ("images",))
    rows = {
        split: class_rows(facts, tree, split, _labels_of_folders(facts, tree, split))
        for split in facts.splits
    }
    return Contents(facts, tree, rows, f"'{tree.place()}'")


def _listed(facts: DatasetFacts, tree: Overlay) -> dict[str, Rows]:
    source = f"'{tree.place('classes.txt')}'"
    for numbered, name in lines_of(facts, tree, "classes.txt"):
        check_label(facts, number(facts, numbered, source) - 1, _without_number(name), source)
    paths = dict(lines_of(facts, tree, "images.txt"))
    label_of = _column(facts, tree, "image_class_labels.txt", paths)
    in_train = _column(facts, tree, facts.split_file, paths)
    found: dict[str, list[tuple[str, int]]] = {split: [] for split in facts.splits}
    for image, path in paths.items():
        label = number(facts, label_of[image], f"'{tree.place('image_class_labels.txt')}'") - 1
        if in_train[image] not in _IN_TRAIN or not 0 <= label < len(facts.classes):
            wrong = f"image {image} has the class {label_of[image]} and the split {in_train[image]}"
            raise corrupt(facts, f"'{tree.place(facts.split_file)}'", wrong)
        key = checked_path(path, f"'{tree.place('images.txt')}'")
        found[_IN_TRAIN[in_train[image]]].append((key, label))
    return {
        split: Rows([key for key, _ in sorted(rows)], [label for _, label in sorted(rows)])
        for split, rows in found.items()
    }


def _column(facts: DatasetFacts, tree: Overlay, file: str, paths: Mapping[str, str]) -> dict[str, str]:
    """Return what a file says of each image."""
    column = dict(lines_of(facts, tree, file))
    if column.keys() != paths.keys():
        odd = next(iter(sorted(column.keys() ^ paths.keys())))
        raise corrupt(facts, f"'{tree.place(file)}'", f"only this or images.txt has image {odd}")
    return column


def _labels_of_folders(facts: DatasetFacts, tree: Overlay, split: str) -> dict[str, int]:
    """Return the label of each class folder, whether or not numbers precede their names."""
    folder_of = {name_key(_without_number(name)): name for name in tree.listing(split).folders}
    return {folder_of.get(name_key(name), name): label for label, name in enumerate(facts.class_names)}


def _without_number(folder: str) -> str:
    """Return the name in ``001.Black_footed_Albatross``."""
    before, _, name = folder.partition(".")
    return name if before.isdecimal() and name else folder
