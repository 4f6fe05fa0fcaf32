"""A folder of the file system as a tree; links are followed where they stay inside."""

from __future__ import annotations

import os
from pathlib import Path

from clipcoder.data.trees.tree import NOTHING, Listing, Tree, joined
from clipcoder.errors import InvalidInputError
from clipcoder.files import system_reason


class FolderTree(Tree):
    """The files below a folder.

    The folder itself, and any that ``at`` names, may be links to other places, as data sets are often put
    together; links below them lead nowhere else.

    Args:
        folder: it need not be there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._real = os.path.realpath(folder)
        self._listings: dict[str, Listing] = {}

    def listing(self, folder: str = "") -> Listing:
        """Return what lies directly in a folder, without hidden files and links to nothing."""
        if folder not in self._listings:
            self._listings[folder] = self._scanned(folder)
        return self._listings[folder]

    def image(self, path: str) -> str:
        """Return the path of an image."""
        return os.path.join(self.folder, path)  # noqa: PTH118 - ten times as fast

    def read(self, path: str) -> bytes:
        """Return the bytes of a file."""
        try:
            return (self.folder / path).read_bytes()
        except OSError as error:
            raise InvalidInputError(f"cannot read '{self.place(path)}': {system_reason(error)}") from error

    def at(self, folder: str) -> FolderTree:
        """Return the files below a folder, wherever that is a link to."""
        return FolderTree(self.folder / folder) if folder else self

    def place(self, path: str = "") -> str:
        """Return where a path is."""
        return str(self.folder / path)

    def _scanned(self, folder: str) -> Listing:
        place = os.path.realpath(self.folder / folder)
        self._check_inside(place, folder)
        try:
            with os.scandir(place) as entries:
                shown = [entry for entry in entries if not entry.name.startswith(".")]
        except (FileNotFoundError, NotADirectoryError):
            return NOTHING
        except OSError as error:
            raise InvalidInputError(f"cannot read '{self.place(folder)}': {system_reason(error)}") from error
        for entry in shown:
            if entry.is_symlink():
                self._check_inside(os.path.realpath(entry.path), joined(folder, entry.name))
        return Listing(
            frozenset(entry.name for entry in shown if entry.is_file()),
            frozenset(entry.name for entry in shown if entry.is_dir()),
        )

    def _check_inside(self, real: str, path: str) -> None:
        if real != self._real and not real.startswith(os.path.join(self._real, "")):  # noqa: PTH118
            raise InvalidInputError(
                f"'{self.place(path)}' is a link that leads out of '{self.folder}', to '{real}'; put the "
                "files themselves in its place"
            )
