"""What a measurement comes to: one row of a table, with its ratio and its target."""

from __future__ import annotations

from dataclasses import dataclass

from rich.table import Table

from measure import Spread


@dataclass(frozen=True)
class Row:
    """One line of the table; times in seconds, memory in bytes, a ratio is reference over clipcoder."""

    what: str
    reference: float | None
    clipcoder: float | None
    unit: str
    ratio: Spread | None = None
    target: str = ""
    met: bool | None = None
    note: str = ""


def compared(
    what: str,
    reference: list[float],
    own: list[float],
    *,
    at_least: float | None = None,
    note: str = "",
) -> Row:
    ratio = Spread.of([r / o for r, o in zip(reference, own, strict=True)])
    return Row(
        what,
        Spread.of(reference).median,
        Spread.of(own).median,
        "s",
        ratio,
        f">= {at_least:g} x" if at_least else "",
        ratio.median >= at_least if at_least else None,
        note,
    )


def limited(what: str, values: list[float], below: float, note: str = "") -> Row:
    spread = Spread.of(values)
    range_note = f"{spread.low:.3f}..{spread.high:.3f} s"
    return Row(
        what, None, spread.median, "s", None, f"< {below:g} s", spread.median < below, f"{range_note} {note}"
    )


def agree(what: str, largest: float, tolerance: float) -> str:
    if not largest <= tolerance:
        raise SystemExit(
            f"{what}: clipcoder and the reference differ by {largest:g}, more than {tolerance:g}"
        )
    return f"largest difference {largest:.0e}"


def table(title: str, rows: list[Row]) -> Table:
    drawn = Table(title=title)
    drawn.add_column("what")
    for heading in ("reference", "clipcoder", "ratio (min..max)", "target"):
        drawn.add_column(heading, justify="right", no_wrap=True)
    drawn.add_column("note", style="dim")
    for row in rows:
        ratio = f"{row.ratio.median:.1f} ({row.ratio.low:.1f}..{row.ratio.high:.1f})" if row.ratio else ""
        verdict = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}[row.met]
        amounts = [amount(value, row.unit) for value in (row.reference, row.clipcoder)]
        drawn.add_row(row.what, *amounts, ratio, f"{row.target} {verdict}".strip(), row.note.strip())
    return drawn


def amount(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    if unit == "B":
        return f"{value / 1e6:,.1f} MB"
    if unit == "/s":
        return f"{value:,.0f}/s"
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"
