"""The published scripts' formulas, as plainly as they compute them, in NumPy instead of torch.

What the scripts do once before the loop over images (encoding, cutting the bank into classes) is done before
here too; what they do for every batch or image (normalising again, nested loops) is done here as often.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
PairTexts = dict[str, dict[str, Array]]


def normalised(rows: Array) -> Array:
    unit: Array = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
    return unit


def heuristic_scores(images: Array, texts: Array, counts: list[tuple[int, int]]) -> Array:
    """Score by all similarities; counts are the describing and naming texts of each class, in order."""
    coders = normalised(images) @ normalised(texts).T
    columns, start = [], 0
    for n_describing, n_naming in counts:
        middle, end = start + n_describing, start + n_describing + n_naming
        best_name = coders[:, middle:end].max(axis=1, keepdims=True)
        terms = np.concatenate([coders[:, start:middle], best_name], axis=1)
        columns.append(terms.mean(axis=1, keepdims=True))
        start = end
    return 100 * np.concatenate(columns, axis=1)


def pair_similarities(image: Array, own: str, other: str, pair_texts: PairTexts) -> Array:
    """Compare one image with the texts that say how one class differs from another."""
    return normalised(image) @ pair_texts[own][other].T


def rerank(images: Array, scores: Array, names: list[str], pair_texts: PairTexts) -> list[int]:
    """Choose among the top five of each image by nested loops: image, class, other class, direction."""
    chosen = []
    for image, row in zip(images, np.argsort(-scores, axis=1)[:, :5], strict=True):
        top = [names[int(c)] for c in row]
        votes = []
        for own in top:
            terms = []
            for other in [name for name in top if name != own]:
                towards = pair_similarities(image, own, other, pair_texts).mean(axis=0)
                away = pair_similarities(image, other, own, pair_texts).mean(axis=0)
                terms.append(towards - away)
            votes.append(sum(terms) / len(terms))
        ranked = sorted(zip(votes, row, strict=True), key=lambda pair: pair[0], reverse=True)
        chosen.append(int(ranked[0][1]))
    return chosen


def minmax_affinity(images: Array, support: Array, texts: Array) -> Array:
    """Compare the CODERs of images and support, each as long as the bank has texts."""
    coders = normalised(normalised(images) @ normalised(texts).T)
    support_coders = normalised(normalised(support) @ normalised(texts).T)
    affinity: Array = coders @ support_coders.T
    lowest, highest = affinity.min(axis=1, keepdims=True), affinity.max(axis=1, keepdims=True)
    stretched: Array = (affinity - lowest) / (highest - lowest)
    return stretched
