"""ONNX folders in fewer bits: the contract of every encoder, near to float32, chosen by itself or refused."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import onnx
from clipcoder.encoders.base import StagedEncoder
from clipcoder.encoders.onnx import encoder as module
from clipcoder.encoders.onnx.encoder import OnnxEncoder
from clipcoder.encoders.onnx.openvino_graph import bfloat16_core
from clipcoder.encoders.probe import LEAST_COSINE, PROBE_TEXTS, least_cosine, probe_images
from clipcoder.errors import ClipcoderError, InvalidInputError, MissingExtraError
from contract import StagedContract
from tiny_clip import TinyClip

CLIP = TinyClip(dim=16)
FEWER = ["bfloat16", "int8", "float16"]


def require(precision: str) -> None:
    """Skip where this machine does not compute in it."""
    if precision == "bfloat16":
        try:
            bfloat16_core()
        except ClipcoderError as error:
            pytest.skip(str(error))


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which precision is fastest is not asked here, so it need not be measured well."""
    monkeypatch.setattr("clipcoder.encoders.precision._SECONDS", 0.01)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return CLIP.write(tmp_path_factory.mktemp("precisions") / "tiny")


class TestOnnxEncoderInFewerBits(StagedContract):
    rounding = 0.03  # in int8 the range of a batch is that of all its rows

    @pytest.fixture(params=FEWER)
    def precision(self, request: pytest.FixtureRequest) -> Any:
        require(request.param)
        return request.param

    @pytest.fixture(params=["n", 1])
    def clip(self, request: pytest.FixtureRequest) -> TinyClip:
        return replace(CLIP, batch=request.param)

    @pytest.fixture
    def encoder(self, clip: TinyClip, tmp_path: Path, precision: Any) -> StagedEncoder:
        return OnnxEncoder(clip.write(tmp_path / "tiny"), precision=precision)

    @pytest.fixture
    def again(self, clip: TinyClip, tmp_path: Path, precision: Any) -> StagedEncoder:
        return OnnxEncoder(clip.write(tmp_path / "elsewhere"), precision=precision)

    @pytest.fixture
    def others(self, clip: TinyClip, tmp_path: Path, precision: Any) -> Mapping[str, StagedEncoder]:
        weights = replace(clip, dim=8).write(tmp_path / "weights")
        return {
            "weights": OnnxEncoder(weights, precision=precision),
            "precision": OnnxEncoder(clip.write(tmp_path / "precision")),
        }


@pytest.mark.parametrize("precision", FEWER)
def test_features_are_near_those_of_float32(folder: Path, precision: Any) -> None:
    require(precision)
    exact, coarse = OnnxEncoder(folder), OnnxEncoder(folder, precision=precision)
    assert (exact.precision, coarse.precision) == ("float32", precision)
    images = coarse.encode_images(probe_images()), exact.encode_images(probe_images())
    texts = coarse.encode_texts(PROBE_TEXTS), exact.encode_texts(PROBE_TEXTS)
    assert LEAST_COSINE <= least_cosine(*images) < 1
    assert least_cosine(*texts) >= LEAST_COSINE
    assert not np.array_equal(*images)


def test_derived_graphs_are_found_again(folder: Path, cache: Path) -> None:
    OnnxEncoder(folder, precision="int8")
    times = {path: path.stat().st_mtime_ns for path in (cache / "graphs").glob("*.onnx")}
    assert len(times) == 2
    OnnxEncoder(folder, precision="int8")
    assert {path: path.stat().st_mtime_ns for path in (cache / "graphs").glob("*.onnx")} == times


def test_the_choice_is_one_of_those_it_offers_and_is_told_once(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "clipcoder")
    first = OnnxEncoder(folder, precision="auto", name="tiny")
    assert first.precision in ("float32", "bfloat16", "int8")
    (line,) = caplog.messages
    assert line.startswith(f"tiny computes in {first.precision} here (float32 ")
    second = OnnxEncoder(folder, precision="auto")
    assert second.precision == first.precision
    assert second.fingerprint() == first.fingerprint()
    assert len(caplog.messages) == 1


def test_the_choice_takes_what_is_asked_for_besides(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def choose(open_encoder: Any, candidates: list[str], **situation: str) -> str:
        opened = open_encoder("float32")
        asked.append((opened.batch_size, opened.name, opened.precision, candidates, situation))
        return "float32"

    monkeypatch.setattr(module, "fastest_precision", choose)
    OnnxEncoder(folder, precision="auto", batch_size=3, name="tiny")
    digest = OnnxEncoder(folder).fingerprint()
    everything = (3, "tiny", "float32", ["float32", "bfloat16", "int8"], {"model": digest, "device": "cpu"})
    assert asked == [everything]


@pytest.mark.parametrize(
    ("precision", "absent"), [("bfloat16", "openvino"), ("int8", "onnx"), ("float16", "onnx")]
)
def test_what_is_not_installed_is_named_with_its_extra(
    folder: Path, monkeypatch: pytest.MonkeyPatch, precision: Any, absent: str
) -> None:
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'clipcoder\[fast\]'"):
        OnnxEncoder(folder, precision=precision)


def test_without_the_extra_the_choice_is_float32_and_says_what_is_missing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "clipcoder")
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert OnnxEncoder(folder, precision="auto").precision == "float32"
    for precision in ("bfloat16", "int8"):
        assert f"pip install 'clipcoder[fast]' to let it try {precision}" in caplog.text


def test_a_precision_that_nobody_knows_is_refused(folder: Path) -> None:
    with pytest.raises(
        InvalidInputError, match="computes in float32 or bfloat16 or int8 or float16, not in 'int4'"
    ):
        OnnxEncoder(folder, precision="int4")  # type: ignore[arg-type]


def test_a_read_only_cache_is_done_without(
    folder: Path, unwritable_cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert OnnxEncoder(folder, precision="int8").encode_texts(["a cat"]).shape == (1, 16)
    assert caplog.text.count("cannot keep a graph") == 2  # one for each tower


@pytest.mark.parametrize("precision", ["int8", "float16"])
def test_a_broken_model_is_named_and_not_its_derived_graph(tmp_path: Path, precision: Any) -> None:
    broken = CLIP.write(tmp_path / "tiny")
    path = broken / "visual/model.onnx"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InvalidInputError, match=r"tiny/visual/model\.onnx' is no ONNX model"):
        OnnxEncoder(broken, precision=precision)


@pytest.mark.parametrize("precision", FEWER)
def test_swapped_towers_are_noticed_in_any_precision(tmp_path: Path, precision: Any) -> None:
    require(precision)
    swapped = CLIP.write(tmp_path / "tiny")
    one, other = swapped / "visual/model.onnx", swapped / "textual/model.onnx"
    image, text = one.read_bytes(), other.read_bytes()
    one.write_bytes(text)
    other.write_bytes(image)
    with pytest.raises(InvalidInputError, match=r"visual/model\.onnx' must take one input of float pixels"):
        OnnxEncoder(swapped, precision=precision)


@pytest.mark.parametrize(("precision", "differs"), [("float32", False), ("int8", True), ("float16", True)])
def test_another_recipe_makes_other_features_of_what_is_converted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, precision: Any, differs: bool
) -> None:
    before = OnnxEncoder(folder, precision=precision).fingerprint()
    monkeypatch.setattr(module, "RECIPE", 99)
    assert (OnnxEncoder(folder, precision=precision).fingerprint() != before) == differs


# Folders that are written in fewer bits already


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return replace(CLIP, floats="float16", config={"precision": "float16"}).write(tmp_path / "written")


@pytest.mark.parametrize("asked", ["float32", "float16", "auto"])
def test_a_folder_in_fewer_bits_is_computed_as_it_is(written: Path, asked: Any, cache: Path) -> None:
    encoder = OnnxEncoder(written, precision=asked)
    assert encoder.precision == "float16"
    assert not cache.exists()


def test_a_folder_in_fewer_bits_is_not_computed_in_others(written: Path) -> None:
    with pytest.raises(InvalidInputError, match="computes in float16, not in 'int8'"):
        OnnxEncoder(written, precision="int8")


def test_a_graph_that_was_converted_for_another_folder_is_not_taken(tmp_path: Path, cache: Path) -> None:
    one, other = CLIP.write(tmp_path / "one"), CLIP.write(tmp_path / "other")
    model = onnx.load(other / "visual/model.onnx")
    weight = model.graph.initializer[0]
    weight.CopyFrom(onnx.numpy_helper.from_array(-onnx.numpy_helper.to_array(weight), weight.name))
    onnx.save(model, other / "visual/model.onnx")
    features = [OnnxEncoder(f, precision="int8").encode_images(probe_images(4)) for f in (one, other)]
    np.testing.assert_allclose(features[0], -features[1], atol=0.03)
    assert len(list((cache / "graphs").glob("*.onnx"))) == 3  # the text towers are the same


# Devices


def test_a_card_computes_in_float32_and_float16_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "check_device", lambda _: None)
    with pytest.raises(InvalidInputError, match="on cuda computes in float32 or float16, not in 'int8'"):
        OnnxEncoder(folder, device="cuda", precision="int8")


def test_a_device_that_cannot_be_had_is_refused(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match="on 'cpu' or 'cuda', not on 'tpu'"):
        OnnxEncoder(folder, device="tpu")


# The settings of a staged encoder


def test_the_configuration_may_name_scale_and_bias(tmp_path: Path) -> None:
    config = json.loads('{"logit_scale": 117.3, "logit_bias": -12.9}')
    encoder = OnnxEncoder(replace(CLIP, config=config).write(tmp_path / "tiny"))
    assert (encoder.logit_scale, encoder.logit_bias) == (117.3, -12.9)


def test_where_it_is_silent_the_caller_may_name_them(folder: Path, tmp_path: Path) -> None:
    encoder = OnnxEncoder(folder, logit_scale=117.3, logit_bias=-12.9)
    assert (encoder.logit_scale, encoder.logit_bias) == (117.3, -12.9)
    said = replace(CLIP, config={"logit_scale": 50, "logit_bias": 0}).write(tmp_path / "said")
    encoder = OnnxEncoder(said, logit_scale=117.3, logit_bias=-12.9)
    assert (encoder.logit_scale, encoder.logit_bias) == (50.0, 0.0)
    assert encoder.fingerprint() == OnnxEncoder(said).fingerprint()


def test_images_come_as_many_at_a_time_as_is_wished(folder: Path) -> None:
    assert OnnxEncoder(folder).batch_size == 16
    assert OnnxEncoder(folder, batch_size=3).batch_size == 3
    for size in (0, -1, True):
        with pytest.raises(InvalidInputError, match="batch_size must be a whole number of at least 1"):
            OnnxEncoder(folder, batch_size=size)
