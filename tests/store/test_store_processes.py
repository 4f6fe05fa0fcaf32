"""Several processes at one store, and processes that are killed: real ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from stored_rows import IDENTITY, found, keys_of
from writer import ROWS

from clipcoder.store import FeatureStore, Shelf

WRITER = Path(__file__).with_name("writer.py")
MANY = 10**9


def started(folder: Path, first: int, count: int) -> subprocess.Popen[str]:
    """Start a writer and wait until it is about to write."""
    arguments = [sys.executable, str(WRITER), str(folder), str(first), str(count)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def killed_after(process: subprocess.Popen[str], lines: int) -> int:
    """Kill a writer in the middle of what it does then, and return how many rows it has called safe."""
    assert process.stdout is not None
    for _ in range(lines):
        process.stdout.readline()
    process.kill()
    said = process.stdout.read().split()
    process.wait()
    return max([ROWS * lines, *map(int, said)])


def test_a_process_that_is_killed_loses_nothing_that_it_has_written(folder: Path) -> None:
    safe: list[str] = []
    for run, lines in enumerate((0, 1, 7, 8, 20, 64)):
        rows = killed_after(started(folder, run * 10_000, MANY), lines)
        safe += keys_of(range(run * 10_000, run * 10_000 + rows))
        with FeatureStore(folder) as store:
            assert all(found(store.shelf(IDENTITY, "images"), safe))
            assert not any(encoder.damaged for encoder in store.info())
    assert len(safe) >= 100 * ROWS


def test_two_writers_and_a_reader_may_work_at_the_same_time(folder: Path, parts: Path) -> None:
    count = 200
    writers = [started(folder, 0, count), started(folder, count // 2, count)]
    everything = keys_of(range(count // 2 + count + ROWS))
    reader = FeatureStore(folder).shelf(IDENTITY, "images")
    while any(writer.poll() is None for writer in writers):
        found(reader, everything)  # whatever is found already is right
    assert [writer.communicate() and writer.returncode for writer in writers] == [0, 0]
    with FeatureStore(folder) as store:
        assert all(found(store.shelf(IDENTITY, "images"), everything))
        (encoder,) = store.info()
        assert encoder.damaged == 0
    assert len(list(parts.glob("*.parquet"))) < 25
    assert not list(parts.glob(".*"))


def test_clearing_under_a_process_that_writes_harms_neither(folder: Path) -> None:
    writer = started(folder, 0, 200)
    assert writer.stdout is not None
    with FeatureStore(folder) as store:
        for i, _ in enumerate(writer.stdout):
            if i % 8 == 0:
                store.clear()
            found(store.shelf(IDENTITY, "images"), keys_of(range(200)))
    assert writer.wait() == 0
    assert writer.stderr is not None
    assert writer.stderr.read() == ""  # not even a warning


@pytest.mark.parametrize("kind", ["images", "texts"])
def test_rows_are_written_when_the_interpreter_exits(folder: Path, kind: str) -> None:
    program = (
        "import sys; from pathlib import Path; from clipcoder.store import FeatureStore\n"
        "from stored_rows import IDENTITY, put\n"
        "store = FeatureStore(Path(sys.argv[1])); put(store.shelf(IDENTITY, sys.argv[2]), [1])"
    )
    subprocess.run([sys.executable, "-c", program, str(folder), kind], check=True, cwd=WRITER.parent)
    with FeatureStore(folder) as store:
        shelf: Shelf = store.shelf(IDENTITY, kind)  # type: ignore[arg-type]
        assert found(shelf, keys_of([1])) == [True]
