"""Texts go into a tower by their length, where that changes nothing, and come back in their order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clipcoder.encoders.onnx import towers as module
from clipcoder.encoders.onnx.folder import OnnxFolder
from clipcoder.encoders.onnx.graph import Feeds
from clipcoder.encoders.onnx.onnxruntime_graph import OnnxGraph
from clipcoder.encoders.onnx.towers import TextTower
from tiny_clip import TinyClip, ids, unit

TEXTS = ["a photo of a dog", "sky", "", "a red cat", "of a cat", "dog"]


class Watched(OnnxGraph):
    """Notes what shapes come."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, dim=5, batch_size=64)
        self.shapes: list[tuple[int, ...]] = []

    def run(self, arrays: Feeds) -> np.ndarray:
        self.shapes += sorted({array.shape for array in arrays.values()})
        return super().run(arrays)


def tower(clip: TinyClip, folder: Path) -> tuple[TextTower, Watched]:
    graph = Watched(clip.write(folder) / "textual/model.onnx")
    return TextTower(graph, OnnxFolder.read(folder)), graph


@pytest.fixture(params=[{}, {"mask": True}], ids=["ids", "ids and mask"])
def dynamic(request: pytest.FixtureRequest) -> TinyClip:
    return TinyClip(dynamic_length=True, **request.param)


def expected(clip: TinyClip, texts: list[str]) -> np.ndarray:
    pad = "<pad>" if clip.mask else "!"
    rows = np.array([ids(text, pad=pad) for text in texts])
    weights = clip.positions * (rows != ids("<pad>")[1])[..., None] if clip.mask else clip.positions
    return unit((clip.vectors[rows] * weights * (rows != 0)[..., None]).sum(axis=1))


def test_padding_ends_with_the_longest_text_of_a_batch(
    tmp_path: Path, dynamic: TinyClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TEXT_BATCH", 2)
    encode, graph = tower(dynamic, tmp_path / "tiny")
    features = encode(TEXTS)
    assert graph.shapes == [(2, 3), (2, 5), (2, 7)]
    np.testing.assert_allclose(unit(features), expected(dynamic, TEXTS), atol=1e-5)


def test_only_so_many_texts_are_sorted_at_a_time(
    tmp_path: Path, dynamic: TinyClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TOKENISED", 4)
    encode, graph = tower(dynamic, tmp_path / "tiny")
    features = encode(TEXTS)
    assert [shape[0] for shape in graph.shapes] == [4, 2]
    np.testing.assert_allclose(unit(features), expected(dynamic, TEXTS), atol=1e-5)


@pytest.mark.parametrize("clip", [TinyClip(), TinyClip(text_config={"dynamic_length": True})])
def test_texts_are_not_cut_unless_the_folder_says_so_and_the_graph_can(
    tmp_path: Path, clip: TinyClip
) -> None:
    encode, graph = tower(clip, tmp_path / "tiny")
    features = encode(TEXTS)
    assert graph.shapes == [(6, 7)]
    np.testing.assert_allclose(unit(features), clip.text_features([ids(t) for t in TEXTS]), atol=1e-5)


def test_a_graph_of_any_length_whose_folder_is_silent_gets_the_whole(tmp_path: Path) -> None:
    clip = TinyClip(dynamic_length=True, text_config={"dynamic_length": False})
    folder = clip.write(tmp_path / "tiny")
    config = (folder / "config.json").read_text().replace('"dynamic_length": true', '"dynamic_length": false')
    (folder / "config.json").write_text(config)
    graph = Watched(folder / "textual/model.onnx")
    TextTower(graph, OnnxFolder.read(folder))(TEXTS)
    assert graph.shapes == [(6, 7)]
