"""Accuracy by shots: what texts alone are worth to each method, and what a labelled image more is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clipcoder.benchmark.measured import Measured
from clipcoder.benchmark.plots.style import INK, figure, marks
from clipcoder.benchmark.statistics import RESAMPLES, Estimate, bootstrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SPREAD: Final = 0.4  # of the distance between two numbers of shots, over which methods stand side by side


def accuracy_by_shots(measured: Sequence[Measured], title: str, *, resamples: int = RESAMPLES) -> Figure:
    """Draw accuracies with 95 % intervals: zero-shot methods side by side, few-shot ones over the shots.

    The two have axes of their own, for they are far apart. Only inside ``styled``.

    Args:
        measured: all of one data set, protocol, encoder and split, each method on one source of texts.
        title: what stands above.
        resamples: replicates of each interval.
    """
    stream = measured[0].setting.dataset
    estimates = bootstrap([one.outcomes for one in measured], resamples=resamples, stream=stream)
    zero_shot: dict[str, Estimate] = {}
    few_shot: dict[str, dict[int, Estimate]] = {}
    for one, estimate in zip(measured, estimates, strict=True):
        if one.setting.shots:
            few_shot.setdefault(one.setting.method, {})[one.setting.shots] = estimate
        else:
            zero_shot[one.setting.method] = estimate
    widths = [width for width, there in ((0.6 + 0.3 * len(zero_shot), zero_shot), (4.6, few_shot)) if there]
    drawn, all_axes = figure(sum(widths) + 1.6, 4.2, 1, len(widths), width_ratios=widths)
    if zero_shot:
        _draw_zero_shot(all_axes[0], zero_shot)
    if few_shot:
        _draw_few_shot(all_axes[-1], few_shot)
        drawn.legend(loc="outside right upper")
    drawn.suptitle(title, x=0.01, ha="left", fontsize=10)
    return drawn


def _draw_zero_shot(axes: Axes, methods: Mapping[str, Estimate]) -> None:
    names = sorted(methods, key=lambda name: -methods[name].value)
    _draw_line(
        axes, range(len(names)), [methods[name] for name in names], color=INK, marker="o", linestyle="none"
    )
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_xlim(-0.7, len(names) - 0.3)
    axes.set_title("zero-shot")
    axes.set_ylabel("accuracy, %")
    axes.grid(axis="y", linewidth=0.4)


def _draw_few_shot(axes: Axes, methods: Mapping[str, Mapping[int, Estimate]]) -> None:
    shots = sorted({count for estimates in methods.values() for count in estimates})
    names = sorted(methods, key=lambda name: -methods[name][max(methods[name])].value)
    offsets = np.linspace(-_SPREAD / 2, _SPREAD / 2, len(names)) if len(names) > 1 else [0.0]
    for (name, mark), offset in zip(marks(names).items(), offsets, strict=True):
        counts = sorted(methods[name])
        places = [shots.index(count) + offset for count in counts]
        look = {"color": mark.colour, "marker": mark.marker, "linestyle": mark.dash, "label": name}
        _draw_line(axes, places, [methods[name][count] for count in counts], **look)
    axes.set_xticks(range(len(shots)), [str(count) for count in shots])
    axes.set_title("few-shot")
    axes.set_xlabel("labelled images a class")
    axes.set_ylabel("accuracy, %")
    axes.grid(axis="y", linewidth=0.4)


def _draw_line(axes: Axes, places: Sequence[float], estimates: Sequence[Estimate], **look: Any) -> None:
    values = 100 * np.array([estimate.value for estimate in estimates])
    ends = 100 * np.array([estimate.interval for estimate in estimates]).T
    axes.errorbar(places, values, yerr=np.abs(ends - values), elinewidth=0.8, capsize=2, **look)
