"""Pictures of results, as PNG and SVG: accuracy by shots, calibration, confusions, accuracy by class."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from clipcoder.benchmark.measured import Measured, Setting
from clipcoder.benchmark.plots.classes import accuracy_by_class
from clipcoder.benchmark.plots.confusion import confusion_matrix
from clipcoder.benchmark.plots.reliability import reliability_diagrams
from clipcoder.benchmark.plots.shots import accuracy_by_shots
from clipcoder.benchmark.plots.style import save, styled
from clipcoder.errors import UnknownNameError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw"]


def draw(
    measured: Sequence[Measured], folder: Path, *, methods: Sequence[str] = (), baseline: str = "clip"
) -> list[Path]:
    """Draw what was measured, and return the files that were written.

    There is a picture of accuracy by shots and one of calibration for each data set, encoder, protocol, split
    and source of texts; and, of the named methods at their most shots, one of confusions and one of accuracy
    by class.

    Args:
        measured: all settings of a folder of results.
        folder: where the pictures go; made if it is not there.
        methods: whose mistakes to draw; by default the best zero-shot method and the best at most shots.
        baseline: the method that accuracies by class are drawn beside.

    Raises:
        UnknownNameError: a method that has no row.
        MissingExtraError: matplotlib is not installed.
        OSError: the folder cannot be written to.
    """
    known = {one.setting.method for one in measured}
    for name in methods:
        if name not in known:
            raise UnknownNameError("method among the rows", name, sorted(known))
    paths: list[Path] = []
    with styled():
        for stem, figure in _figures(measured, methods, baseline):
            folder.mkdir(parents=True, exist_ok=True)
            paths += save(figure, folder / stem)
    return paths


def _figures(
    measured: Sequence[Measured], methods: Sequence[str], baseline: str
) -> Iterator[tuple[str, Figure]]:
    """Yield each picture with the name of its file, without an ending."""
    ordered = sorted(measured, key=lambda one: _scope(one.setting))
    for scope, group in groupby(ordered, key=lambda one: _scope(one.setting)):
        ours = list(group)
        for source, told in _by_texts(ours):
            title = ", ".join(filter(None, [ours[0].heading, source]))
            yield _slug(*scope, source, "accuracy"), accuracy_by_shots(told, title)
            yield _slug(*scope, source, "calibration"), reliability_diagrams(told, title)
        beside = next((one for one in ours if one.setting.method == baseline), None)
        for one in _chosen(ours, methods):
            yield _slug(*scope, one.told, "confusions"), confusion_matrix(one)
            other = None if beside is one else beside
            yield _slug(*scope, one.told, "classes"), accuracy_by_class(one, other)


def _by_texts(measured: Sequence[Measured]) -> Iterator[tuple[str, list[Measured]]]:
    """Yield each source of texts with its settings and those that take none; "" where there is one source."""
    sources = [source for source in dict.fromkeys(one.setting.texts for one in measured) if source]
    if len(sources) <= 1:
        yield "", list(measured)
        return
    for source in sources:
        yield source, [one for one in measured if one.setting.texts in ("", source)]


def _scope(setting: Setting) -> tuple[str, ...]:
    """Return what the settings of one picture have in common."""
    protocol = () if setting.protocol == "strict" else (setting.protocol,)
    return setting.dataset, setting.evaluated, setting.encoder, *protocol


def _chosen(measured: Sequence[Measured], methods: Sequence[str]) -> list[Measured]:
    """Return the methods whose mistakes are drawn, at their most shots."""
    most = {one.name: one for one in sorted(measured, key=lambda one: one.setting.shots)}
    if methods:
        return [one for one in most.values() if one.setting.method in methods]
    by_kind: dict[bool, Measured] = {}
    for one in sorted(most.values(), key=lambda one: (one.setting.shots, one.outcomes.accuracy)):
        by_kind[one.setting.shots > 0] = one
    return list(by_kind.values())


def _slug(*parts: str) -> str:
    return re.sub(r"[^a-z0-9*]+", "-", " ".join(parts).lower()).strip("-").replace("*", "-star")
