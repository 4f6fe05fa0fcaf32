"""Each thing that can be wrong with a data set of the catalogue is one sentence that says how to mend it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clipcoder.data.layouts import read_catalogued
from clipcoder.errors import InvalidInputError, UnknownNameError
from laid_out import imagenet_with_a_list, lay_out, lay_out_archives, pack

LIST = "split_zhou_EuroSAT.json"


@pytest.fixture
def eurosat(tmp_path: Path) -> Path:
    return lay_out("eurosat", tmp_path)


def refusal(name: str, root: Path) -> str:
    with pytest.raises(InvalidInputError) as caught:
        read_catalogued(name, root)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def edit(file: Path, change: Callable[[Any], None]) -> None:
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_an_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown data set 'cifar10'"):
        read_catalogued("cifar10", tmp_path)


def test_a_data_set_that_is_not_there(tmp_path: Path) -> None:
    assert refusal("dtd", tmp_path) == (
        f"there is no Describable Textures in '{tmp_path}': put it into the folder dtd, with "
        "split_zhou_DescribableTextures.json in it; clipcoder data list dtd says where it comes from"
    )


def test_no_list_of_splits(eurosat: Path) -> None:
    (eurosat / LIST).unlink()
    assert refusal("eurosat", eurosat.parent) == (
        f"EuroSAT needs the list {LIST}, but there is no '{eurosat / LIST}'; put it there, from "
        "https://github.com/linzhiqiu/cross_modal_adaptation/tree/main/splits"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"train": [["a.jpg", 0', "it is no JSON (Expecting ',' delimiter: line 1 column 23 (char 22))"),
        ("[" * 100_000, "it is no JSON"),
        ("\ufffe", "it is no JSON"),
        ("[]", "there is no list train"),
        ('{"train": [], "val": [], "test": 3}', "there is no list test"),
        (
            '{"train": [["a.jpg", "0", "river"]], "val": [], "test": []}',
            "it has the row ['a.jpg', '0', 'river']",
        ),
        ('{"train": ["a.jpg"], "val": [], "test": []}', "it has the row a.jpg"),
        (
            '{"train": [["a.jpg", true, "river"]], "val": [], "test": []}',
            "it has the row ['a.jpg', True, 'river']",
        ),
    ],
)
def test_a_list_that_is_damaged(eurosat: Path, text: str, reason: str) -> None:
    (eurosat / LIST).write_text(text)
    sentence = refusal("eurosat", eurosat.parent)
    assert sentence.startswith(
        f"'{eurosat / LIST}' must hold the lists train, val and test of [path, label, class name], "
        f"but {reason}"
    )
    assert sentence.endswith(
        "; fetch it again from https://github.com/linzhiqiu/cross_modal_adaptation/tree/main/splits"
    )


def test_a_list_with_other_classes(eurosat: Path) -> None:
    edit(eurosat / LIST, lambda rows: rows["val"][1].__setitem__(2, "Desert"))
    assert "calls class 1 'Desert', but the classes of EuroSAT have 'forest' there" in refusal(
        "eurosat", eurosat
    )


def test_a_list_with_more_classes(eurosat: Path) -> None:
    edit(eurosat / LIST, lambda rows: rows["val"][1].__setitem__(1, 10))
    assert "has the label 10, but EuroSAT has 10 classes, numbered from 0" in refusal("eurosat", eurosat)


def test_an_empty_split(eurosat: Path) -> None:
    edit(eurosat / LIST, lambda rows: rows.update(val=[]))
    assert f"'{eurosat / LIST}' lists no image of val; fetch it again from" in refusal("eurosat", eurosat)


def test_an_image_twice_in_a_split(eurosat: Path) -> None:
    edit(eurosat / LIST, lambda rows: rows["val"].append(rows["val"][0]))
    sentence = refusal("eurosat", eurosat)
    assert "lists the image 'Annual_Crop_Land/val_0000.jpg' twice, in val and in val" in sentence


def test_an_image_in_two_splits(eurosat: Path) -> None:
    edit(eurosat / LIST, lambda rows: rows["test"].append(rows["train"][0]))
    sentence = refusal("eurosat", eurosat)
    assert "lists the image 'Annual_Crop_Land/train_0000.jpg' twice, in train and in test" in sentence


def test_a_missing_image(eurosat: Path) -> None:
    missing = eurosat / "2750" / "Forest" / "val_0001.jpg"
    missing.unlink()
    assert refusal("eurosat", eurosat.parent) == (
        f"EuroSAT lacks 1 of its 30 images, such as '{missing}'; put EuroSAT.zip there, from "
        "https://github.com/phelber/EuroSAT, or what is in it"
    )


def test_a_missing_image_whose_archive_is_there(tmp_path: Path) -> None:
    home = lay_out_archives("eurosat", tmp_path)
    pack(home / "EuroSAT.zip", {"2750/Forest/train_0001.jpg": b""})
    assert refusal("eurosat", tmp_path).endswith(
        "; fetch EuroSAT.zip again from https://github.com/phelber/EuroSAT"
    )


def test_one_of_two_archives(tmp_path: Path) -> None:
    home = lay_out_archives("stanford_cars", tmp_path)
    (home / "cars_test.tgz").unlink()
    sentence = refusal("stanford_cars", tmp_path)
    assert "Stanford Cars lacks 196 of its 588 images" in sentence
    assert "; put cars_test.tgz there, from https://ai.stanford.edu/" in sentence


def test_an_archive_that_must_be_extracted_first(tmp_path: Path) -> None:
    home = lay_out_archives("caltech101", tmp_path)
    (home / "101_ObjectCategories.tar.gz").rename(home / "caltech-101.zip")
    assert refusal("caltech101", tmp_path).endswith("; extract caltech-101.zip: unzip caltech-101.zip")


@pytest.mark.parametrize(
    "path", ["../secret.jpg", "/etc/passwd", "Forest/../../x.jpg", "C:/x.jpg", "..\\x.jpg"]
)
def test_a_list_that_leads_out(eurosat: Path, path: str) -> None:
    edit(eurosat / LIST, lambda rows: rows["test"][0].__setitem__(0, path))
    assert f"names the path {path!r}, which leads out of the data set" in refusal("eurosat", eurosat)


def test_a_link_that_leads_out(eurosat: Path, tmp_path: Path) -> None:
    image = eurosat / "2750" / "Forest" / "val_0001.jpg"
    image.rename(tmp_path / "elsewhere.jpg")
    image.symlink_to(tmp_path / "elsewhere.jpg")
    assert refusal("eurosat", eurosat).startswith(
        f"'{image}' is a link that leads out of '{eurosat / '2750'}'"
    )


def test_an_archive_that_leads_out(tmp_path: Path) -> None:
    home = lay_out_archives("eurosat", tmp_path)
    pack(home / "EuroSAT.zip", {"../../x.jpg": b""})
    assert refusal("eurosat", tmp_path).startswith(
        f"'{home / 'EuroSAT.zip'}' names the path '../../x.jpg', which leads out of the data set"
    )


@pytest.mark.parametrize(("name", "archive"), [("eurosat", "EuroSAT.zip"), ("dtd", "dtd-r1.0.1.tar.gz")])
def test_an_archive_that_breaks_off(name: str, archive: str, tmp_path: Path) -> None:
    file = lay_out_archives(name, tmp_path) / archive
    os.truncate(file, file.stat().st_size // 2)
    assert refusal(name, tmp_path).startswith(f"the archive '{file}' is damaged: ")


def test_a_tar_file_that_breaks_off_between_two_images(tmp_path: Path) -> None:
    file = lay_out_archives("places365", tmp_path) / "val_256.tar"
    os.truncate(file, 1024 * 200)
    sentence = refusal("places365", tmp_path)
    assert "Places365 lacks 165 of its 365 images" in sentence
    assert "; fetch val_256.tar again from" in sentence


def test_aircraft_of_an_unknown_model(tmp_path: Path) -> None:
    home = lay_out("fgvc_aircraft", tmp_path) / "fgvc-aircraft-2013b" / "fgvc_aircraft"
    replace(home / "images_variant_val.txt", "707-320", "Concorde")
    assert refusal("fgvc_aircraft", tmp_path) == (
        f"'{home / 'images_variant_val.txt'}' is not as FGVC-Aircraft (variants) has it: 'Concorde' is "
        "none of its 100 classes; fetch it again from https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/"
    )


def test_aircraft_without_a_list(tmp_path: Path) -> None:
    home = lay_out("fgvc_aircraft", tmp_path) / "fgvc-aircraft-2013b" / "fgvc_aircraft"
    (home / "images_variant_test.txt").unlink()
    assert "needs the list images_variant_test.txt, but there is no" in refusal("fgvc_aircraft", tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (" 7\n", " 365\n", "its labels go up to 364, but one is 365"),
        (" 7\n", " -7\n", "'-7' is in the place of a number"),
        (" 7\n", "\n", "line 8 is 'Places365_val_00000007.jpg'"),
    ],
)
def test_a_list_of_places_that_is_damaged(tmp_path: Path, old: str, new: str, reason: str) -> None:
    replace(lay_out("places365", tmp_path) / "places365_val.txt", old, new)
    assert f"places365_val.txt' is not as Places365 has it: {reason}; fetch it" in refusal(
        "places365", tmp_path
    )


def test_a_list_that_is_no_text(tmp_path: Path) -> None:
    (lay_out("places365", tmp_path) / "places365_val.txt").write_bytes(b"\xff\xfe\x00")
    assert "is not as Places365 has it: it is no text in UTF-8" in refusal("places365", tmp_path)


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("train_test_split.txt", "17 0\n", "", "only this or images.txt has image 17"),
        ("train_test_split.txt", "17 0\n", "17 2\n", "image 17 has the class 9 and the split 2"),
        ("image_class_labels.txt", "17 9\n", "17 201\n", "image 17 has the class 201 and the split 0"),
        ("image_class_labels.txt", "17 9\n", "17 nine\n", "'nine' is in the place of a number"),
    ],
)
def test_lists_of_birds_that_disagree(tmp_path: Path, file: str, old: str, new: str, reason: str) -> None:
    home = lay_out("cub200", tmp_path) / "CUB_200_2011"
    replace(home / file, f"\n{old}", f"\n{new}")
    assert f"is not as CUB-200-2011 has it: {reason}; fetch it again from" in refusal("cub200", tmp_path)


def test_birds_in_another_order(tmp_path: Path) -> None:
    home = lay_out("cub200", tmp_path) / "CUB_200_2011"
    replace(home / "classes.txt", "2 002.Laysan_Albatross", "2 002.Sooty_Albatross")
    sentence = refusal("cub200", tmp_path)
    assert (
        "calls class 1 'Sooty_Albatross', but the classes of CUB-200-2011 have 'Laysan Albatross' there"
        in sentence
    )


def test_a_class_without_a_folder(tmp_path: Path) -> None:
    home = lay_out("imagenet", tmp_path) / "images"
    (home / "val" / "n01443537").rename(tmp_path / "elsewhere")
    assert refusal("imagenet", tmp_path) == (
        f"'{home / 'val'}' must have a folder for each of the 1,000 classes of ImageNet, but there is none "
        "for 'n01443537'; extract it anew from what https://image-net.org/download.php hands out"
    )


def test_a_folder_without_a_class(tmp_path: Path) -> None:
    home = lay_out("imagenet_v2", tmp_path)
    (home / "imagenetv2-matched-frequency" / "1000").mkdir()
    assert "1,000 classes of ImageNet-V2, but '1000' is none of them" in refusal("imagenet_v2", tmp_path)


def test_imagenet_in_its_archives(tmp_path: Path) -> None:
    pack(tmp_path / "imagenet" / "ILSVRC2012_img_val.tar", {"ILSVRC2012_val_00000001.JPEG": b""})
    sentence = refusal("imagenet", tmp_path)
    assert f"needs the folders train and val, of which '{tmp_path / 'imagenet'}' has neither" in sentence
    assert "tar -xf ILSVRC2012_img_val.tar -C val" in sentence


def test_imagenet_without_labels_of_its_validation_images(tmp_path: Path) -> None:
    (tmp_path / "imagenet" / "val").mkdir(parents=True)
    (tmp_path / "imagenet" / "val" / "ILSVRC2012_val_00000001.JPEG").touch()
    assert "there is no LOC_val_solution.csv to say what they show" in refusal("imagenet", tmp_path)


@pytest.mark.parametrize("row", ["ILSVRC2012_val_1,n00000000 1 2 3 4", "ILSVRC2012_val_1", ",n01440764"])
def test_a_damaged_list_of_imagenet(tmp_path: Path, row: str) -> None:
    for path, content in imagenet_with_a_list().items():
        if "train" not in path:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(content)
    (tmp_path / "imagenet" / "LOC_val_solution.csv").write_text(f"ImageId,PredictionString\n{row}\n")
    assert "LOC_val_solution.csv' is not as ImageNet has it: it has the line '" in refusal(
        "imagenet", tmp_path
    )


def test_an_image_that_a_list_of_imagenet_names_twice(tmp_path: Path) -> None:
    for path, content in imagenet_with_a_list().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    file = tmp_path / "imagenet" / "LOC_val_solution.csv"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines, lines[1]]))
    assert "twice, in test and in test" in refusal("imagenet", tmp_path)
