"""Measure the starter's settings on held-out classes and captions, as ``measures`` defines them.

python -m training.validate            # the settings as they are
python -m training.validate --sweep    # one setting of the shared space at a time
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from training.measures import MEASURES, validate
from training.settings import Settings
from training.steps import Workshop

_SWEEP: Final[dict[str, tuple[float, ...]]] = {
    "temperature": (1.5, 2.0, 3.0),
    "keep": (20, 50, 100),
    "power": (2.0, 3.0, 4.0),
    "sharpness": (2.0, 4.0, 6.0),
    "ridge": (0.1, 0.3, 1.0),
    "group_ridge": (0.3, 1.0, 3.0),
    "group_power": (0.5, 0.75, 1.0),
    "largest_group": (30, 100, 400),
    "photo_ridge": (0.5, 1.0, 3.0),
    "photo_weight": (0.25, 0.5, 1.0),
    "mix": (0.3, 0.5, 0.7),
    "relative_dim": (256, 384, 512),
    "feature_dim": (256, 384, 512),
}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument(
        "--work", type=Path, default=Path("build/starter"), help="where finished steps are kept"
    )
    parser.add_argument(
        "--sweep", action="store_true", help="change one setting of the shared space at a time"
    )
    options = parser.parse_args(arguments)
    workshop = Workshop(options.data, options.work, Settings())
    anchors, queries = workshop.anchors(), workshop.queries()
    table = Table("settings", *MEASURES, "mean")

    def row(label: str, settings: Settings) -> None:
        measured = validate(anchors, queries, settings)
        figures = (*measured.values(), float(np.mean(list(measured.values()))))
        table.add_row(label, *(f"{figure:.3f}" for figure in figures))

    row("as they are", Settings())
    if options.sweep:
        for setting, values in _SWEEP.items():
            for value in values:
                if value != getattr(Settings(), setting):
                    row(f"{setting} {value:g}", replace(Settings(), **{setting: value}))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
