"""A data set made ready: whatever is wrong with it is said before an image is encoded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from clipcoder.adapters.names import FEW_SHOT_METHODS
from clipcoder.benchmark.leaks import check_bytes, check_keys
from clipcoder.benchmark.spec import BenchSpec
from clipcoder.benchmark.texts import TextSource, open_files
from clipcoder.data.dataset import Dataset, Split
from clipcoder.data.draws import Draw, few_shot
from clipcoder.errors import InvalidInputError


@dataclass(frozen=True, eq=False)
class Prepared:
    """A data set with what is known of it without an encoder.

    Attributes:
        dataset: the data set.
        files: the sources of texts that are files.
        draws: the draws of labelled images by shots and seed.
        evaluated: the split that is predicted.
    """

    dataset: Dataset
    files: list[TextSource]
    draws: Mapping[tuple[int, int], Draw]
    evaluated: Split

    @classmethod
    def of(cls, spec: BenchSpec, dataset: Dataset) -> Prepared:
        """Read texts, draw images and, under the strict protocol, look for leaks.

        Raises:
            InvalidInputError: no image to evaluate, fewer than two classes, texts that do not fit, no train
                split for few-shot methods, or an image to learn from that is evaluated.
            UnknownNameError: the data set lacks the split to evaluate.
        """
        evaluated = dataset.split(spec.evaluate)
        if not len(evaluated):
            raise InvalidInputError(f"the {spec.evaluate} split of {dataset.title} has no image to evaluate")
        if len(dataset.class_names) < 2:
            raise InvalidInputError(
                f"a benchmark needs at least 2 classes to choose from, but {dataset.title} has "
                f"{len(dataset.class_names)}"
            )
        if spec.protocol == "strict":
            check_keys(dataset, spec.evaluate)
        files = open_files(spec, dataset)
        draws = {pair: few_shot(dataset, *pair) for pair in _draws_wanted(spec)}
        if spec.protocol == "strict":
            check_bytes(dataset, spec.evaluate, _learned_from(spec, dataset, draws))
        return cls(dataset, files, draws, evaluated)


def _draws_wanted(spec: BenchSpec) -> Iterator[tuple[int, int]]:
    if any(method in FEW_SHOT_METHODS for method in spec.wanted):
        yield from product(spec.shots, spec.seeds)


def _learned_from(
    spec: BenchSpec, dataset: Dataset, draws: Mapping[tuple[int, int], Draw]
) -> dict[str, list[Split]]:
    """Return what is drawn from train, and all of val: it is small, and there for choosing settings."""
    learned = {"train": [draw.train for draw in draws.values()]}
    if spec.evaluate != "val" and "val" in dataset.splits:
        learned["val"] = [dataset.splits["val"]]
    return learned
