"""Real photos and texts through open_clip by hand and through both backends: the same pixels, ids, features.

The architectures are those of RN50, ViT-B/32 and SigLIP: their inputs at full size, their layers fewer and
narrower, random weights.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("open_clip", reason="parity is with open_clip: `make test-torch`")

import open_clip
import torch
from PIL import Image
from test_export_tokenizer import NASTY
from tiny_models import VIT, by_hand, random_model, register, siglip_folder

from clipcoder.bank import TextBank
from clipcoder.encoders.export.folder import export_folder
from clipcoder.encoders.json_file import JsonFile
from clipcoder.encoders.onnx.encoder import OnnxEncoder
from clipcoder.encoders.onnx.preprocessing import Preprocessing
from clipcoder.encoders.onnx.tokens import TextTokens
from clipcoder.encoders.pytorch.open_clip import OpenClipEncoder
from clipcoder.errors import InvalidInputError

FloatArray = npt.NDArray[np.float32]

RN50 = {
    **VIT,
    "vision_cfg": {"image_size": 224, "layers": [3, 4, 6, 3], "width": 16, "patch_size": None},
}
VIT_B_32 = {
    **VIT,
    "vision_cfg": {"image_size": 224, "layers": 4, "width": 192, "patch_size": 32, "head_width": 64},
}
SIGLIP_VISION = {
    "image_size": 224,
    "layers": 3,
    "width": 128,
    "patch_size": 16,
    "head_width": 64,
    "no_ln_pre": True,
    "pool_type": "avg",
}
PHOTOS, TEXTS = 200, 2000
LEAST = 0.9999


@dataclass(frozen=True)
class Case:
    """A model, and what open_clip makes of the photos and texts by hand."""

    model: Any
    tokenizer: str
    folder: Path
    encoder: OpenClipEncoder
    images: FloatArray
    texts: FloatArray


@pytest.fixture(scope="module")
def photos(shared_data: Path) -> list[Path]:
    """Photos of Caltech-101 and Flickr8k, evenly drawn: colour and grey, of many sizes."""
    drawn = []
    for folder in ("caltech-101", "flickr8k-1000"):
        found = sorted((shared_data / folder).rglob("*.jpg"))
        drawn += found[:: len(found) // (PHOTOS // 2)][: PHOTOS // 2]
    assert len(drawn) == PHOTOS
    return drawn


@pytest.fixture(scope="module")
def texts(shared_data: Path) -> list[str]:
    """Texts of every kind that is encoded in earnest: captions, a bank of WordNet's, nasty ones."""
    with (shared_data / "flickr8k-1000/captions.csv").open(encoding="utf-8", newline="") as file:
        captions = [row[-1] for row in csv.reader(file)][1:]
    split = json.loads((shared_data / "caltech-101/split_zhou_Caltech101.json").read_text())
    names = sorted({name for _, _, name in split["test"]})
    bank = [text.text for text in TextBank.from_wordnet(names).texts]
    listed = [*NASTY, *captions[::5], *bank]
    assert len(listed) >= TEXTS
    return listed[:TEXTS]


@pytest.fixture(scope="module", params=["RN50", "ViT-B-32", "SigLIP"])
def case(
    request: pytest.FixtureRequest,
    photos: list[Path],
    texts: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Case:
    base = tmp_path_factory.mktemp("parity")
    if request.param == "SigLIP":
        folder = siglip_folder(base / "model", vision=SIGLIP_VISION)
        spec, name = str(folder), f"local-dir:{folder}"
        model, _, _ = open_clip.create_model_and_transforms(name)
    else:
        name = f"parity-{request.param}"
        register(base, **{name: RN50 if request.param == "RN50" else VIT_B_32})
        model, spec = random_model(name), f"{name}/{base / 'weights.pt'}"
        torch.save(model.state_dict(), base / "weights.pt")
    opened = [Image.open(photo).convert("RGB") for photo in photos]
    images, rows = by_hand(model.eval(), name, opened, texts)
    encoder = OpenClipEncoder(spec, device="cpu")
    export_folder(encoder, base / "export")
    return Case(model, name, base / "export", encoder, images, rows)


def cosines(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.einsum("nd,nd->n", a, b)


def test_random_weights_tell_photos_and_texts_apart(case: Case) -> None:
    """Without this, cosines near 1 would mean nothing."""
    for rows in (case.images, case.texts):
        assert np.median(rows @ rows.T) < 0.95


def test_pixels_are_open_clips(case: Case, photos: list[Path]) -> None:
    from open_clip.transform import PreprocessCfg, image_transform_v2

    settings = PreprocessCfg(**case.model.visual.preprocess_cfg)
    transform = image_transform_v2(settings, is_train=False)
    preprocess = Preprocessing.read(case.folder / "visual/preprocess_cfg.json")
    step = 1 / 255 / np.array(settings.std, np.float32)[:, None, None] + 1e-5
    apart, total = 0, 0
    for photo in photos:
        expected = transform(Image.open(photo).convert("RGB")).numpy()
        apart += int((np.abs(preprocess.read_image(photo) - expected) > step).sum())
        total += expected.size
    assert apart <= 0.001 * total


def test_ids_are_open_clips(case: Case, texts: list[str]) -> None:
    config = JsonFile.read(case.folder / "config.json").section("text_cfg")
    tokenizer = open_clip.get_tokenizer(case.tokenizer)
    tokens = TextTokens(case.folder / "textual", config, tokenizer.context_length)
    assert tokens(texts)[0].tolist() == tokenizer(texts).tolist()


def test_features_of_the_torch_backend_are_open_clips(
    case: Case, photos: list[Path], texts: list[str]
) -> None:
    assert cosines(case.encoder.encode_images(photos), case.images).min() >= LEAST
    assert cosines(case.encoder.encode_texts(texts), case.texts).min() >= LEAST


def test_features_of_the_export_are_open_clips(case: Case, photos: list[Path], texts: list[str]) -> None:
    encoder = OnnxEncoder(case.folder)
    assert cosines(encoder.encode_images(photos), case.images).min() >= LEAST
    assert cosines(encoder.encode_texts(texts), case.texts).min() >= LEAST


@pytest.mark.parametrize("precision", ["bfloat16", "float16", "int8"])
def test_coarser_arithmetic_stays_near(
    precision: Any, case: Case, photos: list[Path], texts: list[str], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("CLIPCODER_CACHE", str(tmp_path))
    try:
        encoder = OnnxEncoder(case.folder, precision=precision)
    except InvalidInputError as error:
        if precision == "bfloat16" and "processor" in str(error):
            pytest.skip(str(error))
        raise
    assert cosines(encoder.encode_images(photos[::4]), case.images[::4]).min() >= 0.998
    assert cosines(encoder.encode_texts(texts[::4]), case.texts[::4]).min() >= 0.998
