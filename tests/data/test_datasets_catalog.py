from __future__ import annotations

import re

import pytest

from clipcoder.data.datasets_catalog import dataset_facts, dataset_names
from clipcoder.data.layouts.naming import name_key
from clipcoder.errors import UnknownNameError
from clipcoder.generators.catalog import catalogue_names

CLASSES = {
    "caltech101": 100,
    "dtd": 47,
    "eurosat": 10,
    "fgvc_aircraft": 100,
    "fgvc_aircraft_families": 70,
    "food101": 101,
    "imagenet": 1000,
    "imagenet_v2": 1000,
    "oxford_flowers": 102,
    "oxford_pets": 37,
    "stanford_cars": 196,
    "sun397": 397,
    "ucf101": 101,
    "cub200": 200,
    "places365": 365,
}
"""The fourteen data sets of the paper; of the aircraft both labellings that it uses."""


def test_the_data_sets_of_the_paper_are_there() -> None:
    assert {name: len(dataset_facts(name).classes) for name in dataset_names()} == CLASSES


@pytest.mark.parametrize("name", CLASSES)
def test_all_that_one_needs_to_get_a_data_set_is_known(name: str) -> None:
    facts = dataset_facts(name)
    assert facts.title and facts.licence and facts.folders and facts.downloads and facts.marks
    assert all(re.match("https?://", one.address) for one in facts.downloads)
    assert re.match("https?://", facts.home) and re.match("https?://", facts.split_address)
    assert facts.images_of["test"] > 1000
    assert facts.prompts in catalogue_names()


@pytest.mark.parametrize("name", CLASSES)
def test_class_names_are_as_a_person_writes_them_and_differ_in_more_than_spelling(name: str) -> None:
    names = dataset_facts(name).class_names
    assert not [one for one in names if "_" in one or one != " ".join(one.split())]
    assert len(set(map(name_key, names))) == len(names)


def test_classes_know_what_else_they_are_called() -> None:
    assert dataset_facts("imagenet").classes[0] == ("tench", "n01440764")
    assert dataset_facts("caltech101").classes[18] == ("side of a car", "car_side")
    assert dataset_facts("dtd").classes[0] == ("banded", "banded")


def test_prompts_and_classes_may_be_those_of_another_set() -> None:
    assert dataset_facts("fgvc_aircraft_families").prompts == "fgvc_aircraft"
    assert dataset_facts("imagenet_v2").class_names == dataset_facts("imagenet").class_names
    assert dataset_facts("imagenet_v2").prompts == "imagenet_v2"


def test_two_downloads_of_the_same_are_counted_once() -> None:
    assert dataset_facts("eurosat").megabytes == 94
    assert dataset_facts("stanford_cars").megabytes == 979 + 977
    assert dataset_facts("ucf101").megabytes == 0


@pytest.mark.parametrize("spelling", ["CUB-200", "cub_200", "Cub200"])
def test_any_spelling_will_do(spelling: str) -> None:
    assert dataset_facts(spelling).name == "cub200"


def test_an_unknown_name_is_met_with_those_nearby() -> None:
    with pytest.raises(UnknownNameError, match="unknown data set 'food': did you mean 'food101'"):
        dataset_facts("food")
