"""Make the starter encoder again: ``python -m training``.

It takes under an hour on two cores; the same seed gives the same files.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from training.settings import Settings
from training.steps import Workshop

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="the shared data")
    parser.add_argument("--out", type=Path, default=ROOT / "src" / "clipcoder" / "assets" / "starter")
    parser.add_argument(
        "--work", type=Path, default=ROOT / "build" / "starter", help="where finished steps are kept"
    )
    parser.add_argument("--seed", type=int, default=Settings.seed)
    parser.add_argument("--limit", type=int, help="a trial run: so many classes, photos and nouns")
    options = parser.parse_args(arguments)
    # The order in which threads add numbers up must not show in the weights.
    torch.use_deterministic_algorithms(mode=True)
    workshop = Workshop(options.data, options.work, replace(Settings(), seed=options.seed), options.limit)
    workshop.make(options.out)
    for path in sorted(options.out.glob("*.*")):
        print(f"{path.stat().st_size / 1e6:6.2f} MB  {path.name}")


if __name__ == "__main__":
    main()
