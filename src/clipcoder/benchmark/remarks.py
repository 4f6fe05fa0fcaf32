"""What has to stand below a table for its numbers to be read rightly."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from clipcoder.benchmark.formats import SIGNIFICANT
from clipcoder.benchmark.layout import Cell, Panel, Table
from clipcoder.benchmark.measured import Measured
from clipcoder.benchmark.methods import FEW_SHOT_RULE, ZERO_SHOT
from clipcoder.benchmark.statistics import LEVEL


def remarks(
    table: Table, shown: Sequence[Measured], known: Collection[str], compared_with: Sequence[str]
) -> Iterator[str]:
    """Yield the sentences below a table.

    Args:
        table: the table, without notes.
        shown: what its numbers were made from, all of one protocol, encoder and split.
        known: all methods of that protocol, encoder and split.
        compared_with: the methods that gains are wanted over.
    """
    if table.facts["protocol"] != "strict":
        yield (
            "The reference's protocol chooses settings on the images it is judged by: these numbers cannot "
            "be compared with those of the strict protocol"
        )
    yield (
        f"Accuracy in %, with the {100 * LEVEL:.0f} % interval of a bootstrap over {_drawn(shown)}; "
        "bold is the highest of a column"
    )
    gains = {panel.measure: panel for panel in table.panels if panel.measure != "accuracy"}
    if gains:
        yield (
            f"Gains are over the method with as many shots, or else with none; * differs from 0 at "
            f"{100 * SIGNIFICANT:.0f} % (the same bootstrap, paired; p-values corrected by Holm's method for "
            f"{_comparisons(gains.values())})"
        )
        yield from _own_controls(shown, known, compared_with)
    for method in compared_with:
        if f"gain over {method}" not in gains:
            yield f"Without a row of {method}, gains over it are unknown"
    yield from _marks(table)
    yield from _left_out(shown)


def own_control(control: str, method: str) -> str:
    """Return the name of a control that scores by the rule of a method, whether or not there is such a one.

    >>> own_control("waffle", "equidistant*"), own_control("waffle", "auto")
    ('waffle-equidistant', 'waffle-equidistant')
    """
    known = ZERO_SHOT.get(method.partition(" [")[0])
    return f"{control}-{known.rule if known else FEW_SHOT_RULE}"


def _own_controls(
    shown: Sequence[Measured], known: Collection[str], compared_with: Sequence[str]
) -> Iterator[str]:
    """Say which methods are compared with a control of their own rule, where some are."""
    methods = dict.fromkeys(one.setting.method for one in shown)
    for over in compared_with:
        by_control: dict[str, list[str]] = {}
        for method in methods:
            control = own_control(over, method)
            if control in known and method not in (control, over):
                by_control.setdefault(control, []).append(method)
        for control, compared in by_control.items():
            yield f"In place of {over}, {control} is what {', '.join(compared)} gain over"


def _drawn(shown: Sequence[Measured]) -> str:
    images = sorted({one.n_images for one in shown})
    seeds = max(one.n_seeds for one in shown)
    over = f"{images[0]:,} images" if len(images) == 1 else "the images of each data set"
    return f"{over} and {seeds} seeds" if seeds > 1 else over


def _comparisons(panels: Iterable[Panel]) -> str:
    counts = [sum(cell is not None for cell in _cells(panel)) for panel in panels]
    each = " and ".join(map(str, dict.fromkeys(counts)))
    return f"the {each} comparisons of a panel" if max(counts) > 1 else "one comparison"


def _marks(table: Table) -> Iterator[str]:
    cells = [cell for panel in table.panels for cell in _cells(panel)]
    if None in cells:
        yield "–: not measured"
    if any(cell is not None and cell.incomplete for cell in cells):
        yield "†: fewer seeds than others"


def _left_out(shown: Sequence[Measured]) -> Iterator[str]:
    failed = max(one.n_failed for one in shown)
    if failed:
        yield f"{_images(failed)} could not be read and {'counts' if failed == 1 else 'count'} as wrong"
    older = sum(one.n_older for one in shown)
    if older:
        yield f"{older} rows were made again later: the newest count"


def _cells(panel: Panel) -> list[Cell | None]:
    return [cell for line in panel.lines for cell in line.cells]


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"
