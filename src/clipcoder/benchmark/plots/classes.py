"""Accuracy class by class, lowest first, beside a baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from clipcoder.benchmark.measured import Measured
from clipcoder.benchmark.plots.style import COLOURS, FAINT, INK, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST: Final = 40
"""How many classes a plot shows; of more, those of the lowest accuracy."""


def class_accuracies(one: Measured) -> npt.NDArray[np.float64]:
    """Return the share of each class's images that was got right, over all seeds.

    Returns:
        float64 of shape (C,), NaN for a class without images.
    """
    right = one.outcomes.right.mean(axis=0)
    counts = np.bincount(one.labels, minlength=one.n_classes)
    sums = np.bincount(one.labels, right, one.n_classes)
    shares = np.full(one.n_classes, np.nan)
    np.divide(sums, counts, out=shares, where=counts > 0)
    return shares


def accuracy_by_class(one: Measured, baseline: Measured | None = None) -> Figure:
    """Draw the accuracy of each class, at most of the ``MOST`` lowest; only inside ``styled``.

    Args:
        one: what is drawn.
        baseline: what it is drawn beside, on the same images.
    """
    shares = class_accuracies(one)
    known = np.flatnonzero(~np.isnan(shares))
    shown = known[np.argsort(shares[known], kind="stable")][:MOST]
    drawn, (axes,) = figure(6.4, 0.19 * len(shown) + 1.4)
    places = np.arange(len(shown))
    if baseline is not None:
        before = 100 * class_accuracies(baseline)[shown]
        axes.hlines(places, before, 100 * shares[shown], color=FAINT, linewidth=2)
        axes.plot(before, places, "o", markerfacecolor="white", color=INK, label=baseline.told)
    axes.plot(100 * shares[shown], places, "D", color=COLOURS[0], label=one.told)
    axes.axvline(100 * float(np.nanmean(shares)), color=COLOURS[0], linewidth=0.8, linestyle=":")
    axes.set_yticks(places, [one.class_name(c) for c in shown.tolist()])
    axes.set(
        xlim=(-2, 102), ylim=(len(shown) - 0.5, -0.5), xlabel="accuracy, %; dotted: mean over all classes"
    )
    axes.grid(axis="x", linewidth=0.4)
    of = f", the {len(shown)} lowest of {len(known)}" if len(shown) < len(known) else ""
    axes.set_title(f"{one.heading}\naccuracy by class{of}")
    drawn.legend(loc="outside lower center", ncols=2)
    return drawn
