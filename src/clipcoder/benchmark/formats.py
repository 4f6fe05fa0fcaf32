"""Tables as text: Markdown for people, CSV for programs, LaTeX for papers.

In Markdown and LaTeX numbers are percent, with one decimal: an accuracy is ``68.4 (66.6 to 70.1)``, the
highest of a column bold, a gain has its sign and ``*`` where it differs from 0 at 5 %, ``†`` marks a cell of
fewer seeds than others, and ``–`` one that was not measured. CSV has one line a number, as shares.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isnan
from typing import Final

from clipcoder.benchmark.layout import Cell, Panel, Table

SIGNIFICANT: Final = 0.05
"""A corrected p-value below this is marked."""

_BOLD: Final = r"\textbf{{{}}}"
_LATEX: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "–": "--",
        "−": r"\ensuremath{-}",
        "†": r"\dag{}",
        **{c: f"\\{c}" for c in "&%$#_{}"},
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
)


def markdown(tables: Sequence[Table]) -> str:
    """Return tables as Markdown, each with a heading, its panels and its notes."""
    return "\n".join(_join(_markdown(table.beside())) for table in tables)


def latex(tables: Sequence[Table]) -> str:
    """Return tables as LaTeX, each a float; the document needs the package booktabs."""
    return "\n".join(_join(_latex(table.beside())) for table in tables)


def as_csv(tables: Sequence[Table]) -> str:
    """Return the numbers of all tables, one a line; what was not measured is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for i, table in enumerate(tables):
        if i == 0:
            numbers = ("measure", "value", "low", "high", "seeds", "p")
            writer.writerow([*table.facts, *table.headings, table.axis, *numbers])
        writer.writerows(_records(table))
    return text.getvalue()


FORMATS: Final[Mapping[str, Callable[[Sequence[Table]], str]]] = {
    "markdown": markdown,
    "csv": as_csv,
    "latex": latex,
}
"""What ``--format`` takes."""


def _records(table: Table) -> Iterator[Sequence[object]]:
    for panel in table.panels:
        for line in panel.lines:
            for column, cell in zip(table.columns, line.cells, strict=True):
                yield [*table.facts.values(), *line.labels, column, panel.measure, *_numbers(cell)]


def _numbers(cell: Cell | None) -> Sequence[object]:
    if cell is None:
        return ("", "", "", 0, "")
    low, high = (_short(end) for end in cell.interval) if cell.interval else ("", "")
    return (_short(cell.value), low, high, cell.seeds, "" if cell.p_value is None else _short(cell.p_value))


def _short(number: float) -> str:
    return f"{number:.6g}"


def _markdown(table: Table) -> Iterator[str]:
    yield f"### {table.title}"
    for panel in table.panels:
        yield from ("", f"**{_caption(panel)}**") if len(table.panels) > 1 else ()
        yield from ("", _bar([*table.headings, *_columns(table)]))
        yield _bar(["---"] * len(table.headings) + ["---:"] * len(table.columns))
        for line in panel.lines:
            yield _bar([*map(_escaped, line.labels), *map(_markdown_cell, line.cells)])
    yield from ("", *(f"- {_escaped(note)}" for note in table.notes)) if table.notes else ()


def _latex(table: Table) -> Iterator[str]:
    width = len(table.headings) + len(table.columns)
    yield from (r"\begin{table}", r"\centering", rf"\caption{{{_plain(table.title)}}}")
    yield rf"\begin{{tabular}}{{{'l' * len(table.headings)}{'r' * len(table.columns)}}}"
    yield from (r"\toprule", _row(map(_plain, (*table.headings, *_columns(table)))))
    for panel in table.panels:
        yield r"\midrule"
        if len(table.panels) > 1:
            yield rf"\multicolumn{{{width}}}{{l}}{{\emph{{{_plain(_caption(panel))}}}}} \\"
        for line in panel.lines:
            yield _row([*map(_plain, line.labels), *map(_latex_cell, line.cells)])
    yield from (r"\bottomrule", r"\end{tabular}")
    yield from (rf"\par\footnotesize {_plain(note)}" for note in table.notes)
    yield r"\end{table}"


def _columns(table: Table) -> Sequence[str]:
    if table.axis == "shots":
        return [f"{column} shot{'' if column == '1' else 's'}" for column in table.columns]
    return table.columns


def _caption(panel: Panel) -> str:
    return f"{panel.measure}, %".capitalize()


def _markdown_cell(cell: Cell | None) -> str:
    number, interval = _written(cell)
    return f"{_bold_if(cell, _escaped(number), '**{}**')}{interval}"


def _latex_cell(cell: Cell | None) -> str:
    number, interval = map(_plain, _written(cell))
    return f"{_bold_if(cell, number, _BOLD)}{interval}"


def _bold_if(cell: Cell | None, number: str, bold: str) -> str:
    return bold.format(number) if cell is not None and cell.best else number


def _written(cell: Cell | None) -> tuple[str, str]:
    """Return a number with its marks, and its interval after a blank."""
    if cell is None:
        return "–", ""
    if isnan(cell.value):
        return "", ""
    sign = "" if cell.p_value is None else "+"
    significant = cell.p_value is not None and cell.p_value < SIGNIFICANT
    number = f"{_percent(cell.value, sign)}{'*' * significant}{'†' * cell.incomplete}"
    if cell.interval is None:
        return number, ""
    low, high = (_percent(end, sign) for end in cell.interval)
    return number, f" ({low} to {high})"


def _percent(share: float, sign: str) -> str:
    rounded = round(100 * share, 1) + 0.0  # no minus before a zero
    return f"{rounded:{sign}.1f}".replace("-", "−")


def _escaped(text: str) -> str:
    return text.replace("*", r"\*").replace("|", r"\|")


def _plain(text: str) -> str:
    return text.translate(_LATEX)


def _bar(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _row(cells: Iterable[str]) -> str:
    return rf"{' & '.join(cells)} \\"


def _join(lines: Iterator[str]) -> str:
    return "\n".join(lines) + "\n"
