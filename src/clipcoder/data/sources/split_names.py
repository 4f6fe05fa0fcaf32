"""How sources call their splits: folders, files and columns that say ``validation`` where we say ``val``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Final

from clipcoder.data.dataset import SPLITS
from clipcoder.errors import InvalidInputError, UnknownNameError

SplitNames = Mapping[str, str]
"""What the source calls each of ``"train"``, ``"val"`` and ``"test"`` that shall be read."""

ONLY_SPLIT: Final = "test"
"""What images are that no split was made of: images to evaluate on, of which nothing is learned."""

_ALIASES: Final = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}


def split_called(word: str) -> str | None:
    """Return the split that a word stands for, if any.

    >>> split_called("Validation"), split_called("cat")
    ('val', None)
    """
    return _ALIASES.get(word.strip().casefold())


def split_of_path(path: str) -> str | None:
    """Return the split that the name of a file speaks of, or else the nearest folder that does.

    >>> split_of_path("imagenet-train-0042.tar"), split_of_path("test/0.tar"), split_of_path("0.tar")
    ('train', 'test', None)
    """
    for part in reversed(PurePosixPath(path).parts):
        spoken = {split for word in re.split(r"[-_.\s]", part) if (split := split_called(word))}
        if spoken:
            return spoken.pop() if len(spoken) == 1 else None
    return None


def check_split_names(splits: Mapping[str, object]) -> None:
    """Refuse names of splits that there are not.

    Raises:
        UnknownNameError: a key that is no split.
        InvalidInputError: none at all.
    """
    if not splits:
        raise InvalidInputError("splits must name a split at least, such as splits={'test': 'validation'}")
    for name in splits:
        if name not in SPLITS:
            raise UnknownNameError("split", name, SPLITS)


def values_by_split(values: Sequence[str], splits: SplitNames | None, title: str) -> dict[str, str]:
    """Return the split of each value that a column of splits holds; values that are not asked for have none.

    Raises:
        InvalidInputError: a value that speaks of no split, or a split that is asked for and not there.

    >>> values_by_split(["train", "validation"], None, "Pets")
    {'train': 'train', 'validation': 'val'}
    """
    if splits is not None:
        for split, value in splits.items():
            if value not in values:
                raise InvalidInputError(
                    f"{title} has nothing called {value!r} to be {split}; it has {_listed(values)}"
                )
        asked = {value: split for split, value in splits.items()}
        for split, value in splits.items():
            if asked[value] != split:
                raise InvalidInputError(
                    f"{title} has {value!r} as {split} and as {asked[value]}; name different ones"
                )
        return asked
    called = {value: split_called(value) for value in values}
    known = {value: split for value, split in called.items() if split}
    if len(known) < len(called) or len(set(known.values())) < len(known):
        raise InvalidInputError(
            f"the splits of {title} must be called train, val and test, but they are {_listed(values)}; say "
            "which is which, as in splits={'train': 'train', 'test': 'holdout'}"
        )
    return known


def files_by_split(paths: Sequence[str], splits: SplitNames | None, title: str) -> dict[str, list[str]]:
    """Return the files of each split.

    Args:
        paths: of files, relative to one folder, with "/".
        splits: a pattern for each split, such as ``"train-*.tar"``. Without it the names of files and folders
            decide, and where none of them speaks of a split, all are ``ONLY_SPLIT``.
        title: what the files are, for messages.

    Raises:
        InvalidInputError: a pattern that fits no file, files that two patterns fit, or only some that speak
            of a split.

    >>> files_by_split(["train-0.tar", "train-1.tar", "val-0.tar"], None, "Pets")
    {'train': ['train-0.tar', 'train-1.tar'], 'val': ['val-0.tar']}
    """
    if splits is not None:
        return _matched(paths, splits, title)
    found: dict[str, list[str]] = {}
    silent: list[str] = []
    for path in paths:
        split = split_of_path(path)
        (silent if split is None else found.setdefault(split, [])).append(path)
    if not found:
        return {ONLY_SPLIT: list(paths)}
    if silent:
        raise InvalidInputError(
            f"the files of {title} must say of which split they are, but {silent[0]!r} does not; name the "
            "files of each: splits={'train': 'a-*.tar', 'test': 'b-*.tar'}"
        )
    return found


def _matched(paths: Sequence[str], splits: SplitNames, title: str) -> dict[str, list[str]]:
    found = {split: [path for path in paths if fnmatchcase(path, fit)] for split, fit in splits.items()}
    home: dict[str, str] = {}
    for split, chosen in found.items():
        if not chosen:
            raise InvalidInputError(
                f"{title} has no file {splits[split]!r} to be {split}; it has {_listed(paths)}"
            )
        for path in chosen:
            if home.setdefault(path, split) != split:
                raise InvalidInputError(
                    f"{path!r} of {title} is in {home[path]} and in {split}; narrow a pattern"
                )
    return found


def _listed(names: Sequence[str]) -> str:
    more = " and more" if len(names) > 5 else ""
    return ", ".join(repr(name) for name in names[:5]) + more
