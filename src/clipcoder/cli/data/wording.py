"""How sizes and counts of data sets are written."""

from __future__ import annotations

from collections.abc import Mapping


def size(megabytes: int) -> str:
    """Return a size for people; nothing where it is not known.

    >>> size(2753), size(94), size(0)
    ('2.8 GB', '94 MB', '')
    """
    if megabytes < 1000:
        return f"{megabytes} MB" if megabytes else ""
    return f"{megabytes / 1000:,.1f} GB" if megabytes < 10_000 else f"{megabytes / 1000:,.0f} GB"


def counts(images_of: Mapping[str, int]) -> str:
    """Return how many images each split has.

    >>> counts({"train": 5994, "test": 5794})
    '5,994 train, 5,794 test'
    """
    return ", ".join(f"{count:,} {split}" for split, count in images_of.items())
