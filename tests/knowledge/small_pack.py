"""Writes packs to test with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clipcoder.knowledge.pack import Pack


class Assets:
    """Writes the files of a pack."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("class_names", "knowledge"):
            (folder / name).mkdir()
        (folder / "knowledge" / "words.txt").write_text("# remark\nbumpy  # of a surface\n")

    def names(self, dataset: str, names: Sequence[str]) -> None:
        (self.folder / "class_names" / f"{dataset}.txt").write_text("".join(f"{name}\n" for name in names))

    def lines(self, ending: str, records: Sequence[dict[str, Any] | str]) -> None:
        lines = (r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in records)
        (self.folder / "knowledge" / ending).write_text("".join(f"{line}\n" for line in lines))

    @property
    def pack(self) -> Pack:
        return Pack(self.folder)


def entry(name: str, sense: str = "some thing", **lists: Sequence[str]) -> dict[str, Any]:
    """A line about a class in which nothing is to be mended, but for what is given."""
    usual = {
        "attributes": [f"{colour} side of {name}" for colour in ("red", "blue", "green", "white")],
        "analogues": [f"{name} copy"],
        "synonyms": [],
    }
    return {"class": name, "sense": sense, **usual, **lists}


def pair(
    name: str, other: str, said: Sequence[str] = (), said_of_other: Sequence[str] = ()
) -> dict[str, Any]:
    return {"class": name, "other": other, "differences": said, "other_differences": said_of_other}
