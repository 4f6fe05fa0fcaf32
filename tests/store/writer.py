"""A process that writes to a store as fast as it can: ``python writer.py FOLDER FIRST COUNT``.

It says "ready", then, for each part that it has written, how many rows are safe by now.
"""

from __future__ import annotations

import sys
from pathlib import Path

from stored_rows import IDENTITY, put

from clipcoder.store import FeatureStore

ROWS = 5

if __name__ == "__main__":
    folder, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    store = FeatureStore(folder)
    shelf = store.shelf(IDENTITY, "images")
    import pyarrow.parquet  # noqa: F401 - so that it takes no time later

    print("ready", flush=True)
    for start in range(first, first + count, ROWS):
        put(shelf, range(start, start + ROWS))
        store.flush()
        print(start + ROWS - first, flush=True)
    put(shelf, range(first + count, first + count + ROWS))  # written when the interpreter exits
