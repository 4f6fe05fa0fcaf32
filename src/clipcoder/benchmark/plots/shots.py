"""Accuracy by shots: what a labelled image more is worth to each method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clipcoder.benchmark.measured import Measured
from clipcoder.benchmark.plots.style import figure, marks
from clipcoder.benchmark.statistics import RESAMPLES, Estimate, bootstrap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SPREAD: Final = 0.4  # of the distance between two numbers of shots, over which methods stand side by side


def accuracy_by_shots(measured: Sequence[Measured], *, resamples: int = RESAMPLES) -> Figure:
    """Draw the accuracy of each method over the shots, with 95 % intervals; only inside ``styled``.

    Args:
        measured: all of one data set, protocol, encoder and split.
        resamples: replicates of each interval.
    """
    estimates = bootstrap(
        [one.outcomes for one in measured], resamples=resamples, stream=measured[0].setting.dataset
    )
    by_method: dict[str, list[tuple[int, Estimate]]] = {}
    for one, estimate in sorted(
        zip(measured, estimates, strict=True), key=lambda pair: pair[0].setting.shots
    ):
        by_method.setdefault(one.name, []).append((one.setting.shots, estimate))
    shots = sorted({one.setting.shots for one in measured})
    drawn, (axes,) = figure(7.2, 4.2)
    names = sorted(by_method, key=lambda name: (by_method[name][-1][0] > 0, -by_method[name][-1][1].value))
    offsets = _side_by_side([by_method[name][-1][0] > 0 for name in names])
    for (name, mark), offset in zip(marks(names).items(), offsets, strict=True):
        x = [shots.index(count) + offset for count, _ in by_method[name]]
        y = [100 * estimate.value for _, estimate in by_method[name]]
        ends = 100 * np.array([estimate.interval for _, estimate in by_method[name]]).T
        looks: dict[str, Any] = {
            "color": mark.colour,
            "marker": mark.marker,
            "linestyle": mark.dash if len(x) > 1 else "none",
        }
        axes.errorbar(x, y, yerr=np.abs(ends - y), label=name, elinewidth=0.8, capsize=2, **looks)
    axes.set_xticks(range(len(shots)), [str(count) for count in shots])
    axes.set_xlabel("labelled images a class")
    axes.set_ylabel("accuracy, %")
    axes.grid(axis="y", linewidth=0.4)
    axes.set_title(measured[0].heading)
    drawn.legend(loc="outside right upper")
    return drawn


def _side_by_side(few_shot: list[bool]) -> list[float]:
    """Return how far each method is moved aside, so that those with points at the same shots are seen."""
    offsets = []
    for i, kind in enumerate(few_shot):
        size = few_shot.count(kind)
        place = few_shot[:i].count(kind)
        offsets.append(_SPREAD * (place / (size - 1) - 0.5) if size > 1 else 0.0)
    return offsets
