"""Two data sets of plain colours, on which every method's accuracy is known by counting.

``ColourEncoder`` makes an image its mean colour and a text the sum of the colours that it names, so that an
image of the colour of its class is right under every rule, and one of another class's colour is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clipcoder.benchmark.row import Row
from clipcoder.data.dataset import Dataset, Split
from clipcoder.encoders.base import FloatArray
from toy_encoder import StagedColourEncoder, plain

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
GARDEN = ("tomato", "grass", "sky")
"""The classes of the garden, whose colours are red, green and blue."""

RIGHT = {"tomato": 4, "grass": 2, "sky": 1}
"""How many of the four test images of each class have its colour; the others have the next one's."""

ACCURACY = 7 / 12
"""Of each method that knows the colours of the classes."""


class Encoder(StagedColourEncoder):
    """Counts what it encodes; a cell that is stopped is one at which Ctrl-C is pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.images = 0

    def fingerprint(self) -> str:
        return "c0104c0104"

    def encode_prepared(self, prepared: Sequence[Any]) -> FloatArray:
        self.images += len(prepared)
        return super().encode_prepared(prepared)


def garden(folder: Path, *, name: str = "garden", labels: Sequence[int] | None = None) -> Dataset:
    """Return three classes with 4 train, 2 val and 4 test images each, as files of different bytes.

    Args:
        folder: where the files go.
        name: of the data set.
        labels: those of the test images, in place of the right ones.
    """
    colours = list(COLOURS)
    splits = {}
    for split, count in (("train", 4), ("val", 2), ("test", 4)):
        paths, classes = [], []
        for c, class_name in enumerate(GARDEN):
            for i in range(count):
                wrong = split == "test" and i >= RIGHT[class_name]
                path = folder / split / class_name / f"{i}.png"
                save(path, colours[(c + wrong) % 3], len(paths) + 100 * len(split))
                paths.append(path)
                classes.append(c)
        keys = tuple(str(path.relative_to(folder)) for path in paths)
        splits[split] = Split(paths, labels if split == "test" and labels else classes, keys)
    return Dataset(name, "The garden", GARDEN, splits)


def traffic(folder: Path) -> Dataset:
    """Return two classes with test images alone: 3 of 3 red lights are right, and 1 of 2 green ones."""
    shown = [("red", 0), ("red", 0), ("red", 0), ("green", 1), ("red", 1)]
    paths = [folder / f"{i}.png" for i in range(len(shown))]
    for i, (path, (colour, _)) in enumerate(zip(paths, shown, strict=True)):
        save(path, colour, 500 + i)
    keys = tuple(path.name for path in paths)
    return Dataset(
        "traffic", "Traffic lights", ("red", "green"), {"test": Split(paths, [1 * c for _, c in shown], keys)}
    )


def save(path: Path, colour: str, size: int) -> None:
    """Write an image of one colour; its size makes its bytes its own, and not its feature."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain(COLOURS[colour], (size % 50 + 2, size // 50 + 2)).save(path)


def accuracies(rows: Sequence[Row]) -> dict[str, float]:
    """Return the accuracy of each method, the mean over seeds and shots."""
    found: dict[str, list[float]] = {}
    for row in rows:
        found.setdefault(row.method, []).append(row.accuracy)
    return {method: sum(values) / len(values) for method, values in found.items()}
