"""Which arithmetic the starter may compute in: how many labels of the Caltech-101 test photos stay the same.

    python bench/agreement.py [--data ../shared/data] [--photos 2465]

Each row runs the image tower in another arithmetic on the same pixels and classifies by the texts that
WordNet knows of the 100 classes. A precision is offered where at least 99.5 % of the labels are those of
float32 on ONNX Runtime. No label of the data set is looked at. OpenVINO is in the extra ``fast``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track
from rich.table import Table

from clipcoder import TextBank, load_encoder
from clipcoder.encoders import StagedEncoder
from clipcoder.errors import ClipcoderError
from clipcoder.zero_shot import heuristic_scores

ROOT = Path(__file__).resolve().parents[1]
GRAPH = Path(str(resources.files("clipcoder"))) / "assets" / "starter" / "image.onnx"
LEAST = 0.995
BATCH = 16
FloatArray = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
Tower = Callable[[Pixels], FloatArray]


@dataclass(frozen=True)
class Run:
    """Features of all photos, and how fast they came."""

    features: FloatArray
    images_per_second: float

    @classmethod
    def of(cls, tower: Tower, pixels: Pixels, what: str) -> Run:
        tower(pixels[:BATCH])  # the first call pays for memory and caches
        starts = range(0, len(pixels), BATCH)
        began = time.perf_counter()
        rows = [tower(pixels[i : i + BATCH]) for i in track(starts, what)]
        return cls(np.concatenate(rows), len(pixels) / (time.perf_counter() - began))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--photos", type=int, default=2465, help="only so many, evenly spread")
    options = parser.parse_args()
    encoder = load_encoder("starter")
    names, photos = caltech(options.data / "caltech-101", options.photos)
    pixels = prepared(encoder, photos)
    bank = TextBank.from_wordnet(names, encoder)
    texts = encoder.encode_texts([entry.text for entry in bank.texts])

    def labels(features: FloatArray) -> npt.NDArray[np.intp]:
        scores = heuristic_scores(features, texts, bank.text_class, bank.text_kind)
        chosen: npt.NDArray[np.intp] = scores.argmax(axis=1)
        return chosen

    exact = Run.of(lambda batch: encoder.encode_prepared(list(batch)), pixels, "float32")
    table = Table(
        "arithmetic", "labels kept %", "cosine, least", "cosine, mean", "images/s", "passes", "offered"
    )
    table.title = f"starter, {len(photos)} test photos of Caltech-101, against float32 on ONNX Runtime"
    add(table, "float32, ONNX Runtime", exact, exact, labels, offered("float32"))
    for precision, hint in (("float32", "f32"), ("float16", "f16"), ("bfloat16", "bf16")):
        what = f"{precision}, OpenVINO"
        add(table, what, Run.of(openvino_tower(hint), pixels, what), exact, labels, offered(precision))
    Console(width=110).print(table)


def caltech(folder: Path, count: int) -> tuple[list[str], list[Path]]:
    """Return the class names and ``count`` of the test photos, evenly spread."""
    rows = json.loads((folder / "split_zhou_Caltech101.json").read_text())["test"]
    names = [name for _, name in sorted({(label, name) for _, label, name in rows})]
    chosen = np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int)
    return names, [folder / "101_ObjectCategories" / rows[i][0] for i in chosen]


def prepared(encoder: StagedEncoder, photos: Sequence[Path]) -> Pixels:
    with ThreadPoolExecutor() as threads:
        return np.stack(list(track(threads.map(encoder.prepare_image, photos), "photos", len(photos))))


def openvino_tower(hint: str) -> Tower:
    """Return the image tower on OpenVINO, which takes a hint for what its processor does not compute in."""
    import openvino

    settings = {"INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"}
    model = openvino.Core().compile_model(GRAPH, "CPU", settings)
    return lambda batch: np.array(model(batch)[0], dtype=np.float32)


def offered(precision: str) -> bool:
    try:
        load_encoder("starter", precision=precision)  # type: ignore[arg-type]
    except ClipcoderError:
        return False
    return True


def add(
    table: Table,
    what: str,
    run: Run,
    exact: Run,
    labels: Callable[[FloatArray], npt.NDArray[np.intp]],
    is_offered: bool,
) -> None:
    kept = float((labels(run.features) == labels(exact.features)).mean())
    cosines = np.einsum("nd,nd->n", run.features, exact.features)
    numbers = (
        f"{100 * kept:.2f}",
        f"{cosines.min():.4f}",
        f"{cosines.mean():.6f}",
        f"{run.images_per_second:.0f}",
    )
    verdicts = ("yes" if holds else "no" for holds in (kept >= LEAST, is_offered))
    table.add_row(what, *numbers, *verdicts)


if __name__ == "__main__":
    main()
