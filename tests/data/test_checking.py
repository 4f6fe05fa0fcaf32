from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from clipcoder.data.checking import Count, Report, check_dataset
from clipcoder.data.datasets_catalog import DatasetFacts, dataset_facts
from laid_out import lay_out, lay_out_archives, pack

Check = Callable[[str], Report]


def small(facts: DatasetFacts) -> DatasetFacts:
    """The data set as if it had been published with one image a class and split."""
    return replace(facts, images_of=dict.fromkeys(facts.images_of, len(facts.classes)))


@pytest.fixture
def check(tmp_path: Path) -> Check:
    return lambda name: check_dataset(small(dataset_facts(name)), tmp_path)


def test_a_data_set_that_is_not_there_is_absent(check: Check) -> None:
    report = check("dtd")
    assert (report.state, report.places, report.counts, report.problems) == ("absent", (), {}, ())


@pytest.mark.parametrize("name", ["eurosat", "fgvc_aircraft_families", "cub200", "places365"])
@pytest.mark.parametrize("lay", [lay_out, lay_out_archives])
def test_a_data_set_that_is_as_it_was_published_is_complete(
    check: Check, tmp_path: Path, name: str, lay: Callable[[str, Path], Path]
) -> None:
    lay(name, tmp_path)
    report = check(name)
    assert (report.state, report.problems) == ("complete", ())
    assert set(report.counts.values()) == {Count(*[len(report.facts.classes)] * 3)}


def test_places_are_the_folders_that_it_is_in(check: Check, tmp_path: Path) -> None:
    (tmp_path / "food-101").mkdir()
    home = lay_out_archives("food101", tmp_path)
    assert check("food101").places == (str(tmp_path / "food-101"), str(tmp_path))
    assert home == tmp_path / "food-101.tar.gz"


def test_missing_images_are_counted_split_by_split(check: Check, tmp_path: Path) -> None:
    home = lay_out("eurosat", tmp_path)
    for image in ("Forest/val_0001.jpg", "Forest/test_0001.jpg", "River/test_0008.jpg"):
        (home / "2750" / image).unlink()
    report = check("eurosat")
    assert report.state == "wrong"
    assert report.counts == {"train": Count(10, 10, 10), "val": Count(10, 9, 10), "test": Count(10, 8, 10)}
    assert report.problems == (
        f"val lacks 1 of its 10 images, such as '{home}/2750/Forest/val_0001.jpg'; put EuroSAT.zip there, "
        "from https://github.com/phelber/EuroSAT, or what is in it",
        f"test lacks 2 of its 10 images, such as '{home}/2750/Forest/test_0001.jpg'; put EuroSAT.zip there, "
        "from https://github.com/phelber/EuroSAT, or what is in it",
    )


def test_a_list_of_another_length_is_wrong(tmp_path: Path) -> None:
    home = lay_out("eurosat", tmp_path)
    report = check_dataset(
        replace(dataset_facts("eurosat"), images_of={"train": 10, "val": 10, "test": 12}), home
    )
    assert report.problems == (
        f"test has 10 images in '{home}/split_zhou_EuroSAT.json', but 12 as it was published; fetch it again "
        "from https://github.com/linzhiqiu/cross_modal_adaptation/tree/main/splits",
    )


def test_a_split_without_some_of_the_classes_is_wrong(check: Check, tmp_path: Path) -> None:
    home = lay_out("places365", tmp_path)
    listed = (home / "places365_val.txt").read_text()
    (home / "places365_val.txt").write_text(listed.replace(" 364\n", " 363\n"))
    assert check("places365").problems == ("test has images of 364 classes, but Places365 has 365",)


def test_what_cannot_be_read_is_wrong_and_says_why(check: Check, tmp_path: Path) -> None:
    home = lay_out("eurosat", tmp_path)
    (home / "split_zhou_EuroSAT.json").unlink()
    report = check("eurosat")
    assert (report.state, report.counts) == ("wrong", {})
    assert report.problems[0].startswith("EuroSAT needs the list split_zhou_EuroSAT.json")


def test_an_archive_that_cannot_be_read_is_wrong(check: Check, tmp_path: Path) -> None:
    pack(lay_out_archives("ucf101", tmp_path) / "UCF-101-midframes.zip", {"../x.jpg": b""})
    assert "which leads out of the data set" in check("ucf101").problems[0]


def test_imagenet_without_its_training_images_is_incomplete(check: Check, tmp_path: Path) -> None:
    (lay_out("imagenet", tmp_path) / "images" / "train").rename(tmp_path / "elsewhere")
    report = check("imagenet")
    assert (report.state, tuple(report.counts)) == ("incomplete", ("test",))


def test_caltech_101_is_complete(shared_data: Path) -> None:
    report = check_dataset(dataset_facts("caltech101"), shared_data)
    assert (report.state, sum(count.there for count in report.counts.values())) == ("complete", 8242)
