"""A folder for each class: which label each folder has, and the images in them."""

from __future__ import annotations

from collections.abc import Mapping

from clipcoder.data.datasets_catalog import DatasetFacts
from clipcoder.data.layouts.rows import Rows
from clipcoder.data.trees.overlay import Overlay
from clipcoder.data.trees.tree import Tree, joined
from clipcoder.errors import InvalidInputError
from clipcoder.files import IMAGE_SUFFIXES


def class_rows(
    facts: DatasetFacts, tree: Overlay, folder: str, label_of: Mapping[str, int], *, keyed_by: str = ""
) -> Rows:
    """Return the images in the folders of all classes.

    Args:
        facts: the data set.
        tree: its files.
        folder: the one that has a folder for each class.
        label_of: the label of each of those folders, by its name.
        keyed_by: what the keys begin with, in place of ``folder``.

    Returns:
        The images class by class, in the order of the code points of their names.

    Raises:
        InvalidInputError: the folder of a class is not there, or one is that is of no class.
    """
    there = tree.listing(folder).folders
    _check_same(facts, tree, folder, there, label_of)
    keys: list[str] = []
    labels: list[int] = []
    paths: list[str] = []
    for name, label in sorted(label_of.items(), key=lambda item: item[1]):
        names = images_in(tree, joined(folder, name))
        keys += [joined(keyed_by, f"{name}/{image}") for image in names]
        paths += [joined(folder, f"{name}/{image}") for image in names]
        labels += [label] * len(names)
    return Rows(keys, labels, None if keys == paths else paths)


def images_in(tree: Tree, folder: str) -> list[str]:
    """Return the names of the images in a folder, in the order of their code points."""
    return sorted(
        name for name in tree.listing(folder).files if f".{name.rpartition('.')[2].lower()}" in IMAGE_SUFFIXES
    )


def _check_same(
    facts: DatasetFacts, tree: Overlay, folder: str, there: frozenset[str], label_of: Mapping[str, int]
) -> None:
    missing = sorted(label_of.keys() - there, key=lambda name: label_of[name])
    extra = sorted(there - label_of.keys())
    if missing or extra:
        wrong = f"there is none for {missing[0]!r}" if missing else f"{extra[0]!r} is none of them"
        raise InvalidInputError(
            f"'{tree.place(folder)}' must have a folder for each of the {len(label_of):,} classes of "
            f"{facts.title}, but {wrong}; extract it anew from what {facts.home} hands out"
        )
