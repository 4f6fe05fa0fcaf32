"""Folders of results as a run leaves them, of predictions that are known by counting."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from clipcoder.benchmark.row import DatasetFacts, EncoderFacts, Row, Seconds, TextFacts
from clipcoder.benchmark.rows import Results

N_IMAGES = 20
NAMES = ("cat", "dog", "fox", "cow")
LABELS = np.arange(N_IMAGES) % 4


def row(method: str, *, shots: int = 0, seed: int | None = None, texts: str = "wordnet", **other: Any) -> Row:
    """Return a row of the starter on 20 images of pets."""
    made = Row(
        id="",
        protocol="strict",
        encoder=EncoderFacts("starter", "e" * 16),
        dataset=DatasetFacts("pets", "Pets", "d" * 16, "test", N_IMAGES, len(NAMES)),
        texts=TextFacts(texts, "f" * 16),
        method=method,
        shots=shots,
        seed=seed,
        accuracy=0.0,
        class_accuracy_mean=0.0,
        ece=0.0,
        seconds=Seconds(0.0, 0.0, 0.0),
        peak_memory_mb=None,
        versions={},
        made="2024-01-01T00:00:00+00:00",
    )
    made = replace(made, **other)
    return replace(made, id=sha256(repr(made).encode()).hexdigest()[:16])


def add(
    folder: Path,
    right: int,
    of: Row,
    *,
    labels: npt.NDArray[np.intp] = LABELS,
    class_names: tuple[str, ...] = NAMES,
) -> None:
    """Append a row that gets the first ``right`` images right."""
    correct = np.arange(len(labels)) < right
    predictions = np.where(correct, labels, (labels + 1) % 4)
    results = Results(folder)
    with results.writing():
        results.append(of, labels, predictions, np.where(correct, 0.8, 0.4), class_names)
