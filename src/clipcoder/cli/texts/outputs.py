"""Where the commands that write banks put them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clipcoder.errors import InvalidInputError


def pairs_file(out: Path) -> Path:
    """Return the place of the pair bank that belongs to a text bank, unless another one is named.

    >>> pairs_file(Path("birds.json")).name
    'birds.pairs.json'
    """
    return out.with_name(f"{out.stem}.pairs{out.suffix}")


def check_apart(places: Mapping[str, Path | None]) -> None:
    """Refuse to write one file over another.

    Args:
        places: by the options that name them; None where nothing is written.

    Raises:
        InvalidInputError: two options name the same file.
    """
    taken: dict[Path, str] = {}
    for option, place in places.items():
        first = taken.setdefault(place.resolve(), option) if place else option
        if first != option:
            raise InvalidInputError(f"{first} and {option} must name two files, but both name '{place}'")
