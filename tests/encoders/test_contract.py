"""Every encoder keeps the contract: the toys of the tests, ONNX exports of all sorts, the starter."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from clipcoder.encoders import load_encoder
from clipcoder.encoders.base import Encoder, StagedEncoder
from clipcoder.encoders.onnx.encoder import OnnxEncoder
from clipcoder.encoders.starter.encoder import StarterEncoder
from contract import EncoderContract, StagedContract
from tiny_clip import TinyClip
from toy_encoder import ColourEncoder, StagedColourEncoder

EXPORTS = {
    "any batch": TinyClip(),
    "one at a time": TinyClip(batch=1),
    "three at a time": TinyClip(batch=3, ids="int64", mask=True),
    "float16": TinyClip(floats="float16"),
}
STARTER = Path(str(resources.files("clipcoder"))) / "assets" / "starter"


class TestColourEncoder(EncoderContract):
    @pytest.fixture
    def encoder(self) -> Encoder:
        return ColourEncoder()


class TestStagedColourEncoder(EncoderContract):
    @pytest.fixture
    def encoder(self) -> Encoder:
        return StagedColourEncoder()


class TestOnnxEncoder(StagedContract):
    @pytest.fixture(params=EXPORTS)
    def clip(self, request: pytest.FixtureRequest) -> TinyClip:
        return EXPORTS[request.param]

    @pytest.fixture
    def encoder(self, clip: TinyClip, tmp_path: Path) -> StagedEncoder:
        return OnnxEncoder(clip.write(tmp_path / "tiny"))

    @pytest.fixture
    def again(self, clip: TinyClip, tmp_path: Path) -> StagedEncoder:
        return OnnxEncoder(clip.write(tmp_path / "elsewhere"))

    @pytest.fixture
    def others(self, clip: TinyClip, tmp_path: Path) -> Mapping[str, StagedEncoder]:
        differ = {
            "weights": replace(clip, dim=clip.dim + 1),
            "preprocessing": replace(clip, preprocess={"resize_mode": "squash"}),
        }
        encoders = {what: OnnxEncoder(other.write(tmp_path / what)) for what, other in differ.items()}
        if clip.floats == "float32":
            encoders["precision"] = OnnxEncoder(clip.write(tmp_path / "precision"), precision="float16")
        return encoders


class TestStarterEncoder(StagedContract):
    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls) -> StagedEncoder:
        return load_encoder("starter")

    @pytest.fixture(scope="class")
    @classmethod
    def again(cls) -> StagedEncoder:
        return StarterEncoder.load(STARTER)

    @pytest.fixture
    def others(self, tmp_path: Path) -> Mapping[str, StagedEncoder]:
        folder = tmp_path / "starter"
        shutil.copytree(STARTER, folder)
        config = json.loads((folder / "config.json").read_text())
        config["text_space"]["keep"] += 1
        (folder / "config.json").write_text(json.dumps(config))
        return {"weights": StarterEncoder.load(folder)}
