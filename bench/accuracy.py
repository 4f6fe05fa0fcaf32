"""The starter's accuracy on the test photos of Caltech-101, which nothing was trained on or chosen by.

    python bench/accuracy.py [--data ../shared/data]

Zero-shot rows classify the 2,465 test photos among 100 names. The control replaces what WordNet says by
random words (after WaffleCLIP, Roth et al., ICCV 2023), three seeds. ``WordNet + CuPL`` adds the sentences
that a language model wrote for CuPL (Pratt et al., ICCV 2023). The few-shot rows are Gaussian discriminant
analysis (Wang et al., ICLR 2024) on the image features alone, three draws. Intervals are 95 %: a bootstrap
over the photos (1,000 resamples) where nothing is drawn, else the range over the seeds. Which texts help is
what ``bench/texts.py`` measures.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from caltech import DATA, SEEDS, Caltech, FloatArray, IntArray, Right, cupl_bank, gain, interval
from clipcoder import TextBank, load_encoder
from clipcoder.bank import random_words
from clipcoder.zero_shot import clip_scores, equidistant_scores, heuristic_scores

SHOTS = (1, 4, 16)


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


def seeded(accuracies: list[float]) -> tuple[str, str]:
    return f"{np.mean(accuracies):.1f}", f"{min(accuracies):.1f} to {max(accuracies):.1f} (3 seeds)"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    data: Path = parser.parse_args().data
    encoder = load_encoder("starter")
    caltech = Caltech(data, encoder)
    images, labels = caltech.part("test")
    table = Table(
        "rule", "texts", "top-1 %", "95 % interval", title="Caltech-101, 2,465 test photos, 100 classes"
    )

    def right(bank: TextBank, score: Callable[..., FloatArray] = equidistant_scores) -> Right:
        texts = encoder.encode_texts([entry.text for entry in bank.texts])
        best = score(images, texts, bank.text_class, bank.text_kind).argmax(axis=1)
        return (best == labels).astype(float)

    def row(rule: str, texts: str, values: Right) -> None:
        table.add_row(rule, texts, f"{100 * values.mean():.1f}", interval(values))

    names, wordnet = TextBank.from_names(caltech.names), TextBank.from_wordnet(caltech.names, encoder)
    plain, informed = right(names, clip_scores), right(wordnet)
    row("CLIP", "names", plain)
    control = [100 * float(right(random_words(wordnet, seed)).mean()) for seed in SEEDS]
    table.add_row("equidistant", "random words (control)", *seeded(control))
    row("CODER as published", "WordNet", right(wordnet, heuristic_scores))
    row("equidistant", "WordNet", informed)
    row("equidistant", "WordNet + CuPL", right(wordnet.merge(cupl_bank(data, caltech.names))))
    for shots in SHOTS:
        accuracies = [
            100 * float((discriminant_analysis(*draw, images).argmax(axis=1) == labels).mean())
            for draw in caltech.draws(shots)
        ]
        table.add_row("GDA", f"none, {shots} shots", *seeded(accuracies))
    note = f"WordNet over names: {gain(informed, plain)} points (95 % interval, paired over the photos)"
    Console(width=100).print(table, note, sep="\n")


if __name__ == "__main__":
    main()
