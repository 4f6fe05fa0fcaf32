"""What a source of labelled images was found to hold, and how it becomes a data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from clipcoder.data.dataset import SPLITS, Dataset, ImageFile, Split
from clipcoder.data.sources.labels import ClassNames, Label, numbered
from clipcoder.errors import InvalidInputError

_SHOWN: Final = 3  # names in an error message


@dataclass(frozen=True, eq=False)
class Labelled:
    """Images with labels as their source writes them.

    Attributes:
        images: paths, or a sequence that reads bytes when it is indexed.
        labels: a name or a number for each image.
        keys: what names each image on any machine.
    """

    images: Sequence[ImageFile]
    labels: Sequence[Label]
    keys: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Found:
    """What a source holds.

    Attributes:
        splits: of ``"train"``, ``"val"`` and ``"test"``, those that it has.
        class_names: the names that the source itself gives to numbers, in their order, if it does.
    """

    splits: Mapping[str, Labelled]
    class_names: Sequence[str] | None = None

    def as_dataset(
        self, name: str, title: str, class_names: ClassNames | None = None, prompts: str = "generic"
    ) -> Dataset:
        """Return it as a data set.

        Args:
            name: a short name.
            title: a name for people.
            class_names: as in ``labels.numbered``; by default those of the source.
            prompts: the entry of the prompt catalogue.

        Raises:
            InvalidInputError: no image, labels that the names do not cover, a class without images in one of
                the splits, or an image that is there twice.
        """
        parts = {split: self.splits[split] for split in SPLITS if split in self.splits}
        if not any(len(part.keys) for part in parts.values()):
            raise InvalidInputError(f"{title} has no image; name a source that holds some")
        seen: dict[Label, None] = {}
        for part in parts.values():
            seen.update(dict.fromkeys(part.labels))
        names, number = numbered(list(seen), class_names or self.class_names, title)
        splits = {split: _numbered_split(part, number) for split, part in parts.items()}
        _check_apart(splits, title)
        _check_filled(splits, names, title)
        return Dataset(name, title, names, splits, prompts)


def _numbered_split(part: Labelled, number: Mapping[Label, int]) -> Split:
    labels = np.fromiter((number[label] for label in part.labels), dtype=np.intp, count=len(part.labels))
    return Split(part.images, labels, part.keys)


def _check_apart(splits: Mapping[str, Split], title: str) -> None:
    """Refuse an image that is in two splits."""
    home: dict[str, str] = {}
    for name, split in splits.items():
        held = dict.fromkeys(split.keys, name)
        twice = next((key for key in held if key in home), None)
        if twice is not None:
            raise InvalidInputError(
                f"an image belongs in one split, but in {title} {twice!r} is in {home[twice]} and in {name}; "
                "take it out of one of them"
            )
        home |= held


def _check_filled(splits: Mapping[str, Split], names: Sequence[str], title: str) -> None:
    """Refuse a class that one of the splits lacks: what is learned would not be what is tested."""
    held = {name: np.bincount(split.labels, minlength=len(names)) > 0 for name, split in splits.items()}
    anywhere = np.any(list(held.values()), axis=0)
    if not anywhere.all():
        raise InvalidInputError(
            f"{title} has no image of {_listed(names, ~anywhere)}; add images or leave the class out"
        )
    for name, filled in held.items():
        if not filled.all():
            lacking = int(np.argmin(filled))
            other = next(n for n, there in held.items() if there[lacking])
            raise InvalidInputError(
                f"the splits of {title} must have the same classes, but {name} has no image of "
                f"{_listed(names, ~filled)}, of which {other} has some; add images, or leave a split out: "
                f"splits={{{other!r}: {other!r}}}"
            )


def _listed(names: Sequence[str], chosen: Iterable[bool]) -> str:
    """Return the chosen names, in quotes, and how many more there are."""
    named = [repr(name) for name, taken in zip(names, chosen, strict=True) if taken]
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return ", ".join(named[:_SHOWN]) + more
