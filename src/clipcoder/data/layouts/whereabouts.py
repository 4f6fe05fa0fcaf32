"""Where the files of a data set are: in its folder, or in archives that lie there."""

from __future__ import annotations

from pathlib import Path

from clipcoder.data.datasets_catalog import DatasetFacts
from clipcoder.data.trees.archive import archive_tree
from clipcoder.data.trees.folder import FolderTree
from clipcoder.data.trees.overlay import Overlay
from clipcoder.data.trees.tree import Tree
from clipcoder.errors import InvalidInputError


def files_of(facts: DatasetFacts, root: Path) -> Overlay:
    """Return the files of a data set, wherever below a folder they are.

    Args:
        facts: the data set.
        root: the folder of all data sets, or that of this one.

    Returns:
        Its files as they are called in its own folder: what is extracted before what is not.

    Raises:
        InvalidInputError: it is not there.
    """
    homes = homes_of(facts, root)
    if not homes:
        marks = " or ".join(facts.marks[:2])
        raise InvalidInputError(
            f"there is no {facts.title} in '{root}': put it into the folder {facts.folders[0]}, with {marks} "
            f"in it; clipcoder data list {facts.name} says where it comes from"
        )
    folders: list[Tree] = [FolderTree(home) for home in homes]
    archives = [archive_tree(home / file) for home in homes for file in archives_in(facts, home)]
    return Overlay([*folders, *archives]).at("", *facts.inner)


def homes_of(facts: DatasetFacts, root: Path) -> list[Path]:
    """Return the folders that a data set is in, the best first; none where it is not there."""
    below = [root / folder for folder in facts.folders if (root / folder).is_dir()][:1]
    deeper = () if below else facts.inner
    marked = any((root / inner / mark).exists() for inner in ("", *deeper) for mark in facts.marks)
    return below + [root] * marked


def archives_in(facts: DatasetFacts, home: Path) -> list[str]:
    """Return the archives of a data set that lie in a folder and can be read as they are."""
    return [one.file for one in facts.downloads if not one.extract and (home / one.file).is_file()]
