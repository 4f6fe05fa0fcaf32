"""Few-shot draws that others have published as files, ``shot_K-seed_S.json``."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from clipcoder.data.dataset import Dataset, Split
from clipcoder.data.draws import Draw
from clipcoder.errors import InvalidInputError
from clipcoder.files import system_reason


def read_draw(file: str | Path, dataset: Dataset) -> Draw:
    """Read a draw that was published for a data set.

    Two forms are known, both objects with ``train`` and ``val``: lists of ``[path, label, class name]``, and
    that of Lin et al., ``{"data": [{"impath": ..., "label": ..., "classname": ...}, ...]}``. Paths may begin
    further up or further down than the keys of the data set. CoOp's own files are not read: they are pickles,
    which can run code. ``few_shot`` makes the same draws.

    Args:
        file: the JSON file.
        dataset: has the images in its splits ``train`` and ``val``.

    Raises:
        InvalidInputError: no file of this kind, or one that names an image that these splits do not have, or
            one twice, or with another label.
    """
    place = Path(file)
    if "train" not in dataset.splits:
        raise InvalidInputError(f"'{place}' draws from a train split, but {dataset.title} has no train split")
    document = _document(place)
    train = _split(place, document, "train", dataset)
    val = _split(place, document, "val", dataset)
    for key in {*train.keys}.intersection(val.keys):
        raise InvalidInputError(f"'{place}' draws {key!r} twice, for train and for val; keep one of them")
    if not len(train):
        raise InvalidInputError(f"'{place}' draws no image of train; name a file that holds a few-shot draw")
    return Draw(train, val)


class _Row(NamedTuple):
    path: str
    label: int


def _split(place: Path, document: Mapping[str, Any], name: str, dataset: Dataset) -> Split:
    """Return the images that one half of a draw names."""
    home = dataset.splits.get(name, dataset.splits["train"])
    positions = _Positions(home)
    chosen: dict[int, str] = {}
    for row in _rows(place, document, name):
        position = positions.of(row.path)
        if position is None:
            raise InvalidInputError(
                f"'{place}' draws {row.path!r} for {name}, but {dataset.title} has no such image to draw; "
                "take the file that was made for this data set"
            )
        if position in chosen:
            raise InvalidInputError(f"'{place}' draws {row.path!r} twice for {name}; keep one of them")
        if row.label != home.labels[position]:
            raise InvalidInputError(
                f"'{place}' gives {row.path!r} the label {row.label}, but in {dataset.title} it has "
                f"{home.labels[position]}; take the file that was made for this data set"
            )
        chosen[position] = row.path
    return home.take(list(chosen))


class _Positions:
    """Where images are in a split, by paths that begin further up or further down than its keys."""

    def __init__(self, split: Split) -> None:
        self._keys = split.keys
        self._by_name: dict[str, list[int]] = defaultdict(list)
        for position, key in enumerate(split.keys):
            self._by_name[PurePosixPath(key).name].append(position)

    def of(self, path: str) -> int | None:
        """Return the position of the one image whose key ends as the path does, as far as both go."""
        parts = PurePosixPath(path).parts
        named = self._by_name.get(parts[-1], ()) if parts else ()
        matches = [position for position in named if self._agree(position, parts)]
        return matches[0] if len(matches) == 1 else None

    def _agree(self, position: int, parts: tuple[str, ...]) -> bool:
        key = PurePosixPath(self._keys[position]).parts
        shared = min(len(key), len(parts))
        return key[-shared:] == parts[-shared:]


def _rows(place: Path, document: Mapping[str, Any], name: str) -> Iterator[_Row]:
    half = document.get(name)
    listed = half.get("data") if isinstance(half, dict) else half
    if not isinstance(listed, list):
        raise _no_draw(place)
    for row in listed:
        match row:
            case [str(path), int(label), str()] | {"impath": str(path), "label": int(label)}:
                yield _Row(path, label)
            case _:
                raise _no_draw(place)


def _document(place: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(place.read_bytes())
    except OSError as error:
        raise InvalidInputError(f"cannot read the draw '{place}': {system_reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise _no_draw(place) from error
    if not isinstance(document, dict):
        raise _no_draw(place)
    return document


def _no_draw(place: Path) -> InvalidInputError:
    return InvalidInputError(
        f"'{place}' is no few-shot draw: it must be JSON with the lists train and val, and in them rows of a "
        "path, a label and a class name"
    )
