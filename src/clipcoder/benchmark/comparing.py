"""Published accuracies beside our own, of the same model and data set.

Each published line names its source, and a note says how its figures were made: most were tuned on more than
the shots, so that they are no strict results. A line of ours has its interval.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from clipcoder.benchmark.layout import Cell, Line, Panel, Table
from clipcoder.benchmark.measured import Measured
from clipcoder.benchmark.published import PublishedFigure
from clipcoder.benchmark.statistics import LEVEL, RESAMPLES, bootstrap


def comparisons(
    measured: Sequence[Measured],
    published: Sequence[PublishedFigure],
    *,
    everything: bool = False,
    resamples: int = RESAMPLES,
) -> tuple[Table, ...]:
    """Return a table for each model and data set of which there are both published figures and rows of ours.

    Only rows on test images count, for that is what published figures are of.

    Args:
        measured: all settings of a folder of results.
        published: the figures to compare with, such as ``published_figures()``.
        everything: whether models and data sets without a row of ours have a table, too.
        resamples: replicates of each interval of ours.
    """
    tables = []
    for model, dataset in dict.fromkeys((figure.model, figure.dataset) for figure in published):
        own = [one for one in measured if _is_on_test(one, model, dataset)]
        theirs = [figure for figure in published if (figure.model, figure.dataset) == (model, dataset)]
        theirs.sort(key=lambda figure: figure.shots > 0)  # zero-shot methods first
        if own or everything:
            tables.append(_table(own, theirs, resamples))
    return tuple(tables)


def _is_on_test(one: Measured, model: str, dataset: str) -> bool:
    """Tell whether a setting is of a model, at any revision and by any backend, and of a data set."""
    name = one.setting.encoder.removeprefix("open_clip:").partition("@")[0]
    return (name, one.setting.dataset, one.setting.evaluated) == (model, dataset, "test")


def _table(own: Sequence[Measured], theirs: Sequence[PublishedFigure], resamples: int) -> Table:
    first = theirs[0]
    shots = sorted({one.setting.shots for one in own} | {figure.shots for figure in theirs})
    lines = [*_published_lines(theirs, shots), *_own_lines(own, shots, resamples)]
    methods = list(dict.fromkeys(line.labels[0] for line in lines))
    return Table(
        title=f"{own[0].title if own else first.dataset}, {first.model}: published and ours",
        facts={"model": first.model, "dataset": first.dataset},
        headings=("method", "from"),
        axis="shots",
        columns=tuple(map(str, shots)),
        panels=(Panel("accuracy", tuple(sorted(lines, key=lambda line: methods.index(line.labels[0])))),),
        notes=tuple(_notes(theirs, own)),
    )


def _published_lines(figures: Sequence[PublishedFigure], shots: Sequence[int]) -> Iterator[Line]:
    for labels, line in groupby(figures, key=lambda figure: (figure.method, figure.source.name)):
        cells = {figure.shots: Cell(figure.accuracy) for figure in line}
        yield Line((labels[0], f"published: {labels[1]}"), tuple(map(cells.get, shots)))


def _own_lines(own: Sequence[Measured], shots: Sequence[int], resamples: int) -> Iterator[Line]:
    stream = own[0].setting.dataset if own else ""
    estimates = bootstrap([one.outcomes for one in own], resamples=resamples, stream=stream)
    lines: dict[tuple[str, str], dict[int, Cell]] = {}
    for one, estimate in zip(own, estimates, strict=True):
        cell = Cell(estimate.value, estimate.interval, max(one.n_seeds, 1))
        lines.setdefault((one.setting.method, _origin(one)), {})[one.setting.shots] = cell
    for labels, cells in lines.items():
        yield Line(labels, tuple(map(cells.get, shots)))


def _origin(one: Measured) -> str:
    protocol = "" if one.setting.protocol == "strict" else "REFERENCE PROTOCOL"
    return ", ".join(filter(None, ["ours", one.setting.texts, protocol]))


def _notes(theirs: Sequence[PublishedFigure], own: Sequence[Measured]) -> Iterator[str]:
    interval = f", ours with the {100 * LEVEL:.0f} % interval" if own else ""
    yield f"Accuracy in %{interval}; –: not published or not measured"
    for source in dict.fromkeys(figure.source for figure in theirs):
        yield f"{source.name}: {source.paper}: {source.table} ({source.read}); {source.how}"
