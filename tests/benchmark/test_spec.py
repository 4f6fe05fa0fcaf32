"""Specifications: plain values and TOML files become a checked spec, or one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clipcoder.adapters.names import FEW_SHOT_METHODS
from clipcoder.benchmark.methods import GROUPS, METHODS, REFERENCE_METHODS, ZERO_SHOT
from clipcoder.benchmark.spec import BenchSpec, named_source, read_spec
from clipcoder.encoded import METHODS as RULES
from clipcoder.errors import ClipcoderError, InvalidInputError, UnknownNameError


def spec(**values: Any) -> BenchSpec:
    return BenchSpec.of({"datasets": "pets", **values})


def test_the_methods_are_those_of_the_pipeline() -> None:
    assert (*ZERO_SHOT, *FEW_SHOT_METHODS) == METHODS
    assert {method.rule for method in ZERO_SHOT.values()} == set(RULES)
    assert set(REFERENCE_METHODS) < set(METHODS)


def test_what_is_taken_for_granted() -> None:
    one = spec()
    assert (one.models, one.texts, one.seeds, one.shots) == (("starter",), ("wordnet",), (1, 2, 3), ())
    assert (one.protocol, one.evaluate) == ("strict", "test")


def test_a_single_thing_stands_for_a_list_of_it() -> None:
    assert spec(methods="clip", seeds=4).seeds == (4,)


def test_groups_are_taken_apart_and_nothing_is_wanted_twice() -> None:
    assert spec(methods=["coder", "zero-shot"]).wanted[:3] == ("coder", "clip", "ensemble")
    assert spec().wanted == GROUPS["zero-shot"]
    assert spec(shots=[1]).wanted == METHODS
    assert spec(methods=["few-shot"], shots=[1]).wanted == FEW_SHOT_METHODS
    assert spec(shots=[1], protocol="reference").wanted == REFERENCE_METHODS


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"datasets": []}, "datasets must name at least one"),
        ({"methods": []}, "methods must name at least one"),
        ({"seeds": [1, 1]}, "seeds must name each once, but 1 is there twice"),
        ({"shots": [0], "methods": "gda"}, "shots must hold whole numbers, 1 or more, not 0"),
        ({"seeds": [-1]}, "seeds must hold whole numbers, 0 or more, not -1"),
        ({"seeds": [True]}, "whole numbers"),
        ({"shots": ["two"]}, "shots must be a list of whole numbers"),
        ({"texts": [1]}, "texts must be a list of texts"),
        ({"root": 3}, "root must be a text"),
        ({"protocol": 3}, "protocol must be a text"),
        ({"top_k": 1}, "top_k must hold whole numbers, 2 or more, not 1"),
        ({"max_gap": -1}, "max_gap must be a difference of probabilities"),
        ({"max_gap": "wide"}, "max_gap must be a difference of probabilities"),
        ({"max_gap": float("inf")}, "max_gap must be a difference of probabilities, .* not inf"),
        ({"max_gap": float("nan")}, "max_gap must be a difference of probabilities, .* not nan"),
        ({"max_gap": 10**400}, "max_gap must be a difference of probabilities"),
        ({"texts": ["wordnet", ""]}, "texts must name things, but one of the names is empty"),
        ({"datasets": ""}, "datasets must name things, but one of the names is empty"),
        ({"methods": "coda"}, "unknown method 'coda': did you mean 'coder'"),
        ({"protocol": "loose"}, "unknown protocol 'loose'"),
        ({"evaluate": "train"}, "unknown split to evaluate 'train'"),
        ({"dataset": "pets"}, "unknown setting of a benchmark 'dataset': did you mean 'datasets'"),
        ({"methods": "gda"}, "'gda' learns from labelled images, but no shots are named"),
        ({"methods": "few-shot"}, "'few-shot' learns from labelled images"),
        ({"methods": "clip", "shots": [1]}, "shots are for few-shot methods, but none is named"),
        ({"methods": "gda", "shots": [1], "protocol": "reference"}, "and not 'gda'; run it under the strict"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ClipcoderError, match=said):
        spec(**values)


def test_a_data_set_is_needed() -> None:
    with pytest.raises(InvalidInputError, match="needs a data set"):
        BenchSpec.of({"methods": "clip"})


def test_paths_in_a_file_are_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    file = tmp_path / "bench.toml"
    file.write_text(
        """
        datasets = ["caltech101", "photos"]
        root = "data"
        texts = ["wordnet", "bank.json", "cupl=cupl/{dataset}.json"]
        pairs = "pairs.json"
        shots = 4
        """
    )
    values = read_spec(file)
    assert values["datasets"] == ["caltech101", str(tmp_path / "photos")]
    assert values["root"] == str(tmp_path / "data")
    assert values["texts"] == [
        "wordnet",
        str(tmp_path / "bank.json"),
        f"cupl={tmp_path / 'cupl/{dataset}.json'}",
    ]
    assert BenchSpec.of(values).pairs == str(tmp_path / "pairs.json")


def test_values_of_another_type_are_left_for_the_check(tmp_path: Path) -> None:
    file = tmp_path / "bench.toml"
    file.write_text("datasets = [1]\ntexts = [2]\nroot = 3")
    with pytest.raises(InvalidInputError, match="datasets must be a list of texts"):
        BenchSpec.of(read_spec(file))


@pytest.mark.parametrize(
    ("content", "said"), [(b"datasets = [", "TOML"), (b"\xff\xfe", "UTF-8"), (None, "no such")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "bench.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidInputError, match=rf"bench.toml'.*{said}"):
        read_spec(file)


def test_names_of_sources() -> None:
    assert named_source("a=b=c.json") == ("a", "b=c.json")
    with pytest.raises(UnknownNameError):
        spec(models="starter", method="clip")
