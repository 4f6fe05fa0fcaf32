"""WebDataset shards: tar files of samples, an image and its label side by side; never extracted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from clipcoder.data.sources.columns import Columns
from clipcoder.data.sources.files_named import common_folder
from clipcoder.data.sources.found import Found
from clipcoder.data.sources.labels import Label
from clipcoder.data.sources.sheets import Sheet, by_split
from clipcoder.data.sources.split_names import SplitNames
from clipcoder.data.sources.tar_file import Member, TarImages, content, tar_members
from clipcoder.errors import InvalidInputError
from clipcoder.files import IMAGE_SUFFIXES, system_reason

SHARD_SUFFIX: Final = ".tar"

NAMES_FILE: Final = "classnames.txt"
"""Class names in the order of the labels, one a line, in the folder of the shards or the one above."""

_LABEL_SUFFIXES: Final = ("cls", "json", "txt")  # the first one that a sample has holds its label


def read_shards(files: Sequence[Path], columns: Columns, splits: SplitNames | None, title: str) -> Found:
    """Read the index of WebDataset shards.

    Args:
        files: plain tar files. Members whose paths are the same up to the first dot of the name are a sample:
            an image, and its label in ``.cls``, in a field of ``.json``, or in ``.txt``.
        columns: where a sample has several, which holds the ``"image"``, such as ``"png"``, and which the
            ``"label"``: ``"cls"``, ``"txt"``, or else a field of the JSON, by default ``"label"``.
        splits: a pattern for the files of each split.
        title: what they are, for messages.

    Returns:
        The path of the shard and that of the member in it as the key of each image.

    Raises:
        InvalidInputError: a file that is no whole tar file, or a sample without a label or without an image,
            or with two images.
    """
    folder = common_folder(files)
    sheets = [shard_sheet(file, file.absolute().relative_to(folder).as_posix(), columns) for file in files]
    return Found(by_split(sheets, splits, title), _names_beside(folder))


def shard_sheet(file: Path, name: str, columns: Columns) -> Sheet:
    """Read the index of a shard.

    Args:
        file: a tar file.
        name: what it is called in the data set.
        columns: as in ``read_shards``.

    Raises:
        InvalidInputError: as in ``read_shards``.
    """
    images: list[Member] = []
    labels: list[Label] = []
    for key, sample in _samples(file, columns).items():
        if sample.image is None or sample.label is None:
            what = "image" if sample.image is None else "label"
            raise InvalidInputError(
                f"the sample {key!r} of '{file}' has no {what} in it; it needs both, as in "
                f"{key}.jpg and {key}.cls"
            )
        images.append(sample.image)
        labels.append(sample.label)
    offsets = np.array([image.offset for image in images], dtype=np.int64)
    sizes = np.array([image.size for image in images], dtype=np.int64)
    return Sheet(name, TarImages(file, offsets, sizes), [f"{name}/{image.name}" for image in images], labels)


@dataclass
class _Sample:
    """What a shard has under one key, and at which of the places for labels its label was found."""

    image: Member | None = None
    label: Label | None = None
    place: int = 0


def _samples(file: Path, columns: Columns) -> dict[str, _Sample]:
    """Return the samples of a shard by their keys, in the order in which they begin."""
    found: dict[str, _Sample] = {}
    wanted = columns.get("image")
    suffixes, field = _label_places(columns.get("label"))
    with tar_members(file) as (stream, members):
        for member in members:
            key, suffix = _taken_apart(member.name)
            if f".{suffix}" in IMAGE_SUFFIXES and wanted in (None, suffix):
                _add_image(found.setdefault(key, _Sample()), member, f"the sample {key!r} of '{file}'")
            elif suffix in suffixes:
                label = _label(content(stream, member.offset, member.size), suffix, field)
                if label is not None:
                    _add_label(found.setdefault(key, _Sample()), label, suffixes.index(suffix))
    return found


def _label_places(wanted: str | None) -> tuple[Sequence[str], str]:
    """Return the suffixes of what may hold labels, the best first, and the field of the JSON that does."""
    if wanted is None:
        return _LABEL_SUFFIXES, "label"
    return ((wanted,), "label") if wanted in _LABEL_SUFFIXES else (("json",), wanted)


def _taken_apart(path: str) -> tuple[str, str]:
    """Return the key and the suffix of a member, as WebDataset has them: the first dot is between them.

    >>> _taken_apart("train/0001.seg.PNG")
    ('train/0001', 'seg.png')
    """
    folder, slash, name = path.rpartition("/")
    stem, _, suffix = name.partition(".")
    return folder + slash + stem, suffix.lower()


def _add_image(sample: _Sample, member: Member, title: str) -> None:
    if sample.image is not None:
        raise InvalidInputError(
            f"{title} has two images, {sample.image.name!r} and {member.name!r}; remove one, or say which "
            "to take, as in columns={'image': 'png'}"
        )
    sample.image = member


def _add_label(sample: _Sample, label: Label, place: int) -> None:
    if sample.label is None or place < sample.place:
        sample.label, sample.place = label, place


def _label(raw: bytes, suffix: str, field: str) -> Label | None:
    """Return the label that is written in a file; None where none is."""
    if suffix != "json":
        return raw.decode("utf-8", "replace").strip() or None
    try:
        label = json.loads(raw).get(field)
    except (ValueError, AttributeError, RecursionError):  # it is about something else
        return None
    return label if isinstance(label, str | int) and label != "" and not isinstance(label, bool) else None


def _names_beside(folder: Path) -> list[str] | None:
    """Return the class names that lie beside the shards, or in the folder above them, if any do."""
    for file in (folder / NAMES_FILE, folder.parent / NAMES_FILE):
        if file.is_file():
            try:
                lines = file.read_text(encoding="utf-8-sig").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                reason = system_reason(error) if isinstance(error, OSError) else "it is not UTF-8 text"
                raise InvalidInputError(f"cannot read the class names in '{file}': {reason}") from error
            return [line.strip() for line in lines if line.strip()]
    return None
