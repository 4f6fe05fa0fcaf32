"""Image folders: a folder for each class, in a folder for each split where there are several."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from clipcoder.data.sources.found import Found, Labelled
from clipcoder.data.sources.lazy import Below
from clipcoder.data.sources.split_names import ONLY_SPLIT, SplitNames, split_called
from clipcoder.errors import InvalidInputError
from clipcoder.files import IMAGE_SUFFIXES, system_reason


def read_folder(root: Path, splits: SplitNames | None = None) -> Found:
    """Read ``ROOT/SPLIT/CLASS/...`` or ``ROOT/CLASS/...``; images lie in a class folder, however deep.

    Folders and files are taken in the order of their names' code points, and hidden ones left out, so that a
    draw from them is the same on any machine.

    Args:
        root: the folder.
        splits: the folder of each split below ``root``, ``"."`` for itself. Without it, folders with folders
            in them that are called train, val and test, or training, validation and the like, are the splits;
            where there are none, ``root`` has the classes, and its images are ``"test"``.

    Returns:
        The name of its class folder as the label of each image, and its path below ``root`` as its key.

    Raises:
        InvalidInputError: a folder that cannot be read, no class folder, one without images, an image beside
            the class folders, or a link to an image that is not there.
    """
    places = _split_folders(root) if splits is None else splits
    return Found({split: _read_split(root, place) for split, place in places.items()})


def holds_images(root: Path) -> bool:
    """Whether there is an image in one of the folders of a folder, however deep."""
    return any(True for entry in _listed(root) if entry.is_dir() for _ in _images_below(entry.path))


def _split_folders(root: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in _listed(root):
        split = split_called(entry.name) if entry.is_dir() else None
        if split is None or not any(inner.is_dir() for inner in _listed(Path(entry.path))):
            continue  # a class may be called train, as that on rails
        if split in found:
            raise InvalidInputError(
                f"'{root}' has two folders for {split}, {found[split]!r} and {entry.name!r}; say which to "
                f"read: splits={{{split!r}: {entry.name!r}}}"
            )
        found[split] = entry.name
    return found or {ONLY_SPLIT: os.curdir}


def _read_split(root: Path, place: str) -> Labelled:
    folder = root / place
    entries = _listed(folder)
    loose = next((entry.name for entry in entries if not entry.is_dir() and _is_image(entry)), None)
    classes = [entry for entry in entries if entry.is_dir()]
    if loose is not None and classes:
        raise InvalidInputError(
            f"'{folder}' has the image {loose!r} beside the folders of its classes; move it into one of them"
        )
    if not classes:
        raise InvalidInputError(
            f"'{folder}' has no folder in it; put the images of each class into a folder of its name"
        )
    keys: list[str] = []
    labels: list[str] = []
    prefix = "" if folder == root else f"{Path(place).as_posix()}/"
    for entry in classes:
        held = [f"{prefix}{entry.name}/{path}" for path in _images_below(entry.path)]
        if not held:
            raise InvalidInputError(
                f"the class folder '{folder / entry.name}' has no image; put some into it, or remove it"
            )
        keys += held
        labels += [entry.name] * len(held)
    named = tuple(keys)
    return Labelled(Below(root, named), labels, named)


def _images_below(folder: str) -> Iterator[str]:
    """Yield the paths of images relative to a folder, with "/"."""
    for entry in _listed(Path(folder)):
        if entry.is_dir(follow_symlinks=False):  # a link to a folder above would lead round in circles
            yield from (f"{entry.name}/{path}" for path in _images_below(entry.path))
        elif _is_image(entry):
            if entry.is_symlink() and not entry.is_file():
                raise InvalidInputError(f"the image '{entry.path}' is a link to nothing; mend or remove it")
            if entry.is_file():  # and not a pipe, at which a reader would wait for ever
                yield entry.name


def _is_image(entry: os.DirEntry[str]) -> bool:
    return os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES  # noqa: PTH122 - ten times as fast


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            shown = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise InvalidInputError(f"cannot read the folder '{folder}': {system_reason(error)}") from error
    return sorted(shown, key=lambda entry: entry.name)
