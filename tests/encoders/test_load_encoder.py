"""Encoders by name: folders, published models, the starter, and the nearest names for any other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from clipcoder import TextBank, ZeroShotClassifier, encoders
from clipcoder.cli import main
from clipcoder.encoders import MODEL_NAMES, load_encoder
from clipcoder.encoders.onnx.encoder import OnnxEncoder
from clipcoder.errors import ClipcoderError, InvalidInputError, UnknownNameError
from tiny_clip import TinyClip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return TinyClip().write(tmp_path / "tiny")


def test_a_folder_is_loaded_and_named_as_it_was_asked_for(folder: Path) -> None:
    encoder = load_encoder(f"onnx:{folder}")
    assert isinstance(encoder, OnnxEncoder)
    assert encoder.name == f"onnx:{folder}"


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_a_published_model_is_fetched_and_keeps_its_name(
    monkeypatch: pytest.MonkeyPatch, folder: Path, name: str
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(encoders, "fetch", lambda name: asked.append(name) or folder)
    assert load_encoder(name).name == name
    assert asked == [name]


def test_siglip_by_name_brings_the_scale_and_bias_that_its_export_does_not_tell(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(encoders, "fetch", lambda name: folder)
    siglip, clip = load_encoder("ViT-B-16-SigLIP/webli@v1"), load_encoder("RN50/openai")
    assert (siglip.logit_scale, siglip.logit_bias) == (117.330765, -12.932437)
    assert (clip.logit_scale, clip.logit_bias) == (100.0, None)
    classifier = ZeroShotClassifier(siglip, TextBank.from_names(["cat", "sky"]))
    alone = classifier.predict_proba([Image.new("RGB", (20, 20), "red")], independent=True)
    assert alone.shape == (1, 2)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("start", "'starter'"),
        ("ViT-B/32", "'ViT-B-32/openai'"),
        ("vit-b-32/openai", "'ViT-B-32/openai'"),
        ("SigLIP", "'ViT-B-16-SigLIP/webli'"),
        ("onnx", "'onnx:...'"),
        ("openclip:ViT-B-32", "'open_clip:...'"),
        ("", "'starter'"),
    ],
)
def test_the_names_nearest_to_an_unknown_one_are_listed(name: str, near: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        load_encoder(name)
    assert near in str(caught.value)


def test_what_is_no_name_is_refused(folder: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown model"):
        load_encoder(folder)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["starter", "onnx"])
@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("device", "tpu", "on (the device )?'cpu'.* not on 'tpu'"),
        ("device", "cuda", "'cuda'"),
        ("precision", "fp16", "unknown precision 'fp16': did you mean 'float16'"),
        ("batch_size", 0, "batch_size must be a whole number of at least 1, got 0"),
        ("batch_size", True, "batch_size must be a whole number of at least 1, got True"),
        ("batch_size", 2.0, "batch_size must be a whole number of at least 1, got 2.0"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str, option: str, value: object, says: str
) -> None:
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ClipcoderError, match=says) as caught:
        load_encoder({"starter": "starter", "onnx": f"onnx:{folder}"}[kind], **{option: value})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["starter", "onnx"])
def test_nothing_said_is_the_encoders_own_choice(folder: Path, kind: str) -> None:
    name = {"starter": "starter", "onnx": f"onnx:{folder}"}[kind]
    encoder = load_encoder(name, device=None, batch_size=None)
    assert (encoder.name, encoder.precision, encoder.batch_size) == (name, "float32", 16)
    assert load_encoder(name, device="cpu", precision="float32", batch_size=3).batch_size == 3


def test_a_folder_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="there is no folder 'no/such/folder'"):
        load_encoder("onnx:no/such/folder")


def test_a_classifier_works_on_it(folder: Path) -> None:
    classifier = ZeroShotClassifier(load_encoder(f"onnx:{folder}"), TextBank.from_names(["cat", "sky"]))
    assert classifier.predict_proba([Image.new("RGB", (20, 20), "red")] * 3).shape == (3, 2)


def test_the_command_line_takes_it_and_refuses_a_broken_one_in_one_line(folder: Path, tmp_path: Path) -> None:
    Image.new("RGB", (20, 20), "red").save(tmp_path / "photo.png")
    command = ["classify", str(tmp_path / "photo.png"), "--classes", "cat,sky", "--method", "clip"]
    command += ["--model", f"onnx:{folder}", "--json"]
    assert CliRunner().invoke(main, command).exit_code == 0
    (folder / "visual/model.onnx").write_bytes(b"")
    result = CliRunner().invoke(main, command)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)


def test_importing_the_encoders_loads_no_inference_engine() -> None:
    heavy = "{'onnxruntime', 'tokenizers', 'huggingface_hub', 'torch'}"
    command = f"import sys, clipcoder.encoders; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", command], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
