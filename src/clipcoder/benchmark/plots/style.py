"""How plots look: black on white, readable in print and for colour-blind people, the same bytes every time.

Colours are those of Okabe and Ito ("Color Universal Design", 2008) without their yellow, which is lost on
white paper; whatever a colour says is said by a marker and a dash pattern as well.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from clipcoder.errors import MissingExtraError
from clipcoder.files import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS: Final = "os^DvP*X<>"
DASHES: Final[Sequence[str | tuple[int, tuple[int, ...]]]] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))

INK: Final = "#000000"
QUIET: Final = "#666666"
FAINT: Final = "#D9D9D9"

FORMATS: Final = ("png", "svg")

_SETTINGS: Final[Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that it is everywhere
    "font.size": 9,
    "text.parse_math": False,  # a class may be called "$5 or $10"
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "lines.markersize": 5,
    "savefig.dpi": 160,
    "savefig.facecolor": "white",
    "svg.hashsalt": "clipcoder",
    "svg.fonttype": "none",
    "axes.axisbelow": True,
}
_METADATA: Final[dict[str, dict[str, Any]]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
}


class Mark(NamedTuple):
    """What tells one method from another."""

    colour: str
    marker: str
    dash: str | tuple[int, tuple[int, ...]]


def marks(names: Sequence[str]) -> dict[str, Mark]:
    """Return a mark for each name; colours recur after seven, marker and colour together after seventy.

    >>> marks(["clip", "coder"])["coder"]
    Mark(colour='#D55E00', marker='s', dash='--')
    """
    looks = zip(names, cycle(COLOURS), cycle(MARKERS), cycle(DASHES), strict=False)
    return {name: Mark(colour, marker, dash) for name, colour, marker, dash in looks}


@contextmanager
def styled() -> Iterator[None]:
    """Draw and save in this style, whatever the user's settings are.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context, rcdefaults
    except ImportError as error:
        raise MissingExtraError("drawing plots", "plots") from error
    with rc_context():
        rcdefaults()
        with rc_context(_SETTINGS):
            yield


def figure(
    width: float,
    height: float,
    rows: int = 1,
    columns: int = 1,
    width_ratios: Sequence[float] | None = None,
) -> tuple[Figure, Sequence[Axes]]:
    """Return an empty figure, in inches, and its axes row by row; only inside ``styled``."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(width, height), layout="constrained")
    return drawn, list(drawn.subplots(rows, columns, squeeze=False, width_ratios=width_ratios).flat)


def save(drawn: Figure, stem: Path) -> list[Path]:
    """Write a figure in each of ``FORMATS`` and return the paths; only inside ``styled``.

    Raises:
        OSError: the folder is absent or cannot be written to.
    """
    paths = []
    for kind in FORMATS:
        picture = io.BytesIO()
        drawn.savefig(picture, format=kind, metadata=_METADATA[kind])
        path = stem.with_name(f"{stem.name}.{kind}")
        with whole_file(path) as file:
            file.write(picture.getvalue())
        paths.append(path)
    return paths
