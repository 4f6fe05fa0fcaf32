"""What the command writes into docs/parity.md, between two marks; all around them is written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from clipcoder.errors import InvalidInputError
from clipcoder.files import whole_file
from parity.agreement import Agreement
from parity.comparing import Comparison
from parity.differences import Difference

BEGIN, END = "<!-- made by `make parity` -->", "<!-- end of what `make parity` makes -->"

_HEADS: Final = {"none": "**none of these**"}


def written(path: Path, block: str) -> None:
    """Put a block into a page.

    Raises:
        InvalidInputError: the page cannot be read, or it has no place for it.
    """
    page = with_block(checked(path), block)
    with whole_file(path) as file:
        file.write(page.encode("utf-8"))


def checked(path: Path) -> str:
    """Return a page that has a place for a block.

    Raises:
        InvalidInputError: it cannot be read or it has none.
    """
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if not 0 <= text.find(BEGIN) < text.find(END):
        raise InvalidInputError(
            f"'{path}' must be a page with the lines '{BEGIN}' and '{END}', but it is none; give another one"
        )
    return text


def with_block(page: str, block: str) -> str:
    r"""Return a page with a block between its marks.

    >>> with_block(f"a\n{BEGIN}\nold\n{END}\nb", "new").splitlines()[2]
    'new'
    """
    before, rest = page.split(BEGIN, 1)
    return f"{before}{BEGIN}\n{block}\n{END}{rest.split(END, 1)[1]}"


def block(comparisons: Sequence[Comparison]) -> str:
    """Return what all cases show, in Markdown."""
    parts = [
        "## Do they agree?",
        "",
        *_agreements(comparisons),
        *_apart(comparisons),
        *_searches(comparisons),
    ]
    for one in comparisons:
        parts += [f"## What each mistake changes: {one.title}", ""]
        parts += [f"Of {one.images} images.", "", *_table(one.zero_shot, one.images), ""]
        parts += [*_table(one.few_shot, one.images), ""]
    return "\n".join([*parts, "## Where it stops", "", *_stops(comparisons)])


def _agreements(comparisons: Sequence[Comparison]) -> list[str]:
    whats = [one.what for one in comparisons[0].agreements]
    rows = []
    for what, *agreements in zip(whats, *(one.agreements for one in comparisons), strict=True):
        rows.append([what, *(_agreed(one) for one in agreements)])
    heads = ["published and ours", *(f"{one.title} ({one.images})" for one in comparisons)]
    return [*_markdown(heads, rows), ""]


def _agreed(one: Agreement) -> str:
    equal = one.published == one.ours
    counts = f"{one.published} = {one.ours}" if equal else f"{one.published}, {one.ours}"
    if not one.apart and one.holds:
        return counts
    return f"{counts}; {len(one.apart)} {'tied' if one.holds else 'APART'}"


def _apart(comparisons: Sequence[Comparison]) -> list[str]:
    rows = [
        [
            *(case.title, one.what, str(len(one.apart)), f"{max(apart.by for apart in one.apart):.1g}"),
            ", ".join(str(apart.image) for apart in one.apart),
        ]
        for case in comparisons
        for one in case.agreements
        if one.apart
    ]
    if not rows:
        return ["No image is apart.", ""]
    heads = ["case", "images apart", "how many", "points to the other decision, at most", "which"]
    return [*_markdown(heads, rows), ""]


def _searches(comparisons: Sequence[Comparison]) -> list[str]:
    rows = []
    for one in comparisons:
        found, (beta, choice) = one.search, one.search.sweep
        rows.append(
            [
                one.title,
                f"{found.points - found.unequal:,} of {found.points:,}",
                f"{found.most} image, {found.by:.1g} points" if found.unequal else "",
                *(_point(*ends) for ends in (found.published, found.ours)),
                f"{100 * found.accuracy:.1f}",
                f"{100 * choice.accuracy:.1f} at {_point(choice.alpha, beta)}",
            ]
        )
    heads = [
        *("search for alpha and beta", "points with equal accuracy", "the others differ by at most"),
        *("published search ends at", "ours ends at", "right on val, %", "exact sweep, %"),
    ]
    return [*_markdown(heads, rows), ""]


def _point(alpha: float, beta: float) -> str:
    return f"{alpha:.2f}, {beta:.2f}"


def _table(differences: Sequence[Difference], images: int) -> list[str]:
    methods = list(differences[0].methods)
    rows = []
    for one in differences:
        row = [_HEADS.get(one.mistake, one.mistake)]
        for method in methods:
            changed = one.methods.get(method)
            accuracy = "" if changed is None else f"{100 * changed.right / images:.1f}"
            row += ["" if changed is None or one is differences[0] else str(changed.images), accuracy]
        rows.append(row)
    heads = [text for method in methods for text in (f"{method}: images changed", "accuracy, %")]
    return _markdown(["mistake", *heads], rows)


def _stops(comparisons: Iterable[Comparison]) -> list[str]:
    said = {
        "no threshold": "with the rerank, a data set without a threshold in its table",
        "lone image": "a last batch of one image that the rerank is to change",
    }
    found = {why: error for one in comparisons for why, error in one.stops.items() if error}
    return [f"- {said[why]}: `{error}`" for why, error in found.items()] or ["- nowhere"]


def _markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [_row(cells) for cells in (heads, ["---", *["---:"] * (len(heads) - 1)], *rows)]


def _row(cells: Iterable[str]) -> str:
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)
