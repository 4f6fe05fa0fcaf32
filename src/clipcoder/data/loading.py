"""One way to every data set: by its name in the catalogue, or by where its labelled images are."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from clipcoder.data.cutting import Shares, cut
from clipcoder.data.dataset import Dataset
from clipcoder.data.datasets_catalog import dataset_facts, dataset_names
from clipcoder.data.layouts import read_catalogued
from clipcoder.data.sources.columns import Columns, check_columns
from clipcoder.data.sources.files_named import common_folder, files_named, is_there
from clipcoder.data.sources.folder import holds_images, read_folder
from clipcoder.data.sources.found import Found
from clipcoder.data.sources.hugging_face import HUB_PREFIX, is_saved, read_hub, read_hugging_face, read_saved
from clipcoder.data.sources.labels import ClassNames
from clipcoder.data.sources.parquet_sheet import PARQUET_SUFFIXES
from clipcoder.data.sources.shards import SHARD_SUFFIX, read_shards
from clipcoder.data.sources.split_names import SplitNames, check_split_names
from clipcoder.data.sources.table import TABLE_SUFFIXES, read_table
from clipcoder.errors import InvalidInputError, UnknownNameError


def load_dataset(
    source: Any,
    root: str | os.PathLike[str] | None = None,
    *,
    splits: SplitNames | None = None,
    shares: Shares | None = None,
    class_names: ClassNames | None = None,
    columns: Columns | None = None,
    prompts: str | None = None,
) -> Dataset:
    """Load labelled images: their labels now, their pixels when they are encoded.

    Args:
        source: one of

            - the name of a data set of the paper, such as ``"caltech101"``; ``clipcoder data list`` has all
              (a folder of the same name is ``"./caltech101"`` or a ``Path``);
            - a folder ``SPLIT/CLASS/...``, or ``CLASS/...``, which is all ``"test"``;
            - a CSV or Parquet file, or several as ``"lists/*.csv"``, with columns ``path``, ``label`` and, if
              there are splits, ``split``; in Parquet, images may also be bytes;
            - WebDataset shards, as ``"pets/train-{000..127}.tar"``, ``"pets/*.tar"``, or a folder of them;
            - ``"hf:NAME"``, a folder of ``save_to_disk``, a ``datasets.DatasetDict`` or ``datasets.Dataset``.
        root: the folder that the data sets, or the source, are in. For a table, paths begin there, otherwise
            in the folder of the table; for ``"hf:NAME"``, it is where it is kept.
        splits: what the source calls those of ``"train"``, ``"val"`` and ``"test"`` that shall be read: a
            folder, a value in the column of splits, or a pattern of files.
        shares: the share of its images that each split gets, such as ``{"train": 0.5, "test": 0.5}``, where
            the source has no splits.
        class_names: names in the order of the labels, or a name for each label; needed where labels are
            numbers that the source does not name.
        columns: what a table calls its columns of ``"image"``, ``"label"`` and ``"split"``.
        prompts: the entry of the prompt catalogue with its templates; by default ``"generic"``, or that of
            the data set of the paper.

    Raises:
        InvalidInputError: there is no such source, or something is wrong with it.
        UnknownNameError: a name that the catalogue does not have, or a split or a column that there is not.
        MissingExtraError: it needs ``datasets``.

    Example:
        >>> import tempfile
        >>> pets = Path(tempfile.mkdtemp()) / "pets"
        >>> for name in ("cat", "guinea_pig"):
        ...     (pets / "train" / name).mkdir(parents=True)
        ...     _ = (pets / "train" / name / "1.jpg").write_bytes(b"...")
        >>> dataset = load_dataset(pets)
        >>> dataset.class_names, dataset.split("train").keys
        (('cat', 'guinea pig'), ('train/cat/1.jpg', 'train/guinea_pig/1.jpg'))
    """
    check_columns(columns or {})
    if splits is not None:
        check_split_names(splits)
    folder = None if root is None else Path(root)
    if isinstance(source, str) and _is_name(source):
        _check_unaltered(
            source, {"splits": splits, "shares": shares, "class_names": class_names, "columns": columns}
        )
        dataset = read_catalogued(source, folder or Path())
        return dataset if prompts is None else replace(dataset, prompts=prompts)
    name, found = _found(source, folder, splits, columns or {})
    name = _written(name)
    dataset = found.as_dataset(name, name, class_names, prompts or "generic")
    return dataset if shares is None else cut(dataset, shares)


def _written(name: str) -> str:
    """Return the name of a folder as it can be written in one line, whatever bytes it is made of."""
    return " ".join(name.encode(errors="backslashreplace").decode().split()) or "dataset"


def _is_name(source: str) -> bool:
    """Whether the catalogue knows it, and it is no path."""
    try:
        return Path(source).name == source and bool(dataset_facts(source))
    except UnknownNameError:
        return False


def _check_unaltered(name: str, options: Mapping[str, object]) -> None:
    """Refuse what would make another data set of one that others have published results for."""
    given = next((option for option, value in options.items() if value is not None), None)
    if given is not None:
        raise InvalidInputError(
            f"{name!r} is a data set of the catalogue and brings its own {given}; leave yours out, or name "
            f"its folder as a path, such as './{name}'"
        )


def _found(source: Any, root: Path | None, splits: SplitNames | None, columns: Columns) -> tuple[str, Found]:
    """Return the name of a source, and what is in it."""
    if not isinstance(source, str | os.PathLike):
        name = str(getattr(source, "builder_name", None) or "dataset")
        return name, read_hugging_face(source, columns, splits, "the data set")
    place = os.fspath(source)
    if place.startswith(HUB_PREFIX):
        return place.removeprefix(HUB_PREFIX), read_hugging_face(
            read_hub(place, root), columns, splits, place
        )
    path = _located(place, root)
    if path.is_dir():
        return path.resolve().name, _in_folder(path, root, splits, columns)
    files = files_named(str(path))
    name = files[0].stem if len(files) == 1 else common_folder(files).name
    return name, _in_files(files, root, splits, columns, f"'{path}'")


def _located(place: str, root: Path | None) -> Path:
    """Return where a source is: below the root, if it is there."""
    below = root / place if root is not None else Path(place)
    if is_there(str(below)):
        return below
    if is_there(place):
        return Path(place)
    if Path(place).name == place and not Path(place).suffix:
        raise UnknownNameError("data set", place, dataset_names())
    raise InvalidInputError(
        f"there is nothing at '{below}'; name a folder of images, a table, shards, or a data set that "
        "clipcoder data list has"
    )


def _in_folder(folder: Path, root: Path | None, splits: SplitNames | None, columns: Columns) -> Found:
    """Read what a folder holds: class folders with images, or else shards or tables, there or one deeper."""
    if is_saved(folder):
        return read_hugging_face(read_saved(folder), columns, splits, f"'{folder}'")
    for suffix in (SHARD_SUFFIX, *PARQUET_SUFFIXES):
        files = sorted([*folder.glob(f"*{suffix}"), *folder.glob(f"*/*{suffix}")])
        if files and not holds_images(folder):
            return _in_files(files, root, splits, columns, f"'{folder}'")
    return read_folder(folder, splits)


def _in_files(
    files: Sequence[Path], root: Path | None, splits: SplitNames | None, columns: Columns, title: str
) -> Found:
    suffixes = {file.suffix.lower() for file in files}
    if suffixes == {SHARD_SUFFIX}:
        return read_shards(files, columns, splits, title)
    if suffixes <= set(TABLE_SUFFIXES):
        return read_table(files, root, columns, splits, title)
    other = next(iter(sorted(suffixes - {SHARD_SUFFIX, *TABLE_SUFFIXES})), "tar and of tables at once")
    raise InvalidInputError(
        f"{title} must be a folder of images, tables ({', '.join(TABLE_SUFFIXES)}) or WebDataset shards "
        f"({SHARD_SUFFIX}, not compressed), but it names files of the kind {other or 'that has no suffix'}"
    )
