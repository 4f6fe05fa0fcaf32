"""A table of accuracies, before it is Markdown, CSV or LaTeX."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A number of a table; all are shares, in [-1, 1].

    Attributes:
        value: the mean over seeds and images.
        interval: its 95 % interval; None for a number that came without one.
        seeds: over how many seeds.
        p_value: of the hypothesis that it is 0, corrected for the comparisons of its panel; None where there
            is no such hypothesis.
        best: whether it is the highest of its column.
        incomplete: whether other cells of the table have more seeds.
    """

    value: float
    interval: tuple[float, float] | None = None
    seeds: int = 1
    p_value: float | None = None
    best: bool = False
    incomplete: bool = False


@dataclass(frozen=True)
class Line:
    """One line of a panel: what it is about, and a cell for each column, None where nothing was measured."""

    labels: tuple[str, ...]
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Panel:
    """What is measured, such as ``"accuracy"`` or ``"gain over clip"``, and its lines."""

    measure: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Table:
    """Panels over the same columns.

    Attributes:
        title: what all of its numbers share, as a heading.
        facts: the same for machines, such as ``{"protocol": "strict"}``; in all tables of a document alike.
        headings: what the labels of its lines are, such as ``("method", "texts")``.
        axis: what its columns are, such as ``"shots"``.
        columns: one name a column.
        panels: at least one.
        notes: sentences to stand below it.
    """

    title: str
    facts: Mapping[str, str]
    headings: tuple[str, ...]
    axis: str
    columns: tuple[str, ...]
    panels: tuple[Panel, ...]
    notes: tuple[str, ...] = ()

    def beside(self) -> Table:
        """Return a table of one column with its panels side by side, as columns; any other as it is.

        A panel that leaves out a line, such as the one that all others are compared with, has a gap there
        that is no missing measurement: a cell of NaN.
        """
        if len(self.columns) > 1:
            return self
        by_labels = [{line.labels: line.cells[0] for line in panel.lines} for panel in self.panels]
        lines = tuple(
            Line(line.labels, tuple(cells.get(line.labels, NOTHING) for cells in by_labels))
            for line in self.panels[0].lines
        )
        measures = tuple(f"{panel.measure}, %" for panel in self.panels)
        return Table(self.title, self.facts, self.headings, "", measures, (Panel("", lines),), self.notes)


NOTHING = Cell(float("nan"))
"""A cell where no number can be: a method compared with itself."""
