"""Confusion matrices, of the classes that are taken for each other most where there are many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import IntArray
from clipcoder.benchmark.measured import Measured
from clipcoder.benchmark.plots.style import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST: Final = 20
"""How many classes a matrix shows; of more, those with the most frequent mistakes."""

_TOLD: Final = 0.05  # shares below this have no number


def confusions(one: Measured) -> IntArray:
    """Count how often images of a class (row) were given a class (column), over all seeds.

    Returns:
        Integers of shape (C, C).
    """
    size = one.n_classes
    labels = np.broadcast_to(one.labels, one.predictions.shape)
    answered = one.predictions >= 0
    flat = labels[answered] * size + one.predictions[answered]
    return np.bincount(flat.ravel(), minlength=size * size).reshape(size, size).astype(np.intp)


def most_confused(counts: IntArray, most: int = MOST) -> IntArray:
    """Return the classes of the most frequent mistakes, those that are taken for each other side by side.

    Args:
        counts: of shape (C, C), as ``confusions`` counts them.
        most: how many classes at most.

    Returns:
        Positions of classes: all of them, in order, where there are not more than ``most``.

    >>> most_confused(np.array([[9, 0, 1], [0, 9, 0], [5, 0, 4]]), most=2)
    array([2, 0])
    """
    if len(counts) <= most:
        return np.arange(len(counts))
    mistakes = counts.copy()
    np.fill_diagonal(mistakes, 0)
    order = np.argsort(-mistakes, axis=None, kind="stable")
    pairs = np.stack(np.unravel_index(order[mistakes.ravel()[order] > 0], counts.shape), axis=1)
    classes = list(dict.fromkeys(pairs.ravel().tolist()))[:most]
    return np.array(classes, np.intp)


def confusion_matrix(one: Measured) -> Figure:
    """Draw how the images of each class were classified, in % of them; only inside ``styled``.

    Where not all classes are shown, the last column holds what was given to the others.
    """
    counts = confusions(one)
    shown = most_confused(counts)
    total = np.maximum(counts[shown].sum(axis=1, keepdims=True), 1)
    shares = counts[np.ix_(shown, shown)] / total
    columns = [one.class_name(c) for c in shown.tolist()]
    if len(shown) < len(counts):
        shares = np.concatenate([shares, 1 - shares.sum(axis=1, keepdims=True)], axis=1)
        columns.append("any other")
    size = 0.3 * max(len(shown), 4) + 2.2
    drawn, (axes,) = figure(size + 0.3, size)
    axes.imshow(shares, cmap="Greys", vmin=0, vmax=1, aspect="equal")
    axes.set_xticks(range(len(columns)), columns, rotation=90)
    axes.set_yticks(range(len(shown)), [one.class_name(c) for c in shown.tolist()])
    axes.set_xlabel("classified as")
    axes.set_ylabel("label")
    axes.spines[:].set_visible(True)
    _write_numbers(axes, shares)
    of = f", {len(shown)} of {len(counts)} classes" if len(shown) < len(counts) else ""
    axes.set_title(f"{one.heading}\n{one.told}: % of a class{of}")
    return drawn


def _write_numbers(axes: Axes, shares: npt.NDArray[np.float64]) -> None:
    for row, column in np.argwhere(shares >= _TOLD).tolist():
        share = shares[row, column]
        colour = "white" if share > 0.5 else "black"
        axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=7, color=colour)
