"""``clipcoder data list`` and ``data check``: what there is to have, and what is here."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clipcoder.cli.commands import main
from clipcoder.data import datasets_catalog as catalogue
from clipcoder.data.datasets_catalog import dataset_facts, dataset_names
from laid_out import lay_out

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "140")
    return lambda *arguments: CliRunner().invoke(main, ["data", *map(str, arguments)])


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """All data sets as if they had been published with one image a class and split."""
    known = {
        name: replace(facts, images_of=dict.fromkeys(facts.images_of, len(facts.classes)))
        for name, facts in catalogue._catalogue().items()
    }
    monkeypatch.setattr(catalogue, "_catalogue", lambda: known)


def test_the_list_has_all_data_sets_with_counts_size_and_licence(run: Run) -> None:
    result = run("list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(dataset_names())
    assert lines[1].split() == [
        "caltech101",
        "100",
        "4,128",
        "1,649",
        "2,465",
        "137",
        "MB",
        "CC",
        "BY",
        "4.0",
    ]
    assert "clipcoder data list NAME says where a data set comes from" in result.stderr


def test_all_that_is_known_about_those_that_are_named(run: Run) -> None:
    result = run("list", "Caltech-101", "ucf101")
    assert result.stdout.splitlines() == [
        "caltech101: Caltech-101",
        "  classes   100",
        "  images    4,128 train, 1,649 val, 2,465 test",
        "  licence   CC BY 4.0",
        "  home      https://data.caltech.edu/records/mzrjq-6wc02",
        "  download  caltech-101.zip (137 MB)",
        "  extract   unzip caltech-101.zip",
        "  download  101_ObjectCategories.tar.gz (132 MB) instead of caltech-101.zip",
        "  split     split_zhou_Caltech101.json, from "
        "https://github.com/linzhiqiu/cross_modal_adaptation/tree/main/splits",
        "  folder    ROOT/caltech-101 or caltech101",
        "  note      caltech-101.zip holds 101_ObjectCategories.tar.gz, which need not be extracted.",
        "",
        "ucf101: UCF101",
        "  classes   101",
        "  images    7,639 train, 1,898 val, 3,783 test",
        "  licence   none stated",
        "  home      https://www.crcv.ucf.edu/data/UCF101.php",
        "  download  UCF-101-midframes.zip from "
        "https://drive.google.com/file/d/10Jqome3vtUA2keJkNanAiFpgbyC9Hc2O/view",
        "  split     split_zhou_UCF101.json, from "
        "https://github.com/linzhiqiu/cross_modal_adaptation/tree/main/splits",
        "  folder    ROOT/ucf101 or UCF101",
        "  note      The middle frame of each video, as CoOp's authors cut them out.",
    ]


def test_a_set_without_a_note_or_a_list_of_its_own_has_no_line_for_it(run: Run) -> None:
    result = run("list", "fgvc_aircraft")
    assert "split" not in result.stdout and "note" not in result.stdout


def test_the_list_as_json(run: Run) -> None:
    records = [json.loads(line) for line in run("list", "--json").stdout.splitlines()]
    assert [record["name"] for record in records] == list(dataset_names())
    assert records[0]["images"] == {"train": 4128, "val": 1649, "test": 2465}
    assert records[0]["downloads"][1] == {
        "file": "101_ObjectCategories.tar.gz",
        "address": "https://data.caltech.edu/records/mzrjq-6wc02",
        "megabytes": 132,
        "extract": "",
        "same_as": "caltech-101.zip",
    }
    assert next(record for record in records if record["name"] == "ucf101")["megabytes"] is None


def test_an_unknown_data_set(run: Run) -> None:
    result = run("list", "caltech")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "clipcoder: unknown data set 'caltech': did you mean 'caltech101'?\n"


def test_what_is_there_and_what_is_not(run: Run, small: None, tmp_path: Path) -> None:
    home = lay_out("eurosat", tmp_path)
    result = run("check", tmp_path)
    found, absent = (part.splitlines() for part in result.stdout.split("\n\n"))
    assert found[1].split() == ["eurosat", "complete", "30", str(home)]
    assert [line.split()[0] for line in absent[1:]] == [n for n in dataset_names() if n != "eurosat"]
    assert absent[2].split() == ["dtd", "625", "MB", "research", dataset_facts("dtd").home]
    assert result.exit_code == 0


def test_an_empty_folder_is_not_wrong(run: Run, tmp_path: Path) -> None:
    result = run("check", tmp_path)
    assert result.exit_code == 0
    assert result.stdout.startswith("not there")


def test_something_wrong_with_what_is_there(run: Run, small: None, tmp_path: Path) -> None:
    home = lay_out("eurosat", tmp_path)
    (home / "2750" / "Forest" / "val_0001.jpg").unlink()
    result = run("check", tmp_path)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1].split() == ["eurosat", "wrong", "29", str(home)]
    assert "\neurosat: val lacks 1 of its 10 images, such as '" in result.stdout


def test_a_data_set_that_is_asked_for_must_be_there(run: Run, small: None, tmp_path: Path) -> None:
    lay_out("eurosat", tmp_path)
    assert run("check", tmp_path, "--dataset", "eurosat").exit_code == 0
    result = run("check", tmp_path, "--dataset", "eurosat", "--dataset", "dtd")
    assert result.exit_code == 1
    assert "not there" in result.stdout


def test_a_split_that_is_not_there_can_be_done_without(run: Run, small: None, tmp_path: Path) -> None:
    (lay_out("imagenet", tmp_path) / "images" / "train").rename(tmp_path / "elsewhere")
    result = run("check", tmp_path, "--dataset", "imagenet")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[2] == "imagenet: there is no train; the rest can be used"


def test_a_check_as_json(run: Run, small: None, tmp_path: Path) -> None:
    home = lay_out("eurosat", tmp_path)
    result = run("check", tmp_path, "--json")
    records = {record["name"]: record for record in map(json.loads, result.stdout.splitlines())}
    assert records.keys() == set(dataset_names())
    assert records["eurosat"] == {
        "name": "eurosat",
        "state": "complete",
        "places": [str(home)],
        "classes": 10,
        "images": {split: {"there": 10, "listed": 10, "expected": 10} for split in ("train", "val", "test")},
        "expected": {"train": 10, "val": 10, "test": 10},
        "problems": [],
        "home": "https://github.com/phelber/EuroSAT",
        "megabytes": 94,
        "licence": "MIT",
    }
    assert records["dtd"]["state"] == "absent"


def test_no_folder(run: Run, tmp_path: Path) -> None:
    result = run("check", tmp_path / "absent")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"clipcoder: ROOT must be a folder, but '{tmp_path / 'absent'}' is none")
