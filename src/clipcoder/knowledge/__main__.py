"""``python -m clipcoder.knowledge``: check the texts of the pack, one line a finding."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import resources
from importlib.resources.abc import Traversable

from clipcoder.errors import ClipcoderError
from clipcoder.knowledge.checking.gates import check_set, speller_of
from clipcoder.knowledge.pack import Pack


def main(arguments: Sequence[str] | None = None, assets: Traversable | None = None) -> int:
    """Check all data sets, or those that are named.

    Args:
        arguments: those of the command line, if none are given.
        assets: another folder of texts than the one in the package.

    Returns:
        0 where there is nothing to mend, 1 where there is, 2 where a data set is unknown.
    """
    parser = argparse.ArgumentParser(prog="python -m clipcoder.knowledge", description=__doc__)
    parser.add_argument(
        "--set", action="append", dest="sets", metavar="NAME", help="only this one; repeatable"
    )
    chosen = parser.parse_args(arguments).sets
    assets = assets or resources.files("clipcoder") / "assets"
    pack = Pack(assets)
    try:
        shelves = [pack[name] for name in chosen] if chosen else list(pack)
        speller = speller_of(assets)
        found = 0
        for shelf in shelves:
            for finding in check_set(shelf, speller):
                print(f"{shelf.name}:{finding}")
                found += 1
    except ClipcoderError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{found or 'no'} finding{'s' * (found != 1)} in {', '.join(shelf.name for shelf in shelves)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
