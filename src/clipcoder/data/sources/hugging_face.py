"""Data sets of Hugging Face's ``datasets``: from its hub, saved in a folder, or handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from clipcoder.data.dataset import ImageFile
from clipcoder.data.sources.columns import Columns, column_of, no_column
from clipcoder.data.sources.found import Found, Labelled
from clipcoder.data.sources.labels import Label, checked_label
from clipcoder.data.sources.lazy import LazyImages
from clipcoder.data.sources.split_names import ONLY_SPLIT, SplitNames, split_called, values_by_split
from clipcoder.errors import InvalidInputError, MissingExtraError
from clipcoder.files import first_sentence

HUB_PREFIX: Final = "hf:"
"""What the name of a data set on the hub begins with; its configuration may follow after another colon."""

_SAVED: Final = ("dataset_dict.json", "state.json")  # the one for several splits, the other for one


def read_hub(name: str, cache: Path | None) -> Any:
    """Return a data set of the hub, fetched if it is not there yet.

    Args:
        name: as in ``"hf:uoft-cs/cifar10"`` or ``"hf:NAME:CONFIGURATION"``.
        cache: the folder to keep it in; by default where ``datasets`` keeps all.

    Raises:
        MissingExtraError: ``datasets`` is not installed.
        InvalidInputError: it cannot be had.
    """
    place, _, configuration = name.removeprefix(HUB_PREFIX).partition(":")
    return _loaded("load_dataset", name, place, configuration or None, cache_dir=cache and str(cache))


def is_saved(folder: Path) -> bool:
    """Whether ``save_to_disk`` has written this folder."""
    return any((folder / file).is_file() for file in _SAVED)


def read_saved(folder: Path) -> Any:
    """Return a data set that ``save_to_disk`` has written.

    Raises:
        MissingExtraError: ``datasets`` is not installed.
        InvalidInputError: it cannot be read.
    """
    return _loaded("load_from_disk", str(folder), str(folder))


def read_hugging_face(source: Any, columns: Columns, splits: SplitNames | None, title: str) -> Found:
    """Read the labels of a data set, and nothing of its images before they are asked for.

    Args:
        source: a ``datasets.DatasetDict``, or a ``datasets.Dataset``, which is the split it calls itself.
        columns: what columns are called. Without a word, the only ones of the types ``Image`` and
            ``ClassLabel`` are taken, or those with the usual names.
        splits: what each split is called.
        title: what it is, for messages.

    Returns:
        The split and the row as the key of each image, and the class names.

    Raises:
        MissingExtraError: ``datasets`` is not installed.
        InvalidInputError: it is something else, columns or splits are not clear, or splits have different
            class names.
        UnknownNameError: a column that is not there.
    """
    datasets = _package()
    tables = _tables(source, splits, title)
    found, names = {}, []
    for split, (called, table) in tables.items():
        image = _column("image", datasets.Image, table.features, columns, title)
        label = _column("label", datasets.ClassLabel, table.features, columns, title)
        names.append(getattr(table.features[label], "names", None))
        labels = _labels(table, label, f"{called} of {title}")
        keys = tuple(f"{called}/{row}" for row in range(len(table)))
        found[split] = Labelled(TableImages(table, image, datasets.Image(decode=False)), labels, keys)
    if any(other != names[0] for other in names):
        raise InvalidInputError(f"the splits of {title} must have the same class names; read them apart")
    return Found(found, names[0])


class TableImages(LazyImages):
    """The bytes, or else the paths, of the images in a column.

    Args:
        table: a ``datasets.Dataset``.
        column: the column, of images or of paths.
        undecoded: the type under which images come as they are stored.
    """

    def __init__(self, table: Any, column: str, undecoded: Any) -> None:
        self._column = column
        images = table.with_format(None).select_columns([column])
        stored = type(images.features[column]) is type(undecoded)
        self._table = images.cast_column(column, undecoded) if stored else images

    def __len__(self) -> int:
        return len(self._table)

    def at(self, position: int) -> ImageFile:
        """Return an image as it is stored; no bytes where there is none."""
        cell = self._table[position][self._column]
        if isinstance(cell, dict):
            cell = cell["bytes"] or cell["path"]
        return cell if isinstance(cell, str) else bytes(cell or b"")


def _tables(source: Any, splits: SplitNames | None, title: str) -> dict[str, tuple[str, Any]]:
    """Return what a split is called there, and its table, by what it is called here."""
    if isinstance(source, Mapping):
        held = {str(name): table for name, table in source.items()}
        called = values_by_split(list(held), splits, title)
        tables = {split: (name, held[name]) for name, split in called.items()}
    else:
        name = str(getattr(source, "split", None) or ONLY_SPLIT)
        tables = {next(iter(splits or {}), split_called(name) or ONLY_SPLIT): (name, source)}
    for _, table in tables.values():
        if not hasattr(table, "cast_column") or not hasattr(table, "__len__"):
            raise InvalidInputError(
                f"{title} must be a path, a name, or a Dataset or DatasetDict of the package datasets that "
                f"does not stream, not {type(table).__name__}"
            )
    return tables


def _column(role: str, kind: type, features: Mapping[str, Any], columns: Columns, title: str) -> str:
    """Return the column that is named, or the only one of a type, or else one with a usual name."""
    typed = [name for name, feature in features.items() if isinstance(feature, kind)]
    if role not in columns and len(typed) == 1:
        return typed[0]
    found = column_of(role, list(features), columns, title)
    if found is None:
        raise no_column(role, list(features), title)
    return found


def _labels(table: Any, column: str, title: str) -> Sequence[Label]:
    """Return the values of a column without a look at the others."""
    cells = table.with_format("arrow").select_columns([column])[:].column(column).to_pylist()
    return [checked_label(cell, row, column, title) for row, cell in enumerate(cells)]


def _loaded(function: str, title: str, *arguments: Any, **options: Any) -> Any:
    load = getattr(_package(), function)
    try:
        return load(*arguments, **options)
    except Exception as error:  # whatever its many parts raise
        raise InvalidInputError(
            f"cannot load the data set {title!r}: {first_sentence(error) or type(error).__name__}; check its "
            "name and the network, or hand in what datasets.load_dataset returned"
        ) from error


def _package() -> Any:
    try:
        import datasets
    except ImportError as error:
        raise MissingExtraError("reading a data set of Hugging Face", "datasets") from error
    return datasets
