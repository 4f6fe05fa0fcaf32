"""Reliability diagrams: how often a method is right where it says how sure it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import numpy.typing as npt

from clipcoder.benchmark.measured import Measured, told_shots
from clipcoder.benchmark.plots.style import FAINT, QUIET, figure, marks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

N_BINS: Final = 15
_COLUMNS: Final = 4


@dataclass(frozen=True, eq=False)
class Reliability:
    """Bins of equal width over the confidence, of which those that hold predictions are here.

    Attributes:
        confidence: the mean confidence in each bin, of shape (m,).
        accuracy: the share of its predictions that is right.
        share: the share of all predictions that it holds; they sum to 1.
        lower: where it begins.
    """

    confidence: npt.NDArray[np.float64]
    accuracy: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]
    lower: npt.NDArray[np.float64]

    @classmethod
    def of(cls, confidence: npt.ArrayLike, right: npt.ArrayLike, n_bins: int = N_BINS) -> Self:
        """Bin predictions of any shape, bins open below and closed above as in ``calibration.error``.

        >>> bins = Reliability.of([0.2, 0.8, 0.8, 0.8], [False, True, True, False], n_bins=2)
        >>> bins.share.tolist(), bins.accuracy.round(2).tolist()
        ([0.25, 0.75], [0.0, 0.67])
        """
        sure = np.asarray(confidence, np.float64).ravel()
        edges = np.linspace(0, 1, n_bins + 1).astype(np.float32).astype(np.float64)
        place = np.clip(np.searchsorted(edges, sure, side="left") - 1, 0, n_bins - 1)
        counts = np.bincount(place, minlength=n_bins)
        held = counts > 0
        sums = (np.bincount(place, np.ravel(values), n_bins)[held] for values in (sure, right))
        mean_confidence, accuracy = (total / counts[held] for total in sums)
        return cls(mean_confidence, accuracy, counts[held] / len(sure), edges[:-1][held])

    @property
    def error(self) -> float:
        """The expected calibration error, in [0, 1]."""
        return float((self.share * np.abs(self.accuracy - self.confidence)).sum())


def reliability_diagrams(measured: Sequence[Measured], title: str) -> Figure:
    """Draw a diagram for each method, at its most shots; only inside ``styled``.

    Args:
        measured: all of one data set, protocol, encoder and split, each method on one source of texts.
        title: what stands above.
    """
    most = {one.setting.method: one for one in sorted(measured, key=lambda one: one.setting.shots)}
    chosen = [most[name] for name in dict.fromkeys(one.setting.method for one in measured)]
    columns = min(_COLUMNS, len(chosen))
    rows = math.ceil(len(chosen) / columns)
    drawn, all_axes = figure(2.3 * columns + 0.3, 2.7 * rows + 0.5, rows, columns)
    styles = marks(list(most))
    for one, axes in zip(chosen, all_axes, strict=False):
        answered = one.predictions >= 0  # an image that could not be read has no confidence
        bins = Reliability.of(one.confidence[answered], one.outcomes.right[answered])
        _draw(axes, bins, styles[one.setting.method].colour)
        axes.set_title(
            f"{one.setting.method}\n{told_shots(one.setting.shots)}, ECE {100 * bins.error:.1f} %", fontsize=9
        )
    for axes in all_axes[len(chosen) :]:
        axes.set_axis_off()
    drawn.supxlabel("confidence", fontsize=9)
    drawn.supylabel("share that is right; bars and sizes of points: share of all images", fontsize=9)
    drawn.suptitle(title, x=0.01, ha="left", fontsize=10)
    return drawn


def _draw(axes: Axes, bins: Reliability, colour: str) -> None:
    axes.bar(bins.lower, bins.share, 1 / N_BINS, align="edge", color=FAINT, edgecolor="white", linewidth=0.5)
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8, linestyle=":")
    axes.plot(bins.confidence, bins.accuracy, color=colour, linewidth=0.8)
    axes.scatter(bins.confidence, bins.accuracy, 4 + 100 * bins.share, color=colour, clip_on=False, zorder=3)
    axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1], aspect="equal")
