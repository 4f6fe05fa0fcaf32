"""Predictions as a table on the terminal, as JSON lines, as CSV or Parquet, and as a contact sheet."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from clipcoder.bank.names import name_key
from clipcoder.cli.inputs import check_writable
from clipcoder.cli.sources import Source, shown
from clipcoder.errors import InvalidInputError

if TYPE_CHECKING:
    from rich.table import Table

    from clipcoder.pipeline import Prediction

NEIGHBOURS = 5
"""How many neighbour texts a JSON line or a row of a file holds."""


def json_line(prediction: Prediction, top: int) -> str:
    """Return one prediction as a JSON object on one line."""
    content = {
        "path": _path(prediction),
        "label": prediction.label,
        "probability": round(prediction.probability, 6),
        "top": [{"class": name, "probability": round(p, 6)} for name, p in prediction.ranking[:top]],
        "neighbours": [
            {
                "text": n.text,
                "kind": n.kind,
                "class": n.class_name,
                "similarity": None if n.similarity is None else round(n.similarity, 4),
                "contribution": round(n.contribution, 3),
            }
            for n in prediction.explanation.neighbours[:NEIGHBOURS]
        ],
    }
    return json.dumps(content, ensure_ascii=False)


def table(predictions: Sequence[Prediction], top: int) -> Table:
    """Return a table of file, label, probability, the runners-up, and the neighbour texts that decided."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    grid.add_column("file", overflow="fold", max_width=28)
    grid.add_column("label", style="bold green", overflow="fold")
    grid.add_column("prob.", justify="right")
    if top > 1:
        grid.add_column("runner-up" if top == 2 else "runners-up", style="dim", overflow="fold")
    grid.add_column("because", overflow="fold", ratio=1)
    for prediction in predictions:
        others = "\n".join(f"{name} {p:.0%}" for name, p in prediction.others[: max(top - 1, 1)])
        because = "\n".join(
            f"{_short(n.text, prediction.best)} ({n.similarity:.2f})"
            for n in prediction.explanation.supporting(2)
        )
        cells = [_file_name(prediction), prediction.label, f"{prediction.probability:.0%}"]
        cells += [others, because] if top > 1 else [because]
        grid.add_row(*map(Text, cells))  # Text, for a name in square brackets is no markup
    return grid


def _short(text: str, label: str) -> str:
    """Return what a text says about its class; that it is a photo of it, the row says already.

    >>> _short("a photo of a tabby cat, which has a striped coat", "tabby_cat")
    'which has a striped coat'
    """
    head, _, clause = text.partition(", ")
    return clause if clause and name_key(head).endswith(name_key(label)) else text


def write_sheet(predictions: Sequence[Prediction], target: Path) -> None:
    """Draw the contact sheet of the predictions into a PNG file."""
    from clipcoder.sheet import Tile, contact_sheet

    tiles = [Tile(p.source, p.label, p.probability, *p.others[0], caption=_file_name(p)) for p in predictions]
    contact_sheet(tiles).save(target, format="PNG")


def write_rows(predictions: Sequence[Prediction], target: Path, suffix: str, top: int) -> None:
    """Write one row a prediction as CSV or, where the suffix is ``.parquet``, as Parquet.

    Where there are unknown images, a column more says what they look like most.
    """
    abstaining = any(prediction.unknown for prediction in predictions)
    rows = [_row(prediction, top, abstaining) for prediction in predictions]
    if suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(rows), target)
        return
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@contextmanager
def reserved(target: Path | None, suffixes: Sequence[str], option: str) -> Iterator[Path | None]:
    """Make sure that a file can be written before the work starts; put it in place once it is complete.

    Args:
        target: where the file shall be; None reserves nothing.
        suffixes: the suffixes that say in which forms it can be written.
        option: the command line's name for it, for the message.

    Yields:
        Where to write: a file to be beside the target, whose place it takes when the block ends, if it was
        written. It is removed when the block fails.

    Raises:
        InvalidInputError: another suffix, or a place where no file can be written.
    """
    if target is None:
        yield None
        return
    suffix = target.suffix.lower()
    if suffix not in suffixes:
        raise InvalidInputError(
            f"{option} must name a file that ends in {' or '.join(suffixes)}, got '{target}'"
        )
    temporary = target.with_name(f".{target.stem}-{uuid4().hex[:8]}{target.suffix}")
    check_writable(target, option, partial(temporary.touch, exist_ok=False))
    temporary.unlink()  # who is killed at work leaves nothing behind
    try:
        yield temporary
        if temporary.exists():
            temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _row(prediction: Prediction, top: int, abstaining: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"path": _path(prediction), "label": prediction.label}
    if abstaining:
        row["best"] = prediction.best
    row["probability"] = round(prediction.probability, 6)
    for rank, (name, probability) in enumerate(prediction.ranking[1:top], start=2):
        row |= {f"label_{rank}": name, f"probability_{rank}": round(probability, 6)}
    row["neighbours"] = " | ".join(n.text for n in prediction.explanation.supporting(NEIGHBOURS))
    return row


def _path(prediction: Prediction) -> str:
    source: Source = prediction.source  # type: ignore[assignment]  # classify hands in paths and bytes only
    return shown(source)


def _file_name(prediction: Prediction) -> str:
    path = _path(prediction)
    return Path(path).name or path
