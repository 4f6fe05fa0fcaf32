"""The whole program on a tiny part of the real data, as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch: `make test-training`")

from training.towers import IMAGE_PACKAGE, TEXT_PACKAGE

from clipcoder.encoders.starter.encoder import StarterEncoder

TOWERS = (IMAGE_PACKAGE, TEXT_PACKAGE)
ROOT = Path(__file__).resolve().parents[2]


def train(data: Path, out: Path, work: Path) -> None:
    command = [sys.executable, "-m", "training", "--data", str(data), "--out", str(out), "--work", str(work)]
    subprocess.run([*command, "--limit", "40"], check=True, cwd=ROOT, capture_output=True)


@pytest.mark.skipif(not all(map(find_spec, TOWERS)), reason="the published towers are not installed")
def test_the_same_seed_writes_the_same_files_and_they_work(shared_data: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        train(shared_data, tmp_path / name, tmp_path / f"work-{name}")
    files = ("config.json", "image.onnx", "text.safetensors", "tokenizer.json")
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == sorted(files)
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name

    encoder = StarterEncoder.load(tmp_path / "one")
    photos = sorted((shared_data / "imagenet-samples").glob("*.jpg"))[:40]
    names = [path.stem.split("_", 1)[1].replace("_", " ") for path in photos]
    cosines = encoder.encode_images(photos) @ encoder.encode_texts([f"a photo of a {n}" for n in names]).T
    # Each was an anchor, so even forty photos are told apart; chance is one in forty.
    assert (cosines.argmax(axis=1) == np.arange(40)).mean() > 0.7


@pytest.mark.skipif(not all(map(find_spec, TOWERS)), reason="the published towers are not installed")
def test_nothing_of_the_benchmark_is_opened(shared_data: Path, tmp_path: Path) -> None:
    for name in ("imagenet-samples", "flickr8k-1000", "texts"):
        (tmp_path / name).symlink_to(shared_data / name)
    # The benchmark's folder is not even there, and training does not miss it.
    train(tmp_path, tmp_path / "out", tmp_path / "work")
    assert (tmp_path / "out" / "image.onnx").exists()
