"""Every encoder keeps the contract: the toy one of the tests, ONNX exports of all sorts, the starter."""

from __future__ import annotations

from pathlib import Path

import pytest
from contract import EncoderContract
from tiny_clip import TinyClip

from clipcoder.encoders import load_encoder
from clipcoder.encoders.base import Encoder
from clipcoder.encoders.onnx import OnnxEncoder
from toy_encoder import ColourEncoder

EXPORTS = {
    "any batch": TinyClip(),
    "one at a time": TinyClip(batch=1),
    "three at a time": TinyClip(batch=3, ids="int64", mask=True),
    "float16": TinyClip(floats="float16"),
}


class TestColourEncoder(EncoderContract):
    @pytest.fixture
    def encoder(self) -> Encoder:
        return ColourEncoder()


class TestOnnxEncoder(EncoderContract):
    @pytest.fixture(params=EXPORTS)
    def encoder(self, request: pytest.FixtureRequest, tmp_path: Path) -> Encoder:
        return OnnxEncoder(EXPORTS[request.param].write(tmp_path / "tiny"))


class TestStarterEncoder(EncoderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls) -> Encoder:
        starter = pytest.importorskip("clipcoder.encoders.starter")
        folder = Path(starter.__file__).parents[1] / "assets" / "starter"
        if not folder.is_dir():
            pytest.skip(
                "the starter encoder's weights are not in this checkout; make train-starter makes them"
            )
        return load_encoder("starter")
