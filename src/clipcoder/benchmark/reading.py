"""Reading a folder of results: its rows by setting, each with what it predicted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from clipcoder.arrays import IntArray
from clipcoder.benchmark.measured import Measured, Setting
from clipcoder.benchmark.rows import Predictions, Results, Row, read_rows
from clipcoder.errors import InvalidInputError


def read_measured(folder: str | os.PathLike[str]) -> tuple[Measured, ...]:
    """Return what a folder of results holds, in the order in which it was first measured.

    Of two rows that differ in neither setting nor seed, such as those of two versions of a bank of texts, the
    later one counts. Where one name stands for several things, such as one encoder in two precisions, some
    digits of their hashes tell them apart.

    Args:
        folder: where ``clipcoder bench run`` wrote.

    Raises:
        InvalidInputError: there are no rows, the folder cannot be read, or predictions do not fit together.
    """
    rows = read_rows(folder)
    name_of = _settings(rows)
    runs: dict[Setting, dict[int | None, list[Row]]] = {}
    for row in rows:
        runs.setdefault(name_of(row), {}).setdefault(row.seed, []).append(row)
    results = Results(folder)
    labels: dict[tuple[str, str], IntArray] = {}
    return tuple(_measured(setting, by_seed, results, labels) for setting, by_seed in runs.items())


def _measured(
    setting: Setting,
    by_seed: Mapping[int | None, Sequence[Row]],
    results: Results,
    labels: dict[tuple[str, str], IntArray],
) -> Measured:
    seeds = tuple(sorted(by_seed, key=lambda seed: -1 if seed is None else seed))
    newest = [by_seed[seed][-1] for seed in seeds]
    predicted = [_checked(row, results.predictions(row.id), labels) for row in newest]
    first = newest[0]
    return Measured(
        setting=setting,
        title=first.dataset.title + setting.dataset.removeprefix(first.dataset.name),
        seeds=seeds,
        labels=predicted[0].labels,
        predictions=np.stack([one.predictions for one in predicted]),
        confidence=np.stack([one.confidence for one in predicted]),
        n_classes=first.dataset.classes,
        class_names=predicted[0].class_names,
        n_failed=max(len(row.failed) for row in newest),
        n_older=sum(len(rows) - 1 for rows in by_seed.values()),
    )


def _checked(row: Row, found: Predictions, labels: dict[tuple[str, str], IntArray]) -> Predictions:
    """Return predictions that are of the same images as those of all other rows of their data set."""
    expected = labels.setdefault((row.dataset.hash, row.dataset.evaluated), found.labels)
    n, names = row.dataset.images, found.class_names
    shapes = {found.labels.shape, found.predictions.shape, found.confidence.shape}
    if shapes != {(n,)} or len(names) not in (0, row.dataset.classes):
        raise InvalidInputError(
            f"the predictions of the row {row.id} must be of {n} images and {row.dataset.classes} classes, "
            "as the row says, but they are not; remove its line and run again"
        )
    if not np.array_equal(found.labels, expected):
        raise InvalidInputError(
            f"the row {row.id} has other labels than earlier rows of {row.dataset.title}, though it names "
            "the same images; remove its line and run again"
        )
    return found


def _settings(rows: Sequence[Row]) -> Callable[[Row], Setting]:
    """Return what names the setting of a row, so that no two settings have one name."""
    encoders = _told_apart((row.encoder.name, row.encoder.hash) for row in rows)
    datasets = _told_apart((row.dataset.name, row.dataset.hash) for row in rows)
    options: dict[str, set[str]] = {}
    for row in rows:
        options.setdefault(row.method, set()).add(_told_options(row))

    def setting(row: Row) -> Setting:
        told = _told_options(row) if len(options[row.method]) > 1 else ""
        return Setting(
            protocol=row.protocol,
            encoder=encoders[row.encoder.name, row.encoder.hash],
            evaluated=row.dataset.evaluated,
            dataset=datasets[row.dataset.name, row.dataset.hash],
            method=f"{row.method} [{told}]" if told else row.method,
            texts=row.texts.source,
            shots=row.shots,
        )

    return setting


def _told_apart(named: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return a name for each name and hash: the name alone where it has one hash."""
    known = dict.fromkeys(named)
    names = [name for name, _ in known]
    return {(name, own): name if names.count(name) == 1 else f"{name} #{own[:6]}" for name, own in known}


def _told_options(row: Row) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(row.options.items()))
