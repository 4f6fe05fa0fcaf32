"""Caltech-101 as the measurements read it, and the intervals that they print."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from clipcoder import TextBank
from clipcoder.encoders import Encoder

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
SEEDS = (1, 2, 3)
FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]
Right = npt.NDArray[np.float64]
"""Of each photo: 1 where it was classified rightly, 0 where not, or a mean of these over seeds."""

CUPL_NAMES = {
    "face": "off-center face",
    "car_side": "side of a car",
    "cougar_body": "body of a cougar cat",
    "cougar_face": "face of a cougar cat",
    "crocodile_head": "head of a crocodile",
    "flamingo_head": "head of a flamingo",
    "snoopy": "snoopy (cartoon beagle)",
    "yin_yang": "yin and yang symbol",
}
"""What the sentence file calls the classes that the split calls otherwise."""


class Caltech:
    """Photos, labels and fixed draws of the CoOp split."""

    def __init__(self, data: Path, encoder: Encoder) -> None:
        self._folder = data / "caltech-101"
        self._encoder = encoder
        self._split = json.loads((self._folder / "split_zhou_Caltech101.json").read_text())
        self.names = [name for _, name in sorted({(label, name) for _, label, name in self._split["test"]})]

    def part(self, *parts: str) -> tuple[FloatArray, IntArray]:
        """Return the features and labels of the photos of some parts: train, val or test."""
        return self._photos(
            [row for part in parts for row in self._split[part]], f"{' and '.join(parts)} photos"
        )

    def draws(self, shots: int) -> Iterable[tuple[FloatArray, IntArray]]:
        for seed in SEEDS:
            draw = json.loads((self._folder / "few_shot" / f"shot_{shots}-seed_{seed}.json").read_text())
            yield self._photos(draw["train"], f"{shots} shots, draw {seed}")

    def _photos(self, rows: Iterable[tuple[str, int, str]], what: str) -> tuple[FloatArray, IntArray]:
        paths, labels, _ = zip(*rows, strict=True)
        photos = [self._folder / "101_ObjectCategories" / path for path in paths]
        parts = [photos[i : i + 64] for i in range(0, len(photos), 64)]
        features = np.concatenate(
            [self._encoder.encode_images(part) for part in track(parts, what, console=Console(stderr=True))]
        )
        return features, np.array(labels)


def cupl_bank(data: Path, names: Sequence[str]) -> TextBank:
    """Return CuPL's sentences (Pratt et al., ICCV 2023), without names."""
    sentences = json.loads((data / "texts" / "cupl" / "caltech101.json").read_text())
    by_key = {name.lower().replace("_", " "): texts for name, texts in sentences.items()}
    found = {name: by_key.get(CUPL_NAMES.get(name, name).lower().replace("_", " ")) for name in names}
    missing = [name for name, texts in found.items() if not texts]
    if missing:
        raise SystemExit(f"no sentences for {missing}; the file has {sorted(by_key)}")
    return TextBank.from_texts({name: texts for name, texts in found.items() if texts}, source="cupl")


def interval(values: Right) -> str:
    """Return the 95 % interval of a mean in percent, by 1,000 resamples of the photos."""
    draws = np.random.default_rng(0).integers(len(values), size=(1000, len(values)))
    low, high = np.percentile(100 * values[draws].mean(axis=1), [2.5, 97.5])
    return f"{low:.1f} to {high:.1f}"


def gain(after: Right, before: Right) -> str:
    """Return how much better one is than the other in points, with its interval, paired over the photos."""
    difference = after - before
    draws = np.random.default_rng(0).integers(len(difference), size=(1000, len(difference)))
    low, high = np.percentile(100 * difference[draws].mean(axis=1), [2.5, 97.5])
    return f"{100 * difference.mean():+.1f} ({low:+.1f} to {high:+.1f})"
