"""Several trees as one: of a path that is in more than one of them, the first has it."""

from __future__ import annotations

from collections.abc import Sequence

from clipcoder.data.dataset import ImageFile
from clipcoder.data.trees.tree import NOTHING, Listing, Tree
from clipcoder.errors import InvalidInputError


class Overlay(Tree):
    """Trees that are looked through in their order; one is only opened if those before it do not do.

    Args:
        trees: one at least.
    """

    def __init__(self, trees: Sequence[Tree]) -> None:
        self.trees = tuple(trees)

    def listing(self, folder: str = "") -> Listing:
        """Return what lies in a folder where it is first found."""
        return next(filter(None, (tree.listing(folder) for tree in self.trees)), NOTHING)

    def has(self, path: str) -> bool:
        """Return whether one of the trees has a file of this path."""
        return any(tree.has(path) for tree in self.trees)

    def image(self, path: str) -> ImageFile:
        """Return where an image is."""
        return self._home(path).image(path)

    def read(self, path: str) -> bytes:
        """Return the bytes of a file."""
        return self._home(path).read(path)

    def at(self, *folders: str) -> Overlay:
        """Return the files below a folder, or below each of several."""
        return Overlay([tree.at(folder) for tree in self.trees for folder in folders])

    def place(self, path: str = "") -> str:
        """Return where a path is, or would be: where its folder is, or anything at all."""
        for there in (path, path.rpartition("/")[0], ""):
            for tree in self.trees:
                if tree.has(there) or tree.listing(there):
                    return tree.place(path)
        return self.trees[0].place(path)

    def _home(self, path: str) -> Tree:
        for tree in self.trees:
            if tree.has(path):
                return tree
        raise InvalidInputError(f"there is no file '{self.place(path)}'; put it there")
