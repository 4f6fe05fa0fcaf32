"""What is known about the data sets of the CODER paper: ``datasets.toml``, and their class names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple

from clipcoder.data.dataset import SPLITS
from clipcoder.errors import UnknownNameError

SPLITS_ADDRESS: Final = "https://github.com/linzhiqiu/cross_modal_adaptation/tree/main/splits"
"""Where CoOp's lists of splits lie together; CoOp itself hands them out one by one."""

_COOP_SPLIT: Final = "split_zhou"


@dataclass(frozen=True)
class Download:
    """A file that holds a part of a data set.

    Attributes:
        file: its name.
        address: the page that hands it out.
        megabytes: its size, about; 0 where that is not known.
        extract: the command that extracts it, where it cannot be read as it is.
        same_as: another file, which holds the same: one of the two will do.
    """

    file: str
    address: str
    megabytes: int = 0
    extract: str = ""
    same_as: str = ""


class ClassName(NamedTuple):
    """A class of a data set.

    Attributes:
        name: as a person would write it.
        original: as the data set or the published code writes it: a folder, an identifier of WordNet.
    """

    name: str
    original: str


@dataclass(frozen=True)
class DatasetFacts:
    """A data set of the catalogue.

    Attributes:
        name: its entry, such as ``"caltech101"``.
        title: its name for people.
        layout: the module of ``clipcoder.data.layouts`` that reads it.
        folders: what its folder is called below the folder of all data sets.
        home: the page that describes it.
        licence: in a few words.
        images_of: how many images each split has.
        downloads: the files that one downloads.
        images: the folder of its images, as it is called in one place or another.
        split_file: the file that says which images each split has, with ``{split}`` if there are several.
        marks: files and folders by which the folder of all data sets is known to be that of this one.
        inner: folders in there that its files may lie in as well.
        classes_of: the name of its list of class names.
        prompts: its entry in the catalogue of prompts.
        note: what else one should know.
    """

    name: str
    title: str
    layout: str
    folders: tuple[str, ...]
    home: str
    licence: str
    images_of: Mapping[str, int]
    downloads: tuple[Download, ...]
    images: tuple[str, ...] = ("",)
    split_file: str = ""
    marks: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()
    classes_of: str = ""
    prompts: str = ""
    note: str = ""

    @property
    def classes(self) -> tuple[ClassName, ...]:
        """Its classes, in the order of the labels."""
        return _classes(self.classes_of)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of its classes, as a person would write them, in the order of the labels."""
        return tuple(name for name, _ in self.classes)

    @property
    def splits(self) -> tuple[str, ...]:
        """Its splits, in the order in which they are used."""
        return tuple(split for split in SPLITS if split in self.images_of)

    @property
    def megabytes(self) -> int:
        """How much one downloads, about; 0 where that is not known."""
        return sum(download.megabytes for download in self.downloads if not download.same_as)

    @property
    def split_address(self) -> str:
        """The page that hands out the list of splits."""
        return SPLITS_ADDRESS if self.split_file.startswith(_COOP_SPLIT) else self.home


def dataset_names() -> tuple[str, ...]:
    """Return the names of the catalogue, in its order.

    >>> dataset_names()[:3]
    ('caltech101', 'dtd', 'eurosat')
    """
    return tuple(_catalogue())


def dataset_facts(name: str) -> DatasetFacts:
    """Return what is known about a data set.

    Args:
        name: its entry, in any spelling: ``"CUB-200"`` is ``"cub200"``.

    Raises:
        UnknownNameError: the catalogue does not have it.

    >>> facts = dataset_facts("Caltech-101")
    >>> facts.name, len(facts.classes), facts.images_of["test"]
    ('caltech101', 100, 2465)
    """
    for known, facts in _catalogue().items():
        if _plain(known) == _plain(name):
            return facts
    raise UnknownNameError("data set", name, dataset_names())


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


@cache
def _catalogue() -> Mapping[str, DatasetFacts]:
    return {name: _facts(name, table) for name, table in tomllib.loads(_asset("datasets.toml")).items()}


def _facts(name: str, table: dict[str, Any]) -> DatasetFacts:
    given: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
    }
    given["downloads"] = tuple(
        Download(**{"address": one.pop("from", table["home"]), **one}) for one in table["downloads"]
    )
    given["classes_of"] = given.pop("class_names", name)
    given.setdefault("prompts", name)
    given.setdefault("marks", (given["split_file"],) if given.get("split_file") else ())
    return DatasetFacts(name=name, **given)


@cache
def _classes(list_name: str) -> tuple[ClassName, ...]:
    """Return the classes of a list: one a line, and behind a tab what else a class is called."""
    lines = _asset(f"class_names/{list_name}.txt").splitlines()
    return tuple(
        ClassName(name, original or name) for name, _, original in (x.partition("\t") for x in lines)
    )


def _asset(path: str) -> str:
    return resources.files("clipcoder").joinpath(f"assets/{path}").read_text(encoding="utf-8")
