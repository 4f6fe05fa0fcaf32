"""The photos and captions that the starter learns from. Nothing of Caltech-101 is read in training."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

import onnx
from clipcoder.encoders.images import open_image
from clipcoder.encoders.starter.encoder import image_session, two_views

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ClassPhoto:
    """One photo of an ImageNet class."""

    path: Path
    wnid: str


@dataclass(frozen=True)
class CaptionedPhoto:
    """One photo of Flickr8k with what five people said of it."""

    path: Path
    captions: tuple[str, ...]


def class_photos(data: Path) -> list[ClassPhoto]:
    """Return one photo for each ImageNet class, in the order of the classifier's outputs (sorted WNIDs)."""
    paths = sorted((data / "imagenet-samples").glob("n*.jpg"))
    return [ClassPhoto(path, path.name.split("_")[0]) for path in paths]


def captioned_photos(data: Path) -> list[CaptionedPhoto]:
    """Return the Flickr8k photos in the order of their file names."""
    folder = data / "flickr8k-1000"
    captions = defaultdict(list)
    with (folder / "captions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            captions[row["image"]].append(row["caption"])
    return [
        CaptionedPhoto(path, tuple(captions[path.name])) for path in sorted((folder / "images").glob("*.jpg"))
    ]


def image_features(model: onnx.ModelProto, paths: Sequence[Path], batch_size: int = 32) -> FloatArray:
    """Return the tower's pooled features of photos, shape (n, 1280)."""
    session = image_session(model.SerializeToString())
    size = model.graph.input[0].type.tensor_type.shape.dim[2].dim_value
    batches = [paths[start : start + batch_size] for start in range(0, len(paths), batch_size)]
    pixels = (np.stack([two_views(open_image(path), size) for path in batch]) for batch in batches)
    return np.concatenate([session.run(None, {"pixels": batch})[0] for batch in pixels])
