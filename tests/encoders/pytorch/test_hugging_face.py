"""CLIP and SigLIP of transformers behind the seam: the same numbers as by hand, and no foreign code."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("transformers", reason="this backend needs transformers: `make test-torch`")
pytest.importorskip("open_clip", reason="the tests of this backend need open_clip: `make test-torch`")

import torch
import transformers
from tiny_models import hugging_face_clip, hugging_face_siglip

from clipcoder.encoders import load_encoder
from clipcoder.encoders.base import StagedEncoder
from clipcoder.encoders.pytorch.hugging_face import HuggingFaceEncoder
from clipcoder.errors import InvalidInputError, MissingExtraError, ModelUnavailableError
from contract import COLOURS, PHOTOS, TEXTS, StagedContract

NEAR = 1e-5


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("hugging_face")
    return {
        "clip": hugging_face_clip(base / "clip"),
        "old clip": hugging_face_clip(base / "old_clip", eos_token_id=2),
        "siglip": hugging_face_siglip(base / "siglip"),
    }


@pytest.fixture
def copied(folders: dict[str, Path], tmp_path: Path) -> Path:
    """A folder of a CLIP that a test may spoil."""
    return Path(shutil.copytree(folders["clip"], tmp_path / "copied"))


@pytest.mark.parametrize("family", ["clip", "old clip", "siglip"], scope="class")
class TestHuggingFaceEncoder(StagedContract):
    """It promises what every encoder promises."""

    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, family: str, folders: dict[str, Path]) -> StagedEncoder:
        return HuggingFaceEncoder(str(folders[family]), device="cpu")

    @pytest.fixture
    def again(self, family: str, folders: dict[str, Path], tmp_path: Path) -> StagedEncoder:
        return HuggingFaceEncoder(str(shutil.copytree(folders[family], tmp_path / "again")), device="cpu")

    @pytest.fixture
    def others(self, family: str, folders: dict[str, Path], tmp_path: Path) -> Mapping[str, StagedEncoder]:
        folder = shutil.copytree(folders[family], tmp_path / "other")
        settings = json.loads((folder / "processor_config.json").read_text())
        settings["image_processor"]["image_mean"] = [0.1, 0.2, 0.3]
        (folder / "processor_config.json").write_text(json.dumps(settings))
        return {
            "preprocessing": HuggingFaceEncoder(str(folder), device="cpu"),
            "precision": HuggingFaceEncoder(str(folders[family]), device="cpu", precision="bfloat16"),
        }


@pytest.mark.parametrize("kind", ["clip", "old clip", "siglip"])
def test_features_are_those_of_transformers_called_by_hand(kind: str, folders: dict[str, Path]) -> None:
    encoder = HuggingFaceEncoder(str(folders[kind]), device="cpu")
    model = transformers.AutoModel.from_pretrained(folders[kind]).eval()
    processor = transformers.AutoProcessor.from_pretrained(folders[kind])
    inputs = processor(
        images=PHOTOS, text=TEXTS, padding="max_length", truncation=True, max_length=16, return_tensors="pt"
    )
    with torch.inference_mode():
        expected = model(input_ids=inputs["input_ids"], pixel_values=inputs["pixel_values"])
    np.testing.assert_allclose(encoder.encode_images(PHOTOS), expected.image_embeds, atol=NEAR)
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), expected.text_embeds, atol=NEAR)
    cosines = encoder.encode_images(PHOTOS) @ encoder.encode_texts(TEXTS).T
    logits = encoder.logit_scale * cosines + (encoder.logit_bias or 0)
    np.testing.assert_allclose(logits, expected.logits_per_image, atol=1e-3)
    assert (encoder.logit_bias is not None) == (kind == "siglip")


def test_it_is_found_by_its_scheme(folders: dict[str, Path]) -> None:
    encoder = load_encoder(f"hf:{folders['clip']}", device="cpu", precision="bfloat16", batch_size=2)
    assert isinstance(encoder, StagedEncoder)
    assert (encoder.name, encoder.batch_size) == (f"hf:{folders['clip']}", 2)
    exact = HuggingFaceEncoder(str(folders["clip"]), device="cpu")
    cosines = (exact.encode_images(COLOURS) * encoder.encode_images(COLOURS)).sum(axis=1)
    assert (cosines > 0.998).all()
    assert exact.fingerprint() != encoder.fingerprint()


def test_loading_says_nothing_on_its_own(folders: dict[str, Path], capfd: Any) -> None:
    HuggingFaceEncoder(str(folders["siglip"]), device="cpu")
    assert capfd.readouterr() == ("", "")


def test_pickled_weights_are_refused(copied: Path) -> None:
    model = transformers.AutoModel.from_pretrained(copied)
    (copied / "model.safetensors").unlink()
    torch.save(model.state_dict(), copied / "pytorch_model.bin")
    with pytest.raises(InvalidInputError, match=r"no weights as safetensors.*save_pretrained"):
        HuggingFaceEncoder(str(copied))


def test_code_that_comes_with_a_model_does_not_run(copied: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    (copied / "evil.py").write_text(f"open({str(mark)!r}, 'w')\nclass Model: pass\n")
    config = json.loads((copied / "config.json").read_text())
    config |= {"auto_map": {"AutoModel": "evil.Model", "AutoConfig": "evil.Model"}, "model_type": "evil"}
    (copied / "config.json").write_text(json.dumps(config))
    with pytest.raises(InvalidInputError, match=r"'evil' of transformers, but only clip and siglip"):
        HuggingFaceEncoder(str(copied))
    config["model_type"] = "clip"
    (copied / "config.json").write_text(json.dumps(config))
    HuggingFaceEncoder(str(copied))
    assert not mark.exists()


def test_other_architectures_are_refused(tmp_path: Path) -> None:
    transformers.BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1).save_pretrained(
        tmp_path
    )
    with pytest.raises(InvalidInputError, match=r"architecture 'bert' of transformers"):
        HuggingFaceEncoder(str(tmp_path))


def test_weights_that_are_cut_off_are_refused(copied: Path) -> None:
    weights = copied / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(InvalidInputError, match="is no model that can be loaded"):
        HuggingFaceEncoder(str(copied))


def test_weights_of_another_model_are_refused(folders: dict[str, Path], copied: Path) -> None:
    shutil.copy(folders["siglip"] / "model.safetensors", copied / "model.safetensors")
    with pytest.raises(InvalidInputError, match=str(copied)):
        HuggingFaceEncoder(str(copied))


def test_weights_that_lack_some_are_refused_and_not_filled_up_at_random(copied: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(copied / "model.safetensors")
    del weights["visual_projection.weight"]
    save_file(weights, copied / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(
        InvalidInputError, match=r"lack 1 that its config\.json asks for, such as visual_proj"
    ):
        HuggingFaceEncoder(str(copied))


@pytest.mark.parametrize("file", ["config.json", "processor_config.json", "tokenizer.json"])
def test_a_folder_that_lacks_a_file_is_refused(file: str, copied: Path) -> None:
    (copied / file).unlink()
    with pytest.raises(InvalidInputError, match=rf"copied' (has no {file}|is no model that can be loaded)"):
        HuggingFaceEncoder(str(copied))


def test_without_a_network_it_is_said_that_the_model_cannot_be_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelUnavailableError, match="cannot fetch the model 'hf:nobody/nothing'"):
        HuggingFaceEncoder("nobody/nothing")


def test_a_path_that_is_not_there_is_no_name_on_the_hub(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"neither a folder nor a name on the hub"):
        HuggingFaceEncoder(f"{tmp_path}/absent")


def test_without_transformers_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clipcoder.encoders.pytorch.device.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"clipcoder\[hugging-face\]"):
        HuggingFaceEncoder("org/name")
