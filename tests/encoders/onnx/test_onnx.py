"""ONNX folders: features as worked out by hand, and one sentence for whatever is wrong with a folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import onnx
from clipcoder.encoders.onnx.encoder import FILES, OnnxEncoder
from clipcoder.errors import InvalidInputError
from tiny_clip import VOCABULARY, TinyClip, ids, unit

MODELS = ["visual/model.onnx", "textual/model.onnx"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return TinyClip().write(tmp_path / "tiny")


def noise(count: int) -> list[Image.Image]:
    levels = np.random.default_rng(0).integers(0, 256, size=(count, 8, 8, 3)).astype(np.uint8)
    return [Image.fromarray(image) for image in levels]


def normalised(images: list[Image.Image]) -> Any:
    levels = np.stack([np.asarray(image) for image in images]) / 255
    return ((levels - [0.5, 0.4, 0.3]) / [0.2, 0.3, 0.4]).transpose(0, 3, 1, 2).astype(np.float32)


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def refusal(folder: Path) -> str:
    """The one sentence with which a folder is refused."""
    with pytest.raises(InvalidInputError) as caught:
        OnnxEncoder(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


# What comes out


@pytest.mark.parametrize("batch", ["n", 1, 4])
def test_image_features_are_those_of_the_graph(tmp_path: Path, batch: int | str) -> None:
    clip = TinyClip(batch=batch)
    images = noise(6)
    features = OnnxEncoder(clip.write(tmp_path / "tiny")).encode_images(images)
    np.testing.assert_allclose(features, clip.image_features(normalised(images)), atol=1e-5)


@pytest.mark.parametrize(("batch", "dtype"), [("n", "int64"), (1, "int32"), (2, "int64")])
def test_text_features_are_those_of_the_graph(tmp_path: Path, batch: int | str, dtype: str) -> None:
    clip = TinyClip(batch=batch, ids=dtype)
    features = OnnxEncoder(clip.write(tmp_path / "tiny")).encode_texts(["a cat", "A photo of a dog", "sky"])
    expected = clip.text_features([ids("a cat"), ids("a photo of a dog"), ids("sky")])
    np.testing.assert_allclose(features, expected, atol=1e-5)


def test_a_graph_that_takes_a_mask_gets_one(tmp_path: Path) -> None:
    clip = TinyClip(mask=True)
    features = OnnxEncoder(clip.write(tmp_path / "tiny")).encode_texts(["a cat"])
    row = (clip.vectors[ids("a cat")] * clip.positions)[:4].sum(axis=0, keepdims=True)
    np.testing.assert_allclose(features, unit(row), atol=1e-5)


def test_half_precision_comes_out_as_single(tmp_path: Path) -> None:
    clip = TinyClip(floats="float16")
    images = noise(3)
    features = OnnxEncoder(clip.write(tmp_path / "tiny")).encode_images(images)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, clip.image_features(normalised(images)), atol=5e-3)


def test_other_vocabularies_are_padded_as_the_folder_says(tmp_path: Path) -> None:
    clip = TinyClip(text_config={"hf_tokenizer_name": "other"})
    folder = clip.write(tmp_path / "tiny")
    (folder / "textual/tokenizer_config.json").write_text('{"pad_token": "<pad>"}')
    features = OnnxEncoder(folder).encode_texts(["a cat"])
    np.testing.assert_allclose(features, clip.text_features([ids("a cat", pad="<pad>")]), atol=1e-5)


def test_the_context_is_clips_where_the_configuration_is_silent(tmp_path: Path) -> None:
    clip = TinyClip(length=77, text_config={"context_length": None})
    features = OnnxEncoder(clip.write(tmp_path / "tiny")).encode_texts(["a cat"])
    np.testing.assert_allclose(features, clip.text_features([ids("a cat", length=77)]), atol=1e-5)


def test_it_says_what_it_is(folder: Path) -> None:
    encoder = OnnxEncoder(folder)
    assert (encoder.name, encoder.dim, encoder.logit_scale) == (f"onnx:{folder}", 5, 100.0)
    assert OnnxEncoder(str(folder), name="mine").name == "mine"


def test_the_configuration_may_name_the_logit_scale(tmp_path: Path) -> None:
    assert OnnxEncoder(TinyClip(config={"logit_scale": 55.5}).write(tmp_path / "tiny")).logit_scale == 55.5


def test_a_single_image_is_refused(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"put it into a list: \[image\]"):
        OnnxEncoder(folder).encode_images("photo.jpg")


def test_what_is_no_text_is_refused_by_its_place(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match="item 1 is a NoneType"):
        OnnxEncoder(folder).encode_texts(["a cat", None])  # type: ignore[list-item]


# What can be wrong with a folder


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    assert f"'{folder}' lacks {file};" in refusal(folder)


def test_all_missing_files_are_named_at_once(tmp_path: Path) -> None:
    assert "lacks " + " and ".join(FILES) in refusal(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "there is no folder" in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize("file", MODELS)
@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.95])
def test_a_truncated_model_is_refused(
    folder: Path, file: str, keep: float, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = (folder / file).read_bytes()
    (folder / file).write_bytes(whole[: int(keep * len(whole)) if keep < 1 else int(keep)])
    assert f"{file}' " in refusal(folder)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("file", MODELS)
def test_what_is_no_model_at_all_is_refused(folder: Path, file: str) -> None:
    (folder / file).write_text("version https://git-lfs.github.com/spec/v1\nsize 351000000\n")
    assert f"{file}' is no ONNX model that ONNX Runtime can load" in refusal(folder)


@pytest.mark.parametrize(("file", "other"), [MODELS, MODELS[::-1]])
def test_a_tower_in_the_place_of_the_other_is_refused(folder: Path, file: str, other: str) -> None:
    shutil.copy(folder / other, folder / file)
    assert f"{file}' must take" in refusal(folder)


def test_a_tower_for_another_image_size_is_refused(folder: Path) -> None:
    change(folder / "visual/preprocess_cfg.json", size=16)
    assert "(n, 3, 16, 16), as preprocess_cfg.json says, but it takes image float32 (?, 3, 8, 8)" in refusal(
        folder
    )


def test_a_tower_for_another_context_is_refused(folder: Path) -> None:
    change(folder / "config.json", text_cfg={"context_length": 9})
    assert "(n, 9), as config.json says, and at most an attention_mask, but it takes text int32" in refusal(
        folder
    )


def test_a_tower_of_another_width_is_refused(folder: Path) -> None:
    change(folder / "config.json", embed_dim=6)
    assert "embed_dim = 6 features for each input, but it is float32 (?, 5)" in refusal(folder)


@pytest.mark.parametrize("file", MODELS)
def test_a_tower_that_needs_more_is_refused(folder: Path, file: str) -> None:
    model = onnx.load(folder / file)
    model.graph.input.append(
        onnx.helper.make_tensor_value_info("token_type_ids", onnx.TensorProto.INT64, ["n", 7])
    )
    onnx.save(model, folder / file)
    assert "token_type_ids int64 (?, 7); the file belongs to another model" in refusal(folder)


def test_an_input_of_an_unknown_type_is_refused(folder: Path) -> None:
    path = folder / "visual/model.onnx"
    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.DOUBLE
    onnx.save(model, path)
    assert "has image as tensor(double)" in refusal(folder)


def test_a_width_that_shows_only_when_it_runs_is_refused_then(folder: Path) -> None:
    path = folder / "visual/model.onnx"
    model = onnx.load(path)
    kept = onnx.numpy_helper.from_array(np.array([True, True, False, True, True]), "kept")
    model.graph.initializer.append(kept)
    model.graph.node.append(onnx.helper.make_node("Compress", ["embedding", "kept"], ["cut"], axis=1))
    model.graph.output[0].name = "cut"
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_param = "width"
    onnx.save(model, path)
    with pytest.raises(InvalidInputError, match=r"embed_dim = 5 features for each input, but it is \(3, 4\)"):
        OnnxEncoder(folder).encode_images(noise(3))


def test_a_tokenizer_of_another_model_is_noticed_when_it_is_used(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = folder / "textual/tokenizer.json"
    path.write_text(path.read_text().replace(f'"cat": {VOCABULARY["cat"]}', '"cat": 999'))
    with pytest.raises(InvalidInputError, match=r"textual/model\.onnx' cannot be run: [^\n]+$"):
        OnnxEncoder(folder).encode_texts(["a cat"])
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("file", ["config.json", "visual/preprocess_cfg.json"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is no JSON"),
        (b'{"embed_dim": 5,', "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[5]", "must hold a JSON object, but it holds a list"),
        (b"5", "must hold a JSON object, but it holds a number"),
    ],
)
def test_broken_settings_are_refused(folder: Path, file: str, content: bytes, reason: str) -> None:
    (folder / file).write_bytes(content)
    message = refusal(folder)
    assert f"{file}' {reason}" in message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("embed_dim", None),
        ("embed_dim", 5.0),
        ("text_cfg", None),
        ("text_cfg", []),
        ("logit_scale", 0),
        ("logit_scale", 10**400),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(folder: Path, key: str, value: object) -> None:
    change(folder / "config.json", **{key: value})
    assert f"{key!r}" in refusal(folder)
