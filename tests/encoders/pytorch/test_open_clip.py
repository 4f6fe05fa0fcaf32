"""Models of open_clip behind the seam: the same numbers as by hand, and a sentence for whatever is wrong."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("open_clip", reason="this backend needs open_clip: `make test-torch`")

import open_clip
import torch
from safetensors.torch import save_model
from tiny_models import archived, by_hand, openai_archive, random_model, traced

from clipcoder.encoders import load_encoder
from clipcoder.encoders.base import StagedEncoder
from clipcoder.encoders.pytorch.open_clip import OpenClipEncoder
from clipcoder.errors import InvalidInputError, MissingExtraError, ModelUnavailableError, UnknownNameError
from contract import COLOURS, IMAGES, PHOTOS, TEXTS, StagedContract

NEAR = 1e-5


@pytest.fixture(scope="module")
def encoder(tiny_weights: Path) -> OpenClipEncoder:
    return OpenClipEncoder(f"tiny/{tiny_weights}", device="cpu")


class TestOpenClipEncoder(StagedContract):
    """It promises what every encoder promises."""

    @pytest.fixture
    def again(self, tiny: Any, tmp_path: Path) -> StagedEncoder:
        torch.save(tiny.state_dict(), tmp_path / "same.pt")
        return OpenClipEncoder(f"tiny/{tmp_path}/same.pt", device="cpu")

    @pytest.fixture
    def others(
        self, tiny: Any, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Mapping[str, StagedEncoder]:
        weights = tiny.state_dict()
        weights["visual.proj"] = weights["visual.proj"] * 1.001
        torch.save(weights, tmp_path / "other.pt")
        published = {"a": {"mean": (0.5,) * 3}}
        exact = {
            "weights": OpenClipEncoder(f"tiny/{tmp_path}/other.pt", device="cpu"),
            "precision": OpenClipEncoder(f"tiny/{tiny_weights}", device="cpu", precision="bfloat16"),
        }
        monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "tiny", published)
        return exact | {"preprocessing": OpenClipEncoder(f"tiny/{tiny_weights}", device="cpu")}


def test_features_are_those_of_open_clip_called_by_hand(encoder: OpenClipEncoder, tiny: Any) -> None:
    images, texts = by_hand(tiny, "tiny", PHOTOS, TEXTS)
    np.testing.assert_allclose(encoder.encode_images(PHOTOS), images, atol=NEAR)
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), texts, atol=NEAR)
    assert encoder.logit_scale == pytest.approx(float(tiny.logit_scale.detach().exp()))
    assert encoder.logit_bias is None
    assert encoder.dim == 32


def test_the_text_tower_sees_no_padding(encoder: OpenClipEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = []
    tower = encoder.towers.encode_texts
    monkeypatch.setattr(tower, "forward", lambda ids, run=tower.forward: shapes.append(ids.shape) or run(ids))
    encoder.encode_texts(["a cat", "cat " * 9, "a dog"] + ["cat " * 200] + ["sky"] * 63)
    assert shapes == [(64, 4), (3, 77)]


def test_a_repository_on_the_hub_is_loaded_with_its_own_preprocessing(
    siglip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fetched(repository: str, filename: str | None = None, **_: Any) -> str:
        asked.append((repository, filename))
        return str(siglip_folder / (filename or "open_clip_model.safetensors"))

    monkeypatch.setattr("open_clip.pretrained.download_pretrained_from_hf", fetched)
    monkeypatch.setattr("open_clip.factory.download_pretrained_from_hf", fetched)
    monkeypatch.setattr("open_clip.factory.HFTokenizer", lambda *_, **__: open_clip.get_tokenizer("tiny"))
    encoder = OpenClipEncoder("hf-hub:nobody/siglip", device="cpu")
    assert encoder.towers.settings["preprocess"]["resize_mode"] == "squash"
    np.testing.assert_allclose(
        encoder.encode_images(PHOTOS),
        OpenClipEncoder(str(siglip_folder), device="cpu").encode_images(PHOTOS),
        atol=NEAR,
    )
    assert set(asked) == {("nobody/siglip", "open_clip_config.json"), ("nobody/siglip", None)}


def test_a_tower_that_looks_at_its_padding_gets_all_of_it(
    siglip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = load_encoder(f"open_clip:{siglip_folder}", device="cpu")
    assert encoder.logit_bias == -10
    assert encoder.towers.lengths is None
    model, _, _ = open_clip.create_model_and_transforms(f"local-dir:{siglip_folder}")
    images, texts = by_hand(model.eval(), f"local-dir:{siglip_folder}", PHOTOS, TEXTS)
    np.testing.assert_allclose(encoder.encode_images(PHOTOS), images, atol=NEAR)
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), texts, atol=NEAR)


def test_bfloat16_stays_near_float32(encoder: OpenClipEncoder, tiny_weights: Path) -> None:
    coarse = OpenClipEncoder(f"tiny/{tiny_weights}", device="cpu", precision="bfloat16")
    assert coarse.precision == "bfloat16"
    assert coarse.fingerprint() != encoder.fingerprint()
    for a, b in (
        (coarse.encode_images(PHOTOS), encoder.encode_images(PHOTOS)),
        (coarse.encode_texts(TEXTS), encoder.encode_texts(TEXTS)),
    ):
        assert a.dtype == np.float32
        cosines = (a * b).sum(axis=1)
        assert (cosines > 0.998).all()
        assert (cosines < 1 - 1e-7).any()


def test_auto_chooses_by_measuring_and_remembers(
    tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIPCODER_CACHE", str(tmp_path))
    monkeypatch.setattr("clipcoder.encoders.precision._SECONDS", 0.01)
    chosen = OpenClipEncoder(f"tiny/{tiny_weights}", device="cpu", precision="auto").precision
    assert chosen in ("float32", "bfloat16")
    assert (tmp_path / "precision.json").is_file()
    monkeypatch.setattr("clipcoder.encoders.precision._measured", None)
    assert OpenClipEncoder(f"tiny/{tiny_weights}", device="cpu", precision="auto").precision == chosen


def test_precisions_and_devices_that_are_not_there_are_refused(tiny_weights: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"float32 or bfloat16.*not in 'int8'"):
        OpenClipEncoder(f"tiny/{tiny_weights}", device="cpu", precision="int8")
    for device in ("qpu", "meta", "hpu", "cuda:99", ""):
        with pytest.raises(InvalidInputError, match=f"cannot compute on the device '{device}'.*'cpu'"):
            OpenClipEncoder(f"tiny/{tiny_weights}", device=device)
    with pytest.raises(InvalidInputError, match="batch_size"):
        OpenClipEncoder(f"tiny/{tiny_weights}", batch_size=0)


def test_it_is_found_by_its_scheme_and_says_what_it_is(tiny_weights: Path) -> None:
    encoder = load_encoder(f"open_clip:tiny/{tiny_weights}", device="cpu", batch_size=3)
    assert isinstance(encoder, StagedEncoder)
    assert encoder.name == f"open_clip:tiny/{tiny_weights}"
    assert encoder.batch_size == 3


@pytest.mark.parametrize("name", ["tiny", "tiny_resnet"])
def test_openai_archives_are_loaded_with_their_own_activation(
    name: str, architectures: None, tmp_path: Path
) -> None:
    model = random_model(name, force_quick_gelu=True).half().float()  # such as the archive can hold
    archive = openai_archive(model, tmp_path / "openai.pt")
    images, texts = by_hand(model, name, PHOTOS, TEXTS)
    encoder = OpenClipEncoder(f"{name}/{archive}", device="cpu")
    np.testing.assert_allclose(encoder.encode_images(PHOTOS), images, atol=NEAR)
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), texts, atol=NEAR)


def test_other_archives_keep_the_activation_of_the_name(tiny: Any, tmp_path: Path) -> None:
    archive = archived(traced(tiny), tmp_path / "traced.pt")
    images, _ = by_hand(tiny, "tiny", PHOTOS, [])
    encoder = OpenClipEncoder(f"tiny/{archive}", device="cpu")
    np.testing.assert_allclose(encoder.encode_images(PHOTOS), images, atol=NEAR)


def test_a_training_checkpoint_of_open_clip_is_loaded(
    encoder: OpenClipEncoder, tiny: Any, tmp_path: Path
) -> None:
    weights = {f"module.{name}": value for name, value in tiny.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": weights}, tmp_path / "epoch_3.pt")
    loaded = OpenClipEncoder(f"tiny/{tmp_path}/epoch_3.pt", device="cpu")
    np.testing.assert_allclose(loaded.encode_images(COLOURS), encoder.encode_images(COLOURS), atol=NEAR)


def test_the_preprocessing_of_a_file_is_that_of_the_published_weights(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = {"a": {"mean": (0.5,) * 3, "interpolation": "bilinear", "resize_mode": "squash"}}
    published["b"] = {**published["a"], "url": "elsewhere"}
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "tiny", published)
    settings = OpenClipEncoder(f"tiny/{tiny_weights}", device="cpu").towers.settings["preprocess"]
    assert settings["resize_mode"] == "squash"
    assert settings["mean"] == (0.5,) * 3
    published["b"]["mean"] = (0.4,) * 3  # now they differ: then open_clip's default holds
    settings = OpenClipEncoder(f"tiny/{tiny_weights}", device="cpu").towers.settings["preprocess"]
    assert settings["resize_mode"] == "shortest"


def test_published_weights_bring_their_activation_and_preprocessing(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    published = {"ours": {"file": str(tiny_weights), "quick_gelu": True, "mean": (0.1, 0.2, 0.3)}}
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "tiny", published)
    encoder = OpenClipEncoder("tiny/ours", device="cpu")
    assert encoder.towers.settings["preprocess"]["mean"] == (0.1, 0.2, 0.3)
    assert "QuickGELU" in repr(encoder.towers.model)
    assert not caplog.records


def test_loading_leaves_the_programs_logging_alone(tiny_weights: Path, capfd: Any) -> None:
    handlers, filters = list(logging.root.handlers), list(logging.root.filters)
    OpenClipEncoder(f"tiny/{tiny_weights}", device="cpu")
    assert (logging.root.handlers, logging.root.filters) == (handlers, filters)
    assert capfd.readouterr() == ("", "")


def test_unknown_names_answer_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"'ViT-B-23'.*'ViT-B-32'"):
        OpenClipEncoder("ViT-B-23/openai")
    with pytest.raises(UnknownNameError, match=r"ViT-B-32 'laion2b'.*'laion2b_s34b_b79k'"):
        OpenClipEncoder("ViT-B-32/laion2b")
    with pytest.raises(InvalidInputError, match=r"not said with which weights.*open_clip:ViT-B-32/openai"):
        OpenClipEncoder("ViT-B-32")
    with pytest.raises(InvalidInputError, match=r"no file '/no/such/weights\.pt'"):
        OpenClipEncoder("ViT-B-32//no/such/weights.pt")


@pytest.mark.parametrize("spec", ["ViT-B-32/laion2b_s34b_b79k", "hf-hub:nobody/nothing"])
def test_without_a_network_it_is_said_that_the_model_cannot_be_fetched(
    spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelUnavailableError, match="cannot fetch the model") as caught:
        OpenClipEncoder(spec)
    assert "HF_HUB_OFFLINE" in str(caught.value)


def test_without_open_clip_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clipcoder.encoders.pytorch.device.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"clipcoder\[open-clip\]"):
        OpenClipEncoder("ViT-B-32/openai")


def test_a_folder_without_weights_or_configuration_says_what_it_lacks(tiny: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"open_clip_config\.json and open_clip_model\.safetensors"):
        OpenClipEncoder(str(tmp_path))
    save_model(tiny, str(tmp_path / "open_clip_model.safetensors"))
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"preprocess_cfg": {}}))
    with pytest.raises(InvalidInputError, match=r"lacks 'model_cfg'"):
        OpenClipEncoder(str(tmp_path))


def test_many_images_come_in_order(encoder: OpenClipEncoder) -> None:
    one_by_one = np.concatenate([encoder.encode_images([image]) for image in IMAGES])
    np.testing.assert_allclose(encoder.encode_images(IMAGES), one_by_one, atol=NEAR)
