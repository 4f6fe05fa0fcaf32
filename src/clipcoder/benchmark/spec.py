"""What is to be run: data sets, encoders, methods, texts, shots and seeds, as a dataclass and as a TOML file.

    datasets = ["caltech101"]                 # names, or paths that load_dataset takes
    root = "data"                             # where named data sets are
    models = ["starter"]                      # names that load_encoder takes
    methods = ["clip", "waffle", "coder"]     # or groups of them: zero-shot, few-shot, all
    texts = ["wordnet", "cupl=cupl/{dataset}.json"]
    shots = [1, 2, 4, 8, 16]
    seeds = [1, 2, 3]

Paths in a file are relative to it. ``BenchSpec`` says what else there is, and what is taken for granted.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Self, get_args

from clipcoder.adapters.names import FEW_SHOT_METHODS
from clipcoder.benchmark.methods import GROUPS, METHODS, REFERENCE_METHODS
from clipcoder.benchmark.row import Protocol
from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.files import system_reason

WORDNET: Final = "wordnet"
KNOWLEDGE: Final = "knowledge"
SHIPPED: Final = (WORDNET, KNOWLEDGE)
"""The source of texts that needs no file."""

EVALUATED: Final = ("test", "val")
"""The splits that may be evaluated."""

DATASET_FIELD: Final = "{dataset}"
"""What stands for the name of the data set in the path of a file of texts."""

_LISTS: Final = ("datasets", "models", "methods", "texts", "shots", "seeds")
_PATHS: Final = ("root", "pairs")


@dataclass(frozen=True)
class BenchSpec:
    """What is to be run: every method with every text source it takes, on every data set by every encoder.

    Attributes:
        datasets: names or paths, as ``load_dataset`` takes them.
        root: the folder in which named data sets are.
        models: encoders, as ``load_encoder`` takes them.
        methods: of ``benchmark.methods``, or groups of them; a group leaves out what has no texts or shots.
        texts: ``"wordnet"``, ``"knowledge"`` (the pack, and WordNet for classes that it lacks), or files:
            banks, or what DCLIP, CuPL or CODER's authors publish. ``NAME=FILE`` names one, and ``{dataset}``
            in it is the name of the data set.
        pairs: a file of one-to-one texts for the rerank; by default those of the source itself.
        shots: labelled images a class for few-shot methods.
        seeds: of the draws of labelled images, and of random words.
        protocol: ``"strict"``: nothing is chosen on the images that are evaluated. ``"reference"``: as
            published, which is not comparable.
        evaluate: the split that is predicted: ``"test"``, or ``"val"`` while something is still to be chosen.
        top_k: how many of the best classes a rerank compares.
        max_gap: by how little the probabilities of the two best differ where an image is reranked; under the
            reference's protocol the softmax of their scores.

    Raises:
        InvalidInputError: an empty list, one thing twice, a number out of range, few-shot methods without
            shots or shots without them, or a method that the reference's protocol does not have.
        UnknownNameError: an unknown method, protocol or split.

    >>> BenchSpec(datasets=("caltech101",), methods=("clip",)).seeds
    (1, 2, 3)
    """

    datasets: tuple[str, ...]
    root: str | None = None
    models: tuple[str, ...] = ("starter",)
    methods: tuple[str, ...] = ("all",)
    texts: tuple[str, ...] = (WORDNET,)
    pairs: str | None = None
    shots: tuple[int, ...] = ()
    seeds: tuple[int, ...] = (1, 2, 3)
    protocol: Protocol = "strict"
    evaluate: str = "test"
    top_k: int = 5
    max_gap: float = 0.05

    def __post_init__(self) -> None:
        for name in _LISTS:
            _check_list(name, getattr(self, name), may_be_empty=name == "shots")
        for name, least in (("shots", 1), ("seeds", 0)):
            for number in getattr(self, name):
                _check_whole(name, number, least)
        _check_whole("top_k", self.top_k, 2)
        if not (_is_number(self.max_gap) and 0 <= self.max_gap <= sys.float_info.max):
            raise InvalidInputError(
                f"max_gap must be a difference of probabilities, a number of at least 0, not {self.max_gap!r}"
            )
        _check_known("protocol", self.protocol, get_args(Protocol))
        _check_known("split to evaluate", self.evaluate, EVALUATED)
        for method in self.methods:
            _check_known("method", method, (*GROUPS, *METHODS))
        self._check_protocol()
        self._check_shots()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Make one of plain values, such as those of a TOML file; a single thing may stand for a list of it.

        Raises:
            UnknownNameError: a name that is no attribute.
            InvalidInputError: a value of another type, no data set, or what the class refuses.
        """
        known = [field.name for field in fields(cls)]
        for name in values:
            _check_known("setting of a benchmark", name, known)
        if "datasets" not in values:
            raise InvalidInputError("a benchmark needs a data set to run on, but none is named; name one")
        return cls(**{name: _as_field(name, value) for name, value in values.items()})

    @property
    def wanted(self) -> tuple[str, ...]:
        """The methods, groups taken apart, each once; a group stands for those of the protocol."""
        listed = (GROUPS.get(name, (name,)) for name in self.methods)
        methods = dict.fromkeys(method for group in listed for method in group)
        return tuple(method for method in methods if self._has(method))

    @property
    def named(self) -> tuple[str, ...]:
        """The methods that are named themselves, so that none of them may be left out silently."""
        return tuple(name for name in self.methods if name not in GROUPS)

    def _has(self, method: str) -> bool:
        published = self.protocol != "reference" or method in REFERENCE_METHODS
        return published and (method not in FEW_SHOT_METHODS or bool(self.shots))

    def _check_protocol(self) -> None:
        for method in self.methods:
            if self.protocol == "reference" and method not in (*GROUPS, *REFERENCE_METHODS):
                raise InvalidInputError(
                    f"the reference's protocol has the methods {', '.join(REFERENCE_METHODS)}, and not "
                    f"{method!r}; run it under the strict one"
                )

    def _check_shots(self) -> None:
        few = [method for method in self.methods if method in (*FEW_SHOT_METHODS, "few-shot")]
        if few and not self.shots:
            raise InvalidInputError(
                f"{few[0]!r} learns from labelled images, but no shots are named; say how many, such as 1,2,4"
            )
        if self.shots and not set(self.wanted) & set(FEW_SHOT_METHODS):
            raise InvalidInputError(
                "shots are for few-shot methods, but none is named; name some, such as auto, or leave the "
                "shots out"
            )


def read_spec(path: Path) -> dict[str, Any]:
    """Return what a TOML file says, its paths made relative to where it is, for ``BenchSpec.of``.

    Raises:
        InvalidInputError: the file cannot be read, or it is no TOML.
    """
    try:
        values = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise InvalidInputError(f"cannot read the specification '{path}': {system_reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"'{path}' must be a TOML file in UTF-8, but {error}") from error
    folder = path.parent.absolute()
    for name in filter(values.__contains__, _PATHS):
        values[name] = _beside(folder, values[name])
    if "texts" in values:
        values["texts"] = [_source_beside(folder, text) for text in _listed(values["texts"])]
    if "datasets" in values:
        values["datasets"] = [_dataset_beside(folder, name) for name in _listed(values["datasets"])]
    return values


def named_source(text: str) -> tuple[str, str]:
    """Return the name and the path of a source of texts; one that names itself has no name yet.

    >>> named_source("cupl=a.json"), named_source("b.json"), named_source("wordnet")
    (('cupl', 'a.json'), ('', 'b.json'), ('wordnet', ''))
    """
    if text in SHIPPED:
        return text, ""
    name, found, path = text.partition("=")
    return (name, path) if found else ("", text)


def _beside(folder: Path, path: Any) -> Any:
    return str(folder / path) if isinstance(path, str) else path


def _source_beside(folder: Path, text: Any) -> Any:
    if not isinstance(text, str):
        return text
    name, path = named_source(text)
    return f"{name}={folder / path}" if name and path else _beside(folder, path) if path else text


def _dataset_beside(folder: Path, name: Any) -> Any:
    return str(folder / name) if isinstance(name, str) and (folder / name).exists() else name


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _as_field(name: str, value: Any) -> Any:
    if name not in _LISTS:
        texts = ("root", "pairs", "protocol", "evaluate")
        if name in texts and not isinstance(value, str) and (value is not None or name not in _PATHS):
            raise InvalidInputError(f"{name} must be a text, but it is {str(value)[:40]!r}")
        return value
    listed = _listed(value)
    kind, what = (int, "whole numbers") if name in ("shots", "seeds") else (str, "texts")
    if not all(isinstance(one, kind) for one in listed):
        raise InvalidInputError(f"{name} must be a list of {what}, but it is {str(value)[:40]!r}")
    return tuple(listed)


def _check_list(name: str, values: tuple[Any, ...], *, may_be_empty: bool) -> None:
    if not values and not may_be_empty:
        raise InvalidInputError(f"{name} must name at least one, but it is empty")
    if "" in values:
        raise InvalidInputError(f"{name} must name things, but one of the names is empty; leave it out")
    if len(set(values)) < len(values):
        twice = next(value for value in values if values.count(value) > 1)
        raise InvalidInputError(f"{name} must name each once, but {twice!r} is there twice; leave one out")


def _check_whole(name: str, number: object, least: int) -> None:
    if not _is_number(number, int) or number < least:  # type: ignore[operator]
        raise InvalidInputError(f"{name} must hold whole numbers, {least} or more, not {number!r}")


def _is_number(value: object, kinds: Callable[..., Any] | tuple[type, ...] = (int, float)) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)  # type: ignore[arg-type]


def _check_known(what: str, name: str, known: Iterable[str]) -> None:
    choices = tuple(known)
    if name not in choices:
        raise UnknownNameError(what, str(name), choices)
