"""Each data set of the catalogue in its exact layout, extracted and as it is downloaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from clipcoder.data.dataset import Dataset, ImageFile
from clipcoder.data.datasets_catalog import dataset_facts, dataset_names
from clipcoder.data.layouts import read_catalogued
from laid_out import ARCHIVES, FILES, cub_in_folders, imagenet_with_a_list, lay_out, lay_out_archives


def held(image: ImageFile) -> bytes:
    return image if isinstance(image, bytes) else Path(image).read_bytes()


def check(dataset: Dataset) -> None:
    """Every image of every split is the one that its key and its label say."""
    for split in dataset.splits.values():
        assert len(split) >= len(dataset.class_names)
        for key, label, image in zip(split.keys, split.labels, split.images, strict=True):
            assert held(image) == f"{dataset.class_names[label]}: {key}".encode()


def test_all_of_the_catalogue_are_tried() -> None:
    assert tuple(FILES) == dataset_names()
    assert set(dataset_names()) - set(ARCHIVES) == {"imagenet"}


@pytest.mark.parametrize("name", FILES)
def test_a_data_set_is_read_as_the_instructions_lay_it_out(name: str, tmp_path: Path) -> None:
    lay_out(name, tmp_path)
    facts = dataset_facts(name)
    dataset = read_catalogued(name, tmp_path)
    assert (dataset.name, dataset.title, dataset.prompts) == (name, facts.title, facts.prompts)
    assert dataset.class_names == facts.class_names
    assert tuple(dataset.splits) == facts.splits
    check(dataset)
    assert all(isinstance(image, str) for split in dataset.splits.values() for image in split.images)


@pytest.mark.parametrize("name", FILES)
def test_the_folder_of_one_data_set_will_do(name: str, tmp_path: Path) -> None:
    home = lay_out(name, tmp_path)
    assert read_catalogued(name, home).fingerprint() == read_catalogued(name, tmp_path).fingerprint()


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives_are_read_as_they_are_downloaded(name: str, tmp_path: Path) -> None:
    lay_out(name, tmp_path / "extracted")
    lay_out_archives(name, tmp_path / "downloaded")
    dataset = read_catalogued(name, tmp_path / "downloaded")
    assert dataset.fingerprint() == read_catalogued(name, tmp_path / "extracted").fingerprint()
    check(dataset)


def test_of_two_places_the_extracted_one_is_taken_and_its_archive_not_opened(tmp_path: Path) -> None:
    home = lay_out("eurosat", tmp_path)
    (home / "EuroSAT.zip").write_bytes(b"not a zip file")
    assert isinstance(read_catalogued("eurosat", tmp_path).split("test").images[0], str)


def test_half_in_a_folder_and_half_in_an_archive_is_a_whole(tmp_path: Path) -> None:
    extracted, packed = (
        lay_out("stanford_cars", tmp_path / "a"),
        lay_out_archives("stanford_cars", tmp_path / "b"),
    )
    (packed / "cars_train.tgz").unlink()
    (extracted / "cars_train").rename(packed / "cars_train")
    dataset = read_catalogued("stanford_cars", tmp_path / "b")
    check(dataset)
    assert isinstance(dataset.split("train").images[0], str)
    assert isinstance(dataset.split("test").images[0], bytes)


def test_names_of_the_instructions_of_coop_will_do_as_well(tmp_path: Path) -> None:
    lay_out("fgvc_aircraft", tmp_path / "there")
    inner = tmp_path / "there" / "aircraft" / "fgvc-aircraft-2013b" / "fgvc_aircraft"
    inner.rename(tmp_path / "fgvc_aircraft")
    check(read_catalogued("fgvc-aircraft", tmp_path))
    lay_out("oxford_pets", tmp_path).rename(tmp_path / "oxford_pets")
    check(read_catalogued("oxford_pets", tmp_path))


def test_a_list_keeps_its_order_which_few_shot_draws_depend_on(tmp_path: Path) -> None:
    home = lay_out("caltech101", tmp_path)
    split = read_catalogued("caltech101", tmp_path).split("val")
    assert split.keys[:2] == ("face/val_0000.jpg", "Leopards/val_0001.jpg")
    assert split.images[1] == str(home / "101_ObjectCategories" / "Leopards" / "val_0001.jpg")


def test_imagenet_is_the_same_with_its_validation_images_in_folders_or_in_a_list(tmp_path: Path) -> None:
    lay_out("imagenet", tmp_path / "folders")
    for path, content in imagenet_with_a_list().items():
        file = tmp_path / "list" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    listed = read_catalogued("imagenet", tmp_path / "list")
    check(listed)
    assert listed.fingerprint() == read_catalogued("imagenet", tmp_path / "folders").fingerprint()


def test_imagenet_without_its_training_images_can_be_tested_on(tmp_path: Path) -> None:
    home = lay_out("imagenet", tmp_path)
    (home / "images" / "train").rename(tmp_path / "elsewhere")
    assert tuple(read_catalogued("imagenet", tmp_path).splits) == ("test",)


def test_cub_is_the_same_with_its_own_lists_or_in_folders_of_splits(tmp_path: Path) -> None:
    lay_out("cub200", tmp_path / "lists")
    for path, content in cub_in_folders().items():
        file = tmp_path / "folders" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    dataset = read_catalogued("cub200", tmp_path / "folders")
    check(dataset)
    assert dataset.fingerprint() == read_catalogued("cub200", tmp_path / "lists").fingerprint()


def test_caltech_101_is_what_was_published(shared_data: Path) -> None:
    caltech = read_catalogued("caltech101", shared_data)
    assert {name: len(split) for name, split in caltech.splits.items()} == dataset_facts(
        "caltech101"
    ).images_of
    assert caltech.fingerprint() == "42bb56dddb673db7"
    train = caltech.split("train")
    assert train.keys[0] == "Faces/image_0274.jpg"
    assert caltech.class_names[train.labels[0]] == "face"
    assert held(train.images[0]).startswith(b"\xff\xd8")
