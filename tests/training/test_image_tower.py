"""The image graph against the same layers in torch, on random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip(
    "torch", reason="the image tower's weights are read with torch: `make test-training`"
)

from torch.nn import functional
from training.alignment import Anchors, Classifier, fit
from training.artifact import append_image_space
from training.image_tower import N_FEATURES, SIZE, VIEWS, Graph, image_tower
from training.settings import Settings

from clipcoder.encoders.starter.encoder import image_session

WIDTHS = (16, 24, 40, 80, 112, 192, 320)
REPEATS, KERNELS, STRIDES = (1, 3, 3, 4, 4, 5, 1), (3, 3, 5, 3, 5, 5, 3), (1, 2, 2, 2, 1, 2, 1)


def blocks() -> list[tuple[int, int, int, int]]:
    """Return input width, output width, kernel and stride of every block."""
    out, width = [], 32
    for repeats, kernel, stride, wide in zip(REPEATS, KERNELS, STRIDES, WIDTHS, strict=True):
        for i in range(repeats):
            out.append((width, wide, kernel, stride if i == 0 else 1))
            width = wide
    return out


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    random = torch.Generator().manual_seed(0)

    def kernel(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=random) * (2 / np.prod(shape[1:])) ** 0.5

    state: dict[str, torch.Tensor] = {}

    def layer(name: str, norm: str, *shape: int) -> None:
        state[f"{name}.weight"] = kernel(*shape)
        state[f"{norm}.weight"] = 1 + 0.1 * torch.randn(shape[0], generator=random)
        state[f"{norm}.bias"] = 0.1 * torch.randn(shape[0], generator=random)
        state[f"{norm}.running_mean"] = 0.1 * torch.randn(shape[0], generator=random)
        state[f"{norm}.running_var"] = 0.5 + torch.rand(shape[0], generator=random)

    layer("_conv_stem", "_bn0", 32, 3, 3, 3)
    for i, (width, wide, size, _) in enumerate(blocks()):
        inner = width if i == 0 else 6 * width
        if i:
            layer(f"_blocks.{i}._expand_conv", f"_blocks.{i}._bn0", inner, width, 1, 1)
        layer(f"_blocks.{i}._depthwise_conv", f"_blocks.{i}._bn1", inner, 1, size, size)
        layer(f"_blocks.{i}._project_conv", f"_blocks.{i}._bn2", wide, inner, 1, 1)
    layer("_conv_head", "_bn1", N_FEATURES, WIDTHS[-1], 1, 1)
    state["_fc.weight"], state["_fc.bias"] = kernel(1000, N_FEATURES), torch.zeros(1000)
    return state


@pytest.fixture(scope="module")
def weight_file(weights: dict[str, torch.Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tower") / "weights.pth"
    torch.save(weights, path)
    return path


def reference(weights: dict[str, torch.Tensor], pixels: np.ndarray) -> np.ndarray:
    """Return the features as the paper's layers give them, batch norms and padding spelled out."""

    def convolution(x, name, norm, stride=1, clip=True):  # type: ignore[no-untyped-def]
        kernel = weights[f"{name}.weight"]
        size, side = kernel.shape[2], x.shape[2]
        pad = max((-(-side // stride) - 1) * stride + size - side, 0)
        x = functional.pad(x, [pad // 2, pad - pad // 2] * 2)
        x = functional.conv2d(x, kernel, stride=stride, groups=x.shape[1] // kernel.shape[1])
        x = functional.batch_norm(
            x,
            *(weights[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")),
            eps=1e-3,
        )
        return x.clamp(0, 6) if clip else x

    x = (torch.from_numpy(pixels).float().permute(0, 3, 1, 2) - 127) / 128
    x = convolution(x, "_conv_stem", "_bn0", 2)
    for i, (width, wide, _, stride) in enumerate(blocks()):
        before, prefix = x, f"_blocks.{i}."
        if i:
            x = convolution(x, f"{prefix}_expand_conv", f"{prefix}_bn0")
        x = convolution(x, f"{prefix}_depthwise_conv", f"{prefix}_bn1", stride)
        x = convolution(x, f"{prefix}_project_conv", f"{prefix}_bn2", clip=False)
        x = x + before if stride == 1 and width == wide else x
    return convolution(x, "_conv_head", "_bn1").mean((2, 3)).numpy()


def test_the_graph_computes_what_the_layers_compute(
    weights: dict[str, torch.Tensor], weight_file: Path
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, VIEWS, SIZE, SIZE, 3), dtype=np.uint8)
    graph, features, classifier = image_tower(weight_file)
    (found,) = image_session(graph.model(features, N_FEATURES).SerializeToString()).run(
        None, {"pixels": pixels}
    )
    expected = reference(weights, pixels.reshape(-1, SIZE, SIZE, 3)).reshape(2, VIEWS, -1).mean(axis=1)
    cosine = (found * expected).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(expected, axis=1)
    assert cosine.min() > 0.995  # what is lost is the rounding of the weights to 8 bits
    np.testing.assert_array_equal(classifier.weights, weights["_fc.weight"])


def test_the_graph_carries_features_as_the_image_space_does() -> None:
    random = np.random.default_rng(0)
    n, width = 30, 16
    members = np.eye(3, dtype=bool).repeat(n // 3, axis=1)

    def rows(count: int, dim: int) -> np.ndarray:
        return random.normal(size=(count, dim)).astype(np.float32)

    classifier = Classifier(rows(n, width), random.normal(size=n).astype(np.float32))
    anchors = Anchors(rows(n, 8), rows(n, width), classifier, rows(3, 8), members, rows(n, 8), rows(n, width))
    image, _ = fit(anchors, Settings(relative_dim=10, feature_dim=6, keep=5))
    graph = Graph()
    pixels = graph.add("Cast", "pixels", to=1)
    crop = [graph.constant(v, np.int64) for v in ([0, 0, 0], [1, 4, 4], [1, 2, 3])]
    few = graph.add("ReduceMean", graph.add("Slice", pixels, *crop), axes=[1, 4], keepdims=0)
    model = graph.model(append_image_space(graph, graph.add("Flatten", few), image), 16)
    seen = random.integers(0, 4, (3, VIEWS, SIZE, SIZE, 3), dtype=np.uint8)
    (found,) = image_session(model.SerializeToString()).run(None, {"pixels": seen})
    features = seen[:, 0, :4, :4].astype(np.float32).mean(axis=3).reshape(3, -1)
    np.testing.assert_allclose((found * image(features)).sum(axis=1), 1, atol=5e-3)
