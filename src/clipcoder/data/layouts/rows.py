"""Which image has which label: what every layout comes down to, and how it becomes a data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import numpy as np

from clipcoder.data.dataset import Dataset, ImageFile, Split
from clipcoder.data.datasets_catalog import DatasetFacts
from clipcoder.data.sources.lazy import Below, LazyImages
from clipcoder.data.trees.folder import FolderTree
from clipcoder.data.trees.overlay import Overlay
from clipcoder.data.trees.tree import Tree
from clipcoder.errors import InvalidInputError


@dataclass(frozen=True)
class Rows:
    """The images of a split.

    Attributes:
        keys: what names each image on any machine.
        labels: the class of each.
        paths: where each is below the folder of images, where its key does not say so.
    """

    keys: Sequence[str] = field(default_factory=list)
    labels: Sequence[int] = field(default_factory=list)
    paths: Sequence[str] | None = None

    @property
    def places(self) -> Sequence[str]:
        """Where each image is below the folder of images."""
        return self.keys if self.paths is None else self.paths


@dataclass(frozen=True)
class Contents:
    """What was read of a data set.

    Attributes:
        facts: what is known about it.
        tree: its files.
        rows: the images of each split that is there.
        source: where the rows come from, for messages.
        folders: what the folder of its images may be called.
    """

    facts: DatasetFacts
    tree: Overlay
    rows: Mapping[str, Rows]
    source: str
    folders: Sequence[str] = ("",)

    @cached_property
    def images(self) -> Overlay:
        """The folder of its images."""
        return self.tree.at(*self.folders)

    def check_listed(self) -> None:
        """Refuse a split without images, and an image that is listed twice, in one split or in two.

        Raises:
            InvalidInputError: there is one.
        """
        for split, rows in self.rows.items():
            if not rows.keys:
                raise InvalidInputError(
                    f"{self.source} lists no image of {split}; fetch it again from {self.facts.split_address}"
                )
        times = Counter(chain.from_iterable(rows.keys for rows in self.rows.values()))
        twice = next((key for key, count in times.items() if count > 1), None)
        if twice is None:
            return
        homes = [split for split, rows in self.rows.items() for key in rows.keys if key == twice]
        raise InvalidInputError(
            f"{self.source} lists the image {twice!r} twice, in {' and in '.join(homes)}; an image belongs "
            f"in one split, once, so fetch it again from {self.facts.split_address}"
        )

    def missing(self, split: str) -> list[str]:
        """Return the paths of the images of a split that are not there."""
        return [path for path in self.rows[split].places if not self.images.has(path)]

    def lacking(self, missing: Sequence[str], splits: Iterable[str]) -> str:
        """Return what is missing and how to get it, as the end of a sentence."""
        listed = sum(len(self.rows[split].keys) for split in splits)
        return (
            f"lacks {len(missing):,} of its {listed:,} images, such as "
            f"'{self.images.place(missing[0])}'; {self._remedy()}"
        )

    def as_dataset(self) -> Dataset:
        """Return it as a data set.

        Raises:
            InvalidInputError: a split is empty, or an image is listed twice or not there.
        """
        self.check_listed()
        missing = [path for split in self.rows for path in self.missing(split)]
        if missing:
            raise InvalidInputError(f"{self.facts.title} {self.lacking(missing, self.rows)}")
        splits = {name: self._split(rows) for name, rows in self.rows.items()}
        facts = self.facts
        return Dataset(facts.name, facts.title, facts.class_names, splits, facts.prompts)

    def _split(self, rows: Rows) -> Split:
        keys = tuple(rows.keys)
        places = keys if rows.paths is None else tuple(rows.paths)
        return Split(_images(self.images, places), np.asarray(rows.labels, dtype=np.intp), keys)

    def _remedy(self) -> str:
        here = [download for download in self.facts.downloads if self.tree.has(download.file)]
        for download in here:
            if download.extract:
                return f"extract {download.file}: {download.extract}"
        readable = [download for download in self.facts.downloads if not download.extract]
        one_of_each = [download for download in readable if not download.same_as]
        wanted = one_of_each or readable or self.facts.downloads
        absent = [download for download in wanted if download not in here]
        if not absent:
            return f"fetch {here[0].file} again from {here[0].address}"
        files = " and ".join(download.file for download in absent)
        return f"put {files} there, from {absent[0].address}, or what is in it"


class _Scattered(LazyImages):
    """Images that lie in archives, or in several places."""

    def __init__(self, tree: Tree, paths: Sequence[str]) -> None:
        self._tree = tree
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    def at(self, position: int) -> ImageFile:
        """Return where an image is."""
        return self._tree.image(self._paths[position])


def _images(tree: Overlay, paths: tuple[str, ...]) -> Sequence[ImageFile]:
    """Return the images of these paths: paths of files where they are all in one folder."""
    for one in tree.trees:
        if isinstance(one, FolderTree) and all(map(one.has, paths)):
            return Below(one.folder, paths)
    return _Scattered(tree, paths)
