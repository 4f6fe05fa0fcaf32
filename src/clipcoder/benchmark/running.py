"""Running a benchmark: the rows of a specification that a folder of results does not have yet."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from clipcoder.benchmark.bench import Bench
from clipcoder.benchmark.cells import Cell
from clipcoder.benchmark.features import Watch, unwatched
from clipcoder.benchmark.preparing import Prepared
from clipcoder.benchmark.row import Row
from clipcoder.benchmark.rows import Results
from clipcoder.benchmark.spec import BenchSpec
from clipcoder.data.dataset import Dataset
from clipcoder.data.loading import load_dataset
from clipcoder.encoders import load_encoder
from clipcoder.encoders.base import Encoder

Keys = tuple[str, ...]
"""What names images on any machine."""


@dataclass(frozen=True)
class RunReport:
    """What a run did.

    Attributes:
        made: how many rows it made.
        kept: how many were there before.
        failed: the keys of images that could not be read, now or when a row was made that was there before,
            by the name of their data set.
    """

    made: int = 0
    kept: int = 0
    failed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __add__(self, other: RunReport) -> RunReport:
        """Return what two runs did together, of data sets of one name too."""
        failed = dict(self.failed)
        for name, keys in other.failed.items():
            failed[name] = tuple(dict.fromkeys([*failed.get(name, ()), *keys]))
        return RunReport(self.made + other.made, self.kept + other.kept, failed)


def run(
    spec: BenchSpec,
    out: str | os.PathLike[str],
    *,
    datasets: Sequence[Dataset] | None = None,
    open_encoder: Callable[[str], Encoder] = load_encoder,
    watch: Watch = unwatched,
) -> RunReport:
    """Make the rows that are not there yet, each written as soon as it is made.

    Everything that can be wrong with the specification, its files and data sets is said before an image is
    encoded. A run that was stopped goes on where it was.

    Args:
        spec: what is wanted.
        out: the folder of results.
        datasets: those of the specification; by default they are loaded by their names.
        open_encoder: makes an encoder of a name; one with a feature cache encodes nothing twice.
        watch: shows how far encoding and cells are.

    Raises:
        ClipcoderError: a data set, text or encoder that is not there or does not fit; images to learn from
            that are evaluated, under the strict protocol; or another run that writes into the folder.
        OSError: the folder cannot be written to any more.
    """
    if datasets is None:
        datasets = [load_dataset(name, spec.root) for name in spec.datasets]
    prepared = [Prepared.of(spec, dataset) for dataset in datasets]
    encoders = map(open_encoder, spec.models)
    first = next(encoders)  # before the folder is made, for it may not be there
    report = RunReport()
    results = Results(out)
    with results.writing():
        known = {row.id: _unreadable(row) for row in results.rows()}
        for encoder in chain([first], encoders):
            for one in prepared:
                report += _make_missing(Bench(spec, one, encoder, watch), results, known, watch)
    return report


def _make_missing(bench: Bench, results: Results, known: dict[str, Keys], watch: Watch) -> RunReport:
    """Make the rows of one encoder and data set that are not known, which they are then.

    Args:
        bench: makes them.
        results: gets them.
        known: the ids of the rows that are there, each with the images that its row lacks.
        watch: shows how far it is.
    """
    cells = list(bench.cells())
    missing = list(_first_of_each(pair for pair in cells if pair[1] not in known))
    if missing:
        bench.encode(few_shot=any(cell.shots for cell, _ in missing))
    doing = f"{bench.dataset.name}, {bench.encoder_name}"
    for cell, row_id in watch(iter(missing), len(missing), doing) if missing else ():
        row, answers = bench.made(cell, row_id)
        names = bench.dataset.class_names
        results.append(row, bench.labels, answers.chosen, answers.confidence, names)
        known[row_id] = _unreadable(row)
    unreadable = dict.fromkeys(key for _, row_id in cells for key in known[row_id])
    return RunReport(len(missing), len(cells) - len(missing), {bench.dataset.name: tuple(unreadable)})


def _unreadable(row: Row) -> Keys:
    """Return the images that a row lacks, among those to evaluate and those to learn from."""
    return (*row.failed, *row.left_out)


def _first_of_each(named: Iterable[tuple[Cell, str]]) -> Iterator[tuple[Cell, str]]:
    """Yield the first cell of each id: two sources of the same texts make one row."""
    seen: set[str] = set()
    for cell, row_id in named:
        if row_id not in seen:
            seen.add(row_id)
            yield cell, row_id
