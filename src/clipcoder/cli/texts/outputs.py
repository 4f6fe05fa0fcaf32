"""Where the commands that write banks put them."""

from __future__ import annotations

from pathlib import Path


def pairs_file(out: Path) -> Path:
    """Return the place of the pair bank that belongs to a text bank, unless another one is named.

    >>> pairs_file(Path("birds.json")).name
    'birds.pairs.json'
    """
    return out.with_name(f"{out.stem}.pairs{out.suffix}")
