"""Few-shot draws that others have published as files, ``shot_K-seed_S.json``."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from clipcoder.data.dataset import Dataset, Split
from clipcoder.data.draws import Draw
from clipcoder.errors import InvalidInputError
from clipcoder.files import system_reason


def read_draw(file: str | Path, dataset: Dataset) -> Draw:
    """Read a draw that was published for a data set.

    Two forms are known, both objects with ``train`` and ``val``: lists of ``[path, label, class name]``, and the
    form of Lin et al., ``{"data": [{"impath": ..., "label": ..., "classname": ...}, ...], ...}``. Paths may begin
    further up or further down than the keys of the data set. CoOp's own files are pickles and not read, for a pickle
    can run code; ``few_shot`` makes the same draw.

    Args:
        file: the JSON file.
        dataset: has the images in its splits ``train`` and ``val``.

    Raises:
        InvalidInputError: no file of this kind, or one that names images which the splits for training do not
            have, or an image of ``train`` in ``val``, or other labels.
    """
    place = Path(file)
    document = _document(place)
    used: dict[str, str] = {}
    draw = Draw(
        train=_split(place, "train", document, dataset, used),
        val=_split(place, "val", document, dataset, used),
    )
    if not len(draw.train):
        raise InvalidInputError(f"'{place}' draws no image of train; name a file that holds a few-shot draw")
    return draw


@dataclass(frozen=True)
class _Row:
    path: str
    label: int


def _split(
    place: Path, name: str, document: Mapping[str, Any], dataset: Dataset, used: dict[str, str]
) -> Split:
    """Return the images that one half of a draw names.

    Args:
        used: by key, the half that has named an image already; this half's images are added.
    """
    home = dataset.splits.get(name, dataset.split("train"))
    by_name: dict[str, list[int]] = defaultdict(list)
    for position, key in enumerate(home.keys):
        by_name[PurePosixPath(key).name].append(position)
    positions: list[int] = []
    for row in _rows(place, name, document):
        position = _found(row.path, home, by_name)
        if position is None:
            raise InvalidInputError(
                f"'{place}' draws {row.path!r} for {name}, which is no image that {dataset.title} has for it; "
                "take the file that was made for this data set"
            )
        if used.setdefault(home.keys[position], name) != name or position in positions:
            raise InvalidInputError(f"'{place}' draws {row.path!r} twice; a draw needs different images")
        if row.label != home.labels[position]:
            raise InvalidInputError(
                f"'{place}' gives {row.path!r} the label {row.label}, but in {dataset.title} it has "
                f"{home.labels[position]}; take the file that was made for this data set"
            )
        positions.append(position)
    return home.take(positions)


def _found(path: str, home: Split, by_name: Mapping[str, Sequence[int]]) -> int | None:
    """Return the position of the one image whose key ends as the path does, as far as both go."""
    parts = PurePosixPath(path).parts
    matches = []
    for position in by_name.get(parts[-1] if parts else "", ()):
        key = PurePosixPath(home.keys[position]).parts
        shared = min(len(key), len(parts))
        if key[-shared:] == parts[-shared:]:
            matches.append(position)
    return matches[0] if len(matches) == 1 else None


def _rows(place: Path, name: str, document: Mapping[str, Any]) -> Iterator[_Row]:
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
        f"'{place}' is no few-shot draw: it must be JSON with the lists train and val, and in them rows of a path, "
        "a label and a class name"
    )
