"""Folders of ONNX exports: what they say of themselves, and a fingerprint of all that features depend on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import onnx
from clipcoder.encoders.onnx.folder import OnnxFolder
from clipcoder.errors import InvalidInputError
from tiny_clip import TinyClip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return TinyClip().write(tmp_path / "tiny")


def fingerprint(folder: Path) -> str:
    return OnnxFolder.read(folder).fingerprint("float32")


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def flipped(path: Path) -> None:
    """Change one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_what_is_not_said_is_clips_or_nothing(tmp_path: Path) -> None:
    said = OnnxFolder.read(TinyClip(length=77, text_config={"context_length": None}).write(tmp_path / "tiny"))
    assert (said.dim, said.context_length, said.logit_scale, said.logit_bias) == (5, 77, None, None)
    assert (said.precision, said.has_dynamic_length) == ("float32", False)


def test_what_is_said_is_taken(tmp_path: Path) -> None:
    config = {"logit_scale": 117, "logit_bias": -12.9, "precision": "int8"}
    said = OnnxFolder.read(TinyClip(config=config, dynamic_length=True).write(tmp_path / "tiny"))
    assert (said.logit_scale, said.logit_bias, said.precision) == (117.0, -12.9, "int8")
    assert isinstance(said.logit_scale, float)
    assert said.has_dynamic_length


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("logit_bias", "low", "a number"),
        ("precision", "int4", "one of float32, float16, bfloat16, int8"),
        ("precision", [], "one of float32"),
        ("text_cfg", {"dynamic_length": "yes"}, "true or false"),
    ],
)
def test_what_makes_no_sense_is_refused(folder: Path, key: str, value: object, expected: str) -> None:
    change(folder / "config.json", **{key: value})
    with pytest.raises(InvalidInputError, match=rf"config\.json' must be {expected}"):
        OnnxFolder.read(folder)


def test_a_copy_elsewhere_has_the_same_fingerprint(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    (tmp_path / "copy/visual/.DS_Store").write_text("left behind by a file manager")
    (tmp_path / "copy/README.md").write_text("words")
    assert fingerprint(tmp_path / "copy") == fingerprint(folder)


def in_text_config(**values: Any) -> Callable[[Path], None]:
    return lambda folder: change(folder / "config.json", text_cfg={"context_length": 7, **values})


@pytest.mark.parametrize(
    "differ",
    [
        lambda folder: flipped(folder / "visual/model.onnx"),
        lambda folder: flipped(folder / "textual/model.onnx"),
        lambda folder: flipped(folder / "textual/tokenizer.json"),
        lambda folder: change(folder / "visual/preprocess_cfg.json", resize_mode="squash"),
        lambda folder: change(folder / "config.json", embed_dim=6),
        in_text_config(tokenizer_kwargs={"clean": "canonicalize"}),
        in_text_config(hf_tokenizer_name="other"),
    ],
    ids=["image weights", "text weights", "tokenizer", "preprocessing", "dim", "cleaning", "vocabulary"],
)
def test_whatever_features_depend_on_changes_the_fingerprint(
    folder: Path, differ: Callable[[Path], None]
) -> None:
    before = fingerprint(folder)
    differ(folder)
    assert fingerprint(folder) != before


def test_what_features_do_not_depend_on_does_not(folder: Path) -> None:
    before = fingerprint(folder)
    change(folder / "config.json", logit_scale=50)
    assert fingerprint(folder) == before


def test_each_precision_has_its_own(folder: Path) -> None:
    said = OnnxFolder.read(folder)
    assert len({said.fingerprint(p) for p in ("float32", "bfloat16", "int8")}) == 3


@pytest.mark.parametrize("to_one_file", [True, False])
def test_weights_beside_the_graph_are_part_of_it(folder: Path, to_one_file: bool) -> None:
    path = folder / "textual/model.onnx"
    before = set(path.parent.iterdir())
    onnx.save(
        onnx.load(path),
        path,
        save_as_external_data=True,
        all_tensors_to_one_file=to_one_file,
        size_threshold=0,
    )
    beside = sorted(set(path.parent.iterdir()) - before)
    assert len(beside) == 1 or not to_one_file
    for file in beside:
        plain = fingerprint(folder)
        flipped(file)
        assert fingerprint(folder) != plain
