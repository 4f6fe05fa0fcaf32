"""Tables in the papers' shape: accuracies with intervals, gains over CLIP and over a control, significance.

Rows of the strict protocol and of the reference's, of different encoders, and of different splits are never
in one table. Every comparison is a paired bootstrap (``statistics``), and the p-values of a panel are
corrected for how many there are (Holm).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple, TypeVar

from clipcoder.benchmark.layout import Cell, Line, Panel, Table
from clipcoder.benchmark.measured import Measured, told_shots
from clipcoder.benchmark.remarks import own_control, remarks
from clipcoder.benchmark.statistics import RESAMPLES, Estimate, bootstrap, holm
from clipcoder.errors import UnknownNameError

By = Literal["shots", "dataset", "texts"]
"""What the columns of a table are."""

AVERAGE: Final = "average"
"""The name of what stands for all data sets of a table, each counting as much as another."""

_FIXED: Final[Mapping[By, tuple[str, ...]]] = {
    "shots": ("dataset",),
    "dataset": ("shots",),
    "texts": ("dataset", "shots"),
}
_LABELS: Final[Mapping[By, tuple[str, ...]]] = {
    "shots": ("method", "texts"),
    "dataset": ("method", "texts"),
    "texts": ("method",),
}

T = TypeVar("T", bound=Hashable)


class Spot(NamedTuple):
    """What tells the numbers of a board apart."""

    dataset: str
    shots: int
    method: str
    texts: str


@dataclass(frozen=True, eq=False)
class Scored:
    """An accuracy with its replicates, and over how many seeds it is; 0 for a method without chance."""

    estimate: Estimate
    seeds: int


@dataclass(frozen=True)
class Board:
    """All accuracies of one protocol, encoder and split, which may stand side by side.

    Attributes:
        measured: what they were made from.
        scored: the accuracies, in the order in which they are shown.
        compared_with: the baseline and the control.
    """

    measured: Sequence[Measured]
    scored: Mapping[Spot, Scored]
    compared_with: tuple[str, ...]

    def reference(self, over: str, spot: Spot) -> Spot | None:
        """Return what a number is compared with: with as many shots or none, on the same texts or any."""
        for method in dict.fromkeys((own_control(over, spot.method), over)):
            if method == spot.method:
                continue
            same = [s for s in self.scored if (s.dataset, s.method) == (spot.dataset, method)]
            near = [s for s in same if s.shots == spot.shots] or [s for s in same if s.shots == 0]
            chosen = [s for s in near if s.texts == spot.texts] or near
            if chosen:
                return chosen[0]
        return None


def tables(
    measured: Sequence[Measured],
    *,
    by: By = "shots",
    baseline: str = "clip",
    control: str = "waffle",
    resamples: int = RESAMPLES,
) -> tuple[Table, ...]:
    """Return the tables of what was measured, those of the strict protocol first.

    Args:
        measured: all settings of a folder of results.
        by: what the columns are. With ``"shots"`` there is a table for each data set, and for zero-shot and
            few-shot methods apart; with ``"dataset"`` one for each number of shots, with an average; with
            ``"texts"`` one for each data set and number of shots.
        baseline: the method that gains are over; where it has no row with as many shots, its row without.
        control: the method that a claim of gain is made against, likewise.
        resamples: replicates of each interval.

    Raises:
        UnknownNameError: ``baseline`` or ``control`` is none of the methods, and not the default either.
    """
    methods = _distinct(one.setting.method for one in measured)
    for name, usual in ((baseline, "clip"), (control, "waffle")):
        if name not in methods and name != usual:
            raise UnknownNameError("method among the rows", name, methods)
    boards = _distinct(one.setting.board for one in measured)
    return tuple(
        _table(board, by, spots)
        for key in sorted(boards, key=lambda key: key[0] != "strict")
        for board in [_board([m for m in measured if m.setting.board == key], (baseline, control), resamples)]
        for spots in _by_table(board.scored, by)
    )


def _board(measured: Sequence[Measured], compared_with: tuple[str, str], resamples: int) -> Board:
    datasets = _distinct(one.setting.dataset for one in measured)
    methods = _distinct([*compared_with, *(one.setting.method for one in measured)])
    scored: dict[Spot, Scored] = {}
    for name in datasets:
        ours = [one for one in measured if one.setting.dataset == name]
        estimates = bootstrap([one.outcomes for one in ours], resamples=resamples, stream=name)
        for one, estimate in zip(ours, estimates, strict=True):
            scored[_spot(one)] = Scored(estimate, one.n_seeds)
    if len(datasets) > 1:
        scored.update(_averages(scored, datasets))
    ranks = {name: i for i, name in enumerate([*datasets, AVERAGE])}
    in_order = sorted(scored, key=lambda spot: (ranks[spot.dataset], spot.shots, methods.index(spot.method)))
    return Board(measured, {spot: scored[spot] for spot in in_order}, compared_with)


def _spot(one: Measured) -> Spot:
    setting = one.setting
    return Spot(setting.dataset, setting.shots, setting.method, setting.texts)


def _averages(scored: Mapping[Spot, Scored], datasets: Sequence[str]) -> Iterator[tuple[Spot, Scored]]:
    """Yield the mean over the data sets of what was measured on all of them."""
    for average in _distinct(spot._replace(dataset=AVERAGE) for spot in scored):
        each = [scored.get(average._replace(dataset=name)) for name in datasets]
        known = [one for one in each if one is not None]
        if len(known) == len(datasets):
            mean = Estimate.mean([one.estimate for one in known])
            yield average, Scored(mean, min(one.seeds for one in known))


def _by_table(spots: Iterable[Spot], by: By) -> Iterator[list[Spot]]:
    groups: dict[tuple[object, ...], list[Spot]] = {}
    for spot in spots:
        apart = (spot.shots > 0,) if by == "shots" else ()
        groups.setdefault((*_values(spot, _FIXED[by]), *apart), []).append(spot)
    yield from groups.values()


def _table(board: Board, by: By, spots: Sequence[Spot]) -> Table:
    columns = _distinct(str(getattr(spot, by)) for spot in spots)
    gains = (_gains(board, by, spots, columns, method) for method in board.compared_with)
    panels = [_accuracies(board, by, spots, columns), *filter(None, gains)]
    first = board.measured[0].setting
    facts = {"protocol": first.protocol, "encoder": first.encoder, "evaluated": first.evaluated}
    fixed = dict(zip(_FIXED[by], map(str, _values(spots[0], _FIXED[by])), strict=True))
    table = Table(_title(board, by, spots), facts | fixed, _LABELS[by], by, tuple(columns), tuple(panels))
    shown = [
        m for m in board.measured for own in [_spot(m)] if {own, own._replace(dataset=AVERAGE)} & {*spots}
    ]
    methods = {spot.method for spot in board.scored}
    return replace(table, notes=tuple(remarks(table, shown, methods, board.compared_with)))


def _accuracies(board: Board, by: By, spots: Sequence[Spot], columns: Sequence[str]) -> Panel:
    scored = {spot: board.scored[spot] for spot in spots}
    most = max(one.seeds for one in scored.values())
    best = {
        column: max(scored[spot].estimate.value for spot in spots if str(getattr(spot, by)) == column)
        for column in columns
    }
    cells = {
        spot: Cell(
            one.estimate.value,
            one.estimate.interval,
            max(one.seeds, 1),
            best=one.estimate.value == best[str(getattr(spot, by))],
            incomplete=0 < one.seeds < most,
        )
        for spot, one in scored.items()
    }
    return Panel("accuracy", _lines(cells, by, columns))


def _gains(board: Board, by: By, spots: Sequence[Spot], columns: Sequence[str], over: str) -> Panel | None:
    """Return the differences to a method, with their p-values; None where that has no row."""
    pairs = [(spot, board.reference(over, spot)) for spot in spots if spot.method != over]
    gains = {
        spot: board.scored[spot].estimate - board.scored[ref].estimate
        for spot, ref in pairs
        if ref is not None
    }
    if not gains:
        return None
    p_values = holm([gain.p_value for gain in gains.values()])
    cells = {
        spot: Cell(gain.value, gain.interval, max(board.scored[spot].seeds, 1), p)
        for (spot, gain), p in zip(gains.items(), p_values, strict=True)
    }
    return Panel(f"gain over {over}", _lines(cells, by, columns))


def _lines(cells: Mapping[Spot, Cell], by: By, columns: Sequence[str]) -> tuple[Line, ...]:
    placed = {(_values(spot, _LABELS[by]), str(getattr(spot, by))): cell for spot, cell in cells.items()}
    return tuple(
        Line(tuple(map(str, labels)), tuple(placed.get((labels, column)) for column in columns))
        for labels in _distinct(labels for labels, _ in placed)
    )


def _title(board: Board, by: By, spots: Sequence[Spot]) -> str:
    first = board.measured[0].setting
    titles = {one.setting.dataset: one.title for one in board.measured} | {
        AVERAGE: "Average of all data sets"
    }
    dataset = "All data sets" if by == "dataset" else titles[spots[0].dataset]
    shots = _distinct(spot.shots for spot in spots)
    how = told_shots(shots[0]) if len(shots) == 1 else "few-shot"
    parts = [dataset, f"{first.evaluated} images", first.encoder, how]
    return ", ".join([*parts, *(["REFERENCE PROTOCOL"] if first.protocol != "strict" else [])])


def _values(spot: Spot, names: Sequence[str]) -> tuple[object, ...]:
    return tuple(getattr(spot, name) for name in names)


def _distinct(values: Iterable[T]) -> list[T]:
    """Return values in the order of their first appearance."""
    return list(dict.fromkeys(values))
