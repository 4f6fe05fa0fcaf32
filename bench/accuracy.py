"""The starter's accuracy on the test photos of Caltech-101, which nothing was trained on or chosen by.

    python bench/accuracy.py [--data ../shared/data]

Zero-shot rows classify the 2,465 test photos among 100 names. The control replaces what WordNet says by
random words (after WaffleCLIP, Roth et al., ICCV 2023), three seeds. ``WordNet + CuPL`` adds the sentences
that a language model wrote for CuPL (Pratt et al., ICCV 2023). The few-shot rows are Gaussian discriminant
analysis (Wang et al., ICLR 2024) on the image features alone, three draws. Intervals are 95 %: a bootstrap
over the photos (1,000 resamples) where nothing is drawn, else the range over the seeds.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track
from rich.table import Table

from clipcoder import TextBank, load_encoder
from clipcoder.bank import random_words
from clipcoder.encoders import Encoder
from clipcoder.zero_shot import clip_scores, heuristic_scores

ROOT = Path(__file__).resolve().parents[1]
SEEDS = (1, 2, 3)
SHOTS = (1, 4, 16)
FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

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
    """Features and labels of the photos, each encoded once."""

    def __init__(self, data: Path, encoder: Encoder) -> None:
        self._folder = data / "caltech-101"
        self._encoder = encoder
        self._split = json.loads((self._folder / "split_zhou_Caltech101.json").read_text())
        self.names = [name for _, name in sorted({(label, name) for _, label, name in self._split["test"]})]

    def photos(self, rows: Iterable[tuple[str, int, str]], what: str) -> tuple[FloatArray, IntArray]:
        paths, labels, _ = zip(*rows, strict=True)
        photos = [self._folder / "101_ObjectCategories" / path for path in paths]
        parts = [photos[i : i + 64] for i in range(0, len(photos), 64)]
        return np.concatenate([self._encoder.encode_images(part) for part in track(parts, what)]), np.array(
            labels
        )

    def test(self) -> tuple[FloatArray, IntArray]:
        return self.photos(self._split["test"], "test photos")

    def draws(self, shots: int) -> Iterable[tuple[FloatArray, IntArray]]:
        for seed in SEEDS:
            draw = json.loads((self._folder / "few_shot" / f"shot_{shots}-seed_{seed}.json").read_text())
            yield self.photos(draw["train"], f"{shots} shots, draw {seed}")


def cupl_bank(data: Path, names: list[str]) -> TextBank:
    sentences = json.loads((data / "texts" / "cupl" / "caltech101.json").read_text())
    by_key = {name.lower().replace("_", " "): texts for name, texts in sentences.items()}
    found = {name: by_key.get(CUPL_NAMES.get(name, name).lower().replace("_", " ")) for name in names}
    missing = [name for name, texts in found.items() if not texts]
    if missing:
        raise SystemExit(f"no sentences for {missing}; the file has {sorted(by_key)}")
    return TextBank.from_texts({name: texts for name, texts in found.items() if texts}, source="cupl")


def discriminant_analysis(support: FloatArray, labels: IntArray, images: FloatArray) -> FloatArray:
    """Return GDA logits (n, C): one Gaussian a class, one covariance, shrunk to its trace."""
    means = np.stack([support[labels == c].mean(axis=0) for c in range(labels.max() + 1)])
    centred = (support - means[labels]).astype(np.float64)
    n, d = centred.shape
    covariance = centred.T @ centred / max(n - 1, 1)
    # One shot leaves nothing within a class: what is shared by all classes has to do.
    if not np.trace(covariance):
        covariance = np.cov(support.T.astype(np.float64))
    precision = d * np.linalg.inv((n - 1) * covariance + np.trace(covariance) * np.eye(d))
    weights = means @ precision
    logits: FloatArray = images @ weights.T - 0.5 * np.sum(weights * means, axis=1)
    return logits


def bootstrap(correct: npt.NDArray[np.bool_]) -> str:
    draws = np.random.default_rng(0).integers(len(correct), size=(1000, len(correct)))
    low, high = np.percentile(100 * correct[draws].mean(axis=1), [2.5, 97.5])
    return f"{low:.1f} to {high:.1f}"


def seeded(accuracies: list[float]) -> tuple[str, str]:
    return f"{np.mean(accuracies):.1f}", f"{min(accuracies):.1f} to {max(accuracies):.1f} (3 seeds)"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    data: Path = parser.parse_args().data
    encoder = load_encoder("starter")
    caltech = Caltech(data, encoder)
    images, labels = caltech.test()
    table = Table(
        "rule", "texts", "top-1 %", "95 % interval", title="Caltech-101, 2,465 test photos, 100 classes"
    )

    def correct(bank: TextBank, score=heuristic_scores) -> npt.NDArray[np.bool_]:  # type: ignore[no-untyped-def]
        texts = encoder.encode_texts([entry.text for entry in bank.texts])
        right: npt.NDArray[np.bool_] = (
            score(images, texts, bank.text_class, bank.text_kind).argmax(axis=1) == labels
        )
        return right

    def row(rule: str, texts: str, right: npt.NDArray[np.bool_]) -> None:
        table.add_row(rule, texts, f"{100 * right.mean():.1f}", bootstrap(right))

    names, wordnet = TextBank.from_names(caltech.names), TextBank.from_wordnet(caltech.names, encoder)
    plain = correct(names, clip_scores)
    row("CLIP", "names", plain)
    control = [100 * float(correct(random_words(wordnet, seed)).mean()) for seed in SEEDS]
    table.add_row("CODER", "random words (control)", *seeded(control))
    informed = correct(wordnet)
    row("CODER", "WordNet", informed)
    row("CODER", "WordNet + CuPL", correct(wordnet.merge(cupl_bank(data, caltech.names))))
    for shots in SHOTS:
        accuracies = [
            100 * float((discriminant_analysis(*draw, images).argmax(axis=1) == labels).mean())
            for draw in caltech.draws(shots)
        ]
        table.add_row("GDA", f"none, {shots} shots", *seeded(accuracies))
    gain = bootstrap_gain(informed, plain)
    Console(width=100).print(table, f"CODER with WordNet over names: {gain}", sep="\n")


def bootstrap_gain(right: npt.NDArray[np.bool_], before: npt.NDArray[np.bool_]) -> str:
    gain = 100 * (right.astype(float) - before)
    draws = np.random.default_rng(0).integers(len(gain), size=(1000, len(gain)))
    low, high = np.percentile(gain[draws].mean(axis=1), [2.5, 97.5])
    return f"{gain.mean():+.1f} points (95 % interval {low:+.1f} to {high:+.1f}, paired over the photos)"


if __name__ == "__main__":
    main()
