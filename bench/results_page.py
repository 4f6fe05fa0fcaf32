"""The pages that ``make results`` writes: docs/results.md, whole, and a short block of the README."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from clipcoder.benchmark.formats import markdown
from clipcoder.benchmark.layout import Cell, Line, Panel, Table
from clipcoder.benchmark.measured import Measured
from clipcoder.benchmark.statistics import bootstrap

BEGIN, END = "<!-- results -->", "<!-- /results -->"
"""The lines of the README between which the short block stands."""

MODELS: Final = (
    "starter",
    "RN50/openai",
    "ViT-B-32/openai",
    "ViT-B-16/openai",
    "ViT-L-14/openai",
    "ViT-L-14-336/openai",
)
"""The encoders of the page; one that nobody has run has an empty line."""

FILL: Final = "clipcoder bench run --spec bench/results.toml --root DATA --model {model} --out bench/results"
"""What fills such a line."""

TEXTS: Final = "knowledge"
"""Whose texts the table of encoders is about."""

_COLUMNS: Final = (("clip", 0), ("equidistant", 0), ("auto", 1), ("auto", 4), ("auto", 16))


def whole(
    tables: Sequence[Table], measured: Sequence[Measured], pictures: Sequence[str], made_by: str
) -> str:
    """Return the page of the docs.

    Args:
        tables: all tables of the strict protocol.
        measured: what they were made from.
        pictures: paths of pictures, from the page.
        made_by: the command that made it.
    """
    shown = "\n".join(f"![{Path(path).stem.replace('-', ' ')}]({path})\n" for path in pictures)
    return "\n".join(
        [
            "# Results",
            "",
            f"Made by `{made_by}`; nothing in it is written by hand. No setting was chosen on the images",
            "that were judged: settings come from the labelled images of a draw, by leave-one-out, and",
            "defaults were chosen on other photos. How often Caltech-101's test photos have been looked at,",
            "and what for, [the starter's card](../src/clipcoder/assets/starter/README.md#how-good-it-is)",
            "tells.",
            "",
            "## Encoders",
            "",
            _without_title(markdown([encoders(measured)])),
            "## Methods",
            "",
            markdown(tables),
            "## Pictures",
            "",
            shown.rstrip(),
            "",
        ]
    )


def short(tables: Sequence[Table], measured: Sequence[Measured]) -> str:
    """Return the block of the README: encoders, zero-shot methods with gains, few-shot methods without.

    Of the sources of texts it has the one that is the default, and the methods that bring their own.
    """
    ours = [_of_default_texts(table) for table in tables]
    brief = [table if len(table.columns) == 1 else _without_gains(table) for table in ours]
    return f"{_without_title(markdown([encoders(measured)]))}\n{markdown(brief)}"


def encoders(measured: Sequence[Measured]) -> Table:
    """Return a table of all encoders of the page, with the best-known methods; empty where nobody ran one."""
    names = dict.fromkeys([*MODELS, *(one.setting.encoder for one in measured)])
    lines = tuple(
        Line((name,), tuple(_cell(measured, name, *column) for column in _COLUMNS)) for name in names
    )
    missing = [line.labels[0] for line in lines if not any(line.cells)]
    notes = (
        [f"Empty: not run yet; `{FILL.format(model=missing[0])}` and `make results` fill a line"]
        if missing
        else []
    )
    columns = tuple(
        f"{method}, {shots} shot{'s' * (shots != 1)}" if shots else method for method, shots in _COLUMNS
    )
    return Table("Encoders", {}, ("encoder",), "", columns, (Panel("accuracy", lines),), tuple(notes))


def with_block(text: str, block: str) -> str:
    """Return a text with the block between its markers replaced.

    Raises:
        ValueError: the markers are not there, once each and in order.
    """
    before, begin, rest = text.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(f"{END}\n")
    if not (begin and end) or BEGIN in rest or END in after:
        raise ValueError(
            f"the README must have the lines {BEGIN} and {END} once each, the block between them"
        )
    return f"{before}{begin}{block}{end}{after}"


def _is_brief(method: str, texts: str = "") -> bool:
    return texts in ("", TEXTS) or method == texts  # as cupl is, by its authors' own


def _of_default_texts(table: Table) -> Table:
    panels = tuple(
        replace(panel, lines=tuple(line for line in panel.lines if _is_brief(*line.labels)))
        for panel in table.panels
    )
    return replace(table, panels=panels)


def _without_gains(table: Table) -> Table:
    about_gains = ("Gains are", "In place of", "Without a row")
    notes = tuple(note for note in table.notes if not note.startswith(about_gains))
    return replace(table, panels=table.panels[:1], notes=notes)


def _cell(measured: Sequence[Measured], encoder: str, method: str, shots: int) -> Cell | None:
    for one in measured:
        setting = one.setting
        if setting.texts not in ("", TEXTS):
            continue
        if (setting.encoder, setting.method, setting.shots) == (encoder, method, shots):
            (estimate,) = bootstrap([one.outcomes], stream=one.setting.dataset)
            return Cell(estimate.value, estimate.interval, max(one.n_seeds, 1))
    return None


def _without_title(text: str) -> str:
    return text.partition("\n\n")[2]
