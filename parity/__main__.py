"""The published code and clipcoder on the same features: ``make parity REFERENCE=CHECKOUT``.

    python -m parity CHECKOUT [--python PYTHON] [--data ../shared/data]

CHECKOUT is a clone of github.com/YCaigogogo/CVPR24-CODER. PYTHON is an interpreter with torch, in which it
runs. It takes about two minutes on two cores; the exit status is 1 where the sides do not agree.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from clipcoder import CachedEncoder, load_encoder
from clipcoder.errors import ClipcoderError, InvalidInputError
from parity import page
from parity.cases import Case, caltech, made_up
from parity.comparing import compare
from parity.running import Published

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkout", type=Path, help="the published code")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with torch")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="the shared data")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "parity.md", help="gets the tables")
    parser.add_argument("--made-up", action="store_true", help="only the cases that need no photos")
    options = parser.parse_args(arguments)
    try:
        page.checked(options.page)
        published = Published(options.checkout, options.python)
        comparisons = []
        for case in cases(None if options.made_up else options.data):
            comparisons.append(compare(case, published))
            print(f"{case.title}: {'agrees' if comparisons[-1].holds else 'DIFFERS'}", file=sys.stderr)
        page.written(options.page, page.block(comparisons))
    except ClipcoderError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(page.block(comparisons))
    return 0 if all(one.holds for one in comparisons) else 1


def cases(data: Path | None) -> Iterator[Case]:
    """Yield the cases to compare on; those with photos need the shared data.

    Raises:
        InvalidInputError: the data are not there.
    """
    if data is not None:
        if not (data / "caltech-101").is_dir():
            raise InvalidInputError(
                f"'{data}' must have the folder caltech-101 with its photos, but it has none; give --data, "
                "or --made-up for the cases without photos"
            )
        yield caltech(data, CachedEncoder(load_encoder("starter")), shots=1)
    yield made_up("caltech-101", 0.3, seed=1)
    yield made_up("DTD", 0.6, seed=3)


if __name__ == "__main__":
    sys.exit(main())
