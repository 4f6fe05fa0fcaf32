"""The data sets of the catalogue on disk, as the published instructions lay them out, with few images.

An image holds the name of its class and its own, so that a test sees which one it got, and under which label.
"""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from clipcoder.data.datasets_catalog import ClassName, dataset_facts

Files = dict[str, bytes]

SPLITS = ("train", "val", "test")


def lay_out(name: str, root: Path) -> Path:
    """Write a data set into the folder of all data sets; return that of its own."""
    files = FILES[name]()
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return root / next(iter(files)).partition("/")[0]


def lay_out_archives(name: str, root: Path) -> Path:
    """Write a data set as it is downloaded: what archives hold is in nothing but those."""
    files = FILES[name]()
    for archive, (folder, inside) in ARCHIVES[name].items():
        held = {inside + path.removeprefix(folder): files[path] for path in files if path.startswith(folder)}
        files = {path: content for path, content in files.items() if not path.startswith(folder)}
        pack(root / archive, held)
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return root / next(iter(ARCHIVES[name])).partition("/")[0]


def pack(archive: Path, files: Mapping[str, bytes]) -> None:
    """Write files into an archive of the kind that its name says."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as zipped:
            for path, content in files.items():
                zipped.writestr(path, content)
        return
    with tarfile.open(archive, "w" if archive.suffix == ".tar" else "w:gz") as tar:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def content(names: ClassName, key: str) -> bytes:
    return f"{names.name}: {key}".encode()


def coop(
    name: str, list_at: str, images: str, spelled: Callable[[str], str], path: Callable[[str, int, str], str]
) -> Files:
    """A list of CoOp's with one image a class and split, and those images.

    Args:
        name: the entry of the catalogue.
        list_at: the folder of the list.
        images: the folder of the images.
        spelled: how the list writes a class, from how the data set or its readers write it.
        path: where an image is below the folder of images, from the class, its number and the split.
    """
    facts = dataset_facts(name)
    rows: dict[str, list[list[object]]] = {split: [] for split in SPLITS}
    files: Files = {}
    for label, names in enumerate(facts.classes):
        for split in SPLITS:
            key = path(names.original, label, split)
            rows[split].append([key, label, spelled(names.original)])
            files[f"{images}/{key}"] = content(names, key)
    return {f"{list_at}/{facts.split_file}": json.dumps(rows).encode(), **files}


def underscored(name: str) -> str:
    return name.replace(" ", "_")


def as_it_is(name: str) -> str:
    return name


def in_class_folder(name: str, label: int, split: str) -> str:
    return f"{underscored(name)}/{split}_{label:04}.jpg"


def year_first(name: str) -> str:
    """``2012 Acura RL Sedan``; the published list of the paper cut one of the names off."""
    full = "Rolls-Royce Phantom Drophead Coupe Convertible 2012" if name.endswith(" Co") else name
    *words, year = full.split()
    return " ".join([year, *words])


def scene_folder(name: str, label: int, split: str) -> str:
    """``b/bow_window/indoor/sun_x.jpg``."""
    words = underscored(name)
    return f"{words[0]}/{words}/indoor/sun_{split}{label}.jpg"


def aircraft(level: str) -> Files:
    facts = dataset_facts("fgvc_aircraft" if level == "variant" else "fgvc_aircraft_families")
    home = "aircraft/fgvc-aircraft-2013b/fgvc_aircraft"
    lines: dict[str, list[str]] = {split: [] for split in SPLITS}
    files: Files = {}
    for label, names in enumerate(facts.classes):
        for number, split in enumerate(SPLITS):
            image = f"{number}{label:06}"
            lines[split].append(f"{image} {names.original}\n")
            files[f"{home}/images/{image}.jpg"] = content(names, f"{image}.jpg")
    lists = {
        f"{home}/images_{level}_{split}.txt": "".join(listed).encode() for split, listed in lines.items()
    }
    return {**lists, **files}


def imagenet() -> Files:
    files: Files = {}
    for names in dataset_facts("imagenet").classes:
        for split, stem in (("train", names.original), ("val", "ILSVRC2012_val")):
            key = f"{split}/{names.original}/{stem}_{names.original[1:]}.JPEG"
            files[f"imagenet/images/{key}"] = content(names, key)
    return files


def imagenet_with_a_list() -> Files:
    """As Kaggle hands it out: the images of val in one folder, and a list of what they show."""
    home = "imagenet/ILSVRC/Data/CLS-LOC"
    files: Files = {}
    lines = ["ImageId,PredictionString\n"]
    for path, held in imagenet().items():
        _, _, split, wnid, image = path.split("/")
        if split == "val":
            lines.insert(1, f"{image.removesuffix('.JPEG')},{wnid} 85 1 499 272 \n")
        files[f"{home}/val/{image}" if split == "val" else f"{home}/train/{wnid}/{image}"] = held
    return {"imagenet/LOC_val_solution.csv": "".join(lines).encode(), **files}


def imagenet_v2() -> Files:
    return {
        f"imagenet_v2/imagenetv2-matched-frequency/{label}/a{label}.jpeg": content(
            names, f"{label}/a{label}.jpeg"
        )
        for label, names in enumerate(dataset_facts("imagenet_v2").classes)
    }


def birds() -> Iterator[tuple[int, ClassName, str, str]]:
    """Yield the number, the class, the folder and the split of each image of CUB."""
    number = 0
    for label, names in enumerate(dataset_facts("cub200").classes, 1):
        for split in ("test", "train"):
            number += 1
            yield number, names, f"{label:03}.{names.name.replace(' ', '_').replace('-', '_')}", split


def cub() -> Files:
    home = "CUB200/CUB_200_2011"
    lists: dict[str, str] = dict.fromkeys(
        ("images.txt", "train_test_split.txt", "image_class_labels.txt", "classes.txt"), ""
    )
    files: Files = {}
    for number, names, folder, split in birds():
        key = f"{folder}/bird_{number}.jpg"
        lists["images.txt"] += f"{number} {key}\n"
        lists["train_test_split.txt"] += f"{number} {int(split == 'train')}\n"
        lists["image_class_labels.txt"] += f"{number} {int(folder[:3])}\n"
        lists["classes.txt"] += f"{int(folder[:3])} {folder}\n" if split == "test" else ""
        files[f"{home}/images/{key}"] = content(names, key)
    return {**{f"{home}/{file}": text.encode() for file, text in lists.items()}, **files}


def cub_in_folders() -> Files:
    """As the published code has it: a folder for each split."""
    return {
        f"CUB200/{split}/{folder}/bird_{number}.jpg": content(names, f"{folder}/bird_{number}.jpg")
        for number, names, folder, split in birds()
    }


def places365() -> Files:
    files: Files = {}
    listed = ""
    for label, names in enumerate(dataset_facts("places365").classes):
        image = f"Places365_val_{label:08}.jpg"
        listed += f"{image} {label}\n"
        files[f"places-365/val_256/{image}"] = content(names, image)
    return {"places-365/places365_val.txt": listed.encode(), **files}


FILES: Mapping[str, Callable[[], Files]] = {
    "caltech101": lambda: coop(
        "caltech101", "caltech-101", "caltech-101/101_ObjectCategories", as_it_is, in_class_folder
    ),
    "dtd": lambda: coop("dtd", "dtd/dtd", "dtd/dtd/images", as_it_is, in_class_folder),
    "eurosat": lambda: coop("eurosat", "eurosat", "eurosat/2750", as_it_is, in_class_folder),
    "fgvc_aircraft": lambda: aircraft("variant"),
    "fgvc_aircraft_families": lambda: aircraft("family"),
    "food101": lambda: coop("food101", "food-101", "food-101/images", underscored, in_class_folder),
    "imagenet": imagenet,
    "imagenet_v2": imagenet_v2,
    "oxford_flowers": lambda: coop(
        "oxford_flowers",
        "oxford_flowers",
        "oxford_flowers/jpg",
        as_it_is,
        lambda name, label, split: f"image_{SPLITS.index(split)}{label:04}.jpg",
    ),
    "oxford_pets": lambda: coop(
        "oxford_pets",
        "oxford-pet",
        "oxford-pet/images",
        lambda name: underscored(name).lower(),
        lambda name, label, split: f"{underscored(name)}_{SPLITS.index(split)}.jpg",
    ),
    "stanford_cars": lambda: coop(
        "stanford_cars",
        "stanford_cars",
        "stanford_cars",
        year_first,
        lambda name, label, split: (
            f"cars_{'test' if split == 'test' else 'train'}/{SPLITS.index(split)}{label:04}.jpg"
        ),
    ),
    "sun397": lambda: coop("sun397", "sun397", "sun397/SUN397", as_it_is, scene_folder),
    "ucf101": lambda: coop("ucf101", "ucf101", "ucf101/UCF-101-midframes", underscored, in_class_folder),
    "cub200": cub,
    "places365": places365,
}
"""Files by their paths below the folder of all data sets."""

ARCHIVES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "caltech101": {
        "caltech-101/101_ObjectCategories.tar.gz": (
            "caltech-101/101_ObjectCategories/",
            "./101_ObjectCategories/",
        )
    },
    "dtd": {"dtd/dtd-r1.0.1.tar.gz": ("dtd/dtd/images/", "dtd/images/")},
    "eurosat": {"eurosat/EuroSAT.zip": ("eurosat/2750/", "2750/")},
    "fgvc_aircraft": {
        "aircraft/fgvc-aircraft-2013b.tar.gz": (
            "aircraft/fgvc-aircraft-2013b/fgvc_aircraft/",
            "fgvc-aircraft-2013b/data/",
        )
    },
    "fgvc_aircraft_families": {
        "fgvc-aircraft-2013b.tar.gz": (
            "aircraft/fgvc-aircraft-2013b/fgvc_aircraft/",
            "fgvc-aircraft-2013b/data/",
        )
    },
    "food101": {"food-101.tar.gz": ("food-101/images/", "food-101/images/")},
    "imagenet_v2": {
        "imagenet_v2/imagenetv2-matched-frequency.tar.gz": (
            "imagenet_v2/imagenetv2-matched-frequency/",
            "imagenetv2-matched-frequency-format-val/",
        )
    },
    "oxford_flowers": {"oxford_flowers/102flowers.tgz": ("oxford_flowers/jpg/", "jpg/")},
    "oxford_pets": {"oxford-pet/images.tar.gz": ("oxford-pet/images/", "images/")},
    "stanford_cars": {
        "stanford_cars/cars_train.tgz": ("stanford_cars/cars_train/", "cars_train/"),
        "stanford_cars/cars_test.tgz": ("stanford_cars/cars_test/", "cars_test/"),
    },
    "sun397": {"sun397/SUN397.tar.gz": ("sun397/SUN397/", "SUN397/")},
    "ucf101": {"ucf101/UCF-101-midframes.zip": ("ucf101/UCF-101-midframes/", "UCF-101-midframes/")},
    "cub200": {"CUB200/CUB_200_2011.tgz": ("CUB200/CUB_200_2011/", "CUB_200_2011/")},
    "places365": {
        "places-365/val_256.tar": ("places-365/val_256/", "val_256/"),
        "places-365/filelist_places365-standard.tar": ("places-365/places365_val.txt", "places365_val.txt"),
    },
}
"""For each archive the folder whose files it holds, and what that folder is called inside."""
