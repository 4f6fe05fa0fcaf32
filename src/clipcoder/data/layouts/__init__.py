"""The data sets of the catalogue as their files lie, in folders or in the archives that one downloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from clipcoder.data.dataset import Dataset
from clipcoder.data.datasets_catalog import DatasetFacts, dataset_facts
from clipcoder.data.layouts.aircraft import read_aircraft
from clipcoder.data.layouts.coop import read_coop
from clipcoder.data.layouts.cub import read_cub
from clipcoder.data.layouts.imagenet import read_imagenet
from clipcoder.data.layouts.imagenet_v2 import read_imagenet_v2
from clipcoder.data.layouts.places365 import read_places365
from clipcoder.data.layouts.rows import Contents
from clipcoder.data.layouts.whereabouts import files_of
from clipcoder.data.trees.overlay import Overlay

_READERS: Final[Mapping[str, Callable[[DatasetFacts, Overlay], Contents]]] = {
    "coop": read_coop,
    "aircraft": read_aircraft,
    "imagenet": read_imagenet,
    "imagenet_v2": read_imagenet_v2,
    "cub": read_cub,
    "places365": read_places365,
}


def read_catalogued(name: str, root: Path) -> Dataset:
    """Read a data set of the catalogue; images in archives are read in place, when they are asked for.

    Args:
        name: its entry, in any spelling.
        root: the folder of all data sets, or that of this one.

    Raises:
        UnknownNameError: the catalogue does not have it.
        InvalidInputError: it is not there, lists and classes are not what they should be, an image is
            missing or listed twice, or a path leads out of the data set.
    """
    facts = dataset_facts(name)
    return read_contents(facts, files_of(facts, root)).as_dataset()


def read_contents(facts: DatasetFacts, tree: Overlay) -> Contents:
    """Read which images a data set has, without looking for them.

    Raises:
        InvalidInputError: as ``read_catalogued``.
    """
    return _READERS[facts.layout](facts, tree)
