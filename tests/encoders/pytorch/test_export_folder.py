"""Exports compute what their originals do, without torch, and are whole or not there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("open_clip", reason="exports need open_clip: `make test-torch`")

import torch
from tiny_models import by_hand
from torch import nn

from clipcoder.encoders import load_encoder
from clipcoder.encoders.export import folder as exporting
from clipcoder.encoders.export.folder import Agreement, ExportReport, export_folder
from clipcoder.encoders.export.graphs import export_image_tower
from clipcoder.encoders.onnx.onnxruntime_graph import OnnxGraph
from clipcoder.encoders.pytorch.open_clip import OpenClipEncoder
from clipcoder.errors import InvalidInputError, MissingExtraError, UnknownNameError
from contract import IMAGES, PHOTOS, TEXTS

KINDS = ["tiny", "tiny_resnet", "tiny_siglip"]
NEAR = 1e-5


@pytest.fixture(scope="module")
def original(tiny_weights: Path) -> OpenClipEncoder:
    return OpenClipEncoder(f"tiny/{tiny_weights}", device="cpu")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, exports: dict[str, ExportReport]) -> Iterator[list[Path]]:
    """Exporting without torch's share of the work: the folders that were asked for, filled from an export."""
    calls: list[Path] = []

    def copied(original: OpenClipEncoder, folder: Path, *_: Any, **__: Any) -> bool:
        calls.append(folder)
        shutil.copytree(exports["tiny"].folder, folder, dirs_exist_ok=True)
        return True

    monkeypatch.setattr(exporting, "write_folder", copied)
    return calls


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_agrees_with_its_original_and_says_so(kind: str, exports: dict[str, ExportReport]) -> None:
    report = exports[kind]
    assert report.agrees
    assert min(report.images.least, report.texts.least) > 0.9999
    assert report.precision == "float32"
    told = json.loads((Path(report.folder) / "export.json").read_text())
    assert told["images"] == {"least": report.images.least, "mean": report.images.mean}
    files = [file for file in Path(report.folder).rglob("*") if file.is_file() and file.name != "export.json"]
    assert report.n_bytes == sum(file.stat().st_size for file in files)


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_computes_what_open_clip_does_by_hand(
    kind: str, exports: dict[str, ExportReport], originals: dict[str, tuple[Any, str]]
) -> None:
    encoder = load_encoder(f"onnx:{exports[kind].folder}")
    model, tokenizer = originals[kind]
    images, texts = by_hand(model, tokenizer, PHOTOS, TEXTS)
    np.testing.assert_allclose(encoder.encode_images(PHOTOS), images, atol=NEAR)
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), texts, atol=NEAR)
    assert encoder.logit_scale == pytest.approx(float(model.logit_scale.detach().exp()))
    assert encoder.logit_bias == (-10 if kind == "tiny_siglip" else None)


@pytest.mark.parametrize("length", [3, 9, 40, 77])
@pytest.mark.parametrize("count", [1, 5])
def test_texts_may_have_any_length_and_come_in_any_number(
    length: int, count: int, exports: dict[str, ExportReport], tiny: Any
) -> None:
    graph = OnnxGraph(Path(exports["tiny"].folder) / "textual/model.onnx", dim=32, batch_size=64)
    torch.manual_seed(length)
    ids = torch.randint(1, 1000, (count, length))
    ids[:, -1] = 49407
    with torch.inference_mode():
        whole = torch.nn.functional.pad(ids, (0, 77 - length))
        expected = tiny.encode_text(whole, normalize=True).numpy()
    np.testing.assert_allclose(graph.run({"text": ids.numpy()}), expected, atol=NEAR)


def test_only_towers_that_see_no_padding_are_said_to_take_any_length(
    exports: dict[str, ExportReport],
) -> None:
    for kind, report in exports.items():
        text = json.loads((Path(report.folder) / "config.json").read_text())["text_cfg"]
        assert text["dynamic_length"] == report.dynamic_length == (kind != "tiny_siglip")


def unused_weights(path: Path) -> set[str]:
    """The names of weights that a graph holds and does not compute with."""
    import onnx

    graph = onnx.load(path).graph
    return {weight.name for weight in graph.initializer} - {name for n in graph.node for name in n.input}


@pytest.fixture
def traced_before(monkeypatch: pytest.MonkeyPatch, exports: dict[str, ExportReport]) -> None:
    """Spare torch the tracing: graphs come from an export that is there already."""

    def copied(_: Any, path: Path, **__: Any) -> bool:
        path.parent.mkdir(parents=True)
        shutil.copy(Path(exports["tiny"].folder, path.parent.name, path.name), path)
        return True

    monkeypatch.setattr("clipcoder.encoders.export.files.export_image_tower", copied)
    monkeypatch.setattr("clipcoder.encoders.export.files.export_text_tower", copied)


@pytest.mark.usefixtures("traced_before")
@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_smaller_exports_are_opened_as_they_are(
    precision: Any, original: OpenClipEncoder, tmp_path: Path, exports: dict[str, ExportReport]
) -> None:
    report = export_folder(original, tmp_path / "export", precision=precision)
    assert report.agrees
    assert report.n_bytes < exports["tiny"].n_bytes
    assert not unused_weights(tmp_path / "export/visual/model.onnx")
    encoder = load_encoder(f"onnx:{tmp_path / 'export'}")
    assert encoder.precision == precision
    cosines = (encoder.encode_images(IMAGES) * original.encode_images(IMAGES)).sum(axis=1)
    assert (cosines > 0.999).all()
    assert (cosines < 1 - 1e-7).any()
    assert sorted(file.name for file in (tmp_path / "export").iterdir()) == [
        "config.json",
        "export.json",
        "textual",
        "visual",
    ]


def test_another_opset_can_be_asked_for(tiny: Any, tmp_path: Path) -> None:
    import onnx

    export_image_tower(tiny, tmp_path / "visual/model.onnx", opset=18)
    assert onnx.load(tmp_path / "visual/model.onnx").opset_import[0].version == 18


def test_an_export_says_nothing_on_its_own(tiny: Any, tmp_path: Path, capfd: Any) -> None:
    export_image_tower(tiny, tmp_path / "visual/model.onnx")
    assert capfd.readouterr() == ("", "")


def test_a_name_is_taken_with_and_without_its_scheme(
    written: list[Path], tiny_weights: Path, tmp_path: Path
) -> None:
    for i, scheme in enumerate(("", "open_clip:")):
        report = export_folder(f"{scheme}tiny/{tiny_weights}", tmp_path / str(i))
        assert report.model == f"open_clip:tiny/{tiny_weights}"
    assert len(written) == 2


def test_what_is_there_is_replaced_only_if_it_is_an_export_and_by_force(
    written: list[Path], original: OpenClipEncoder, tmp_path: Path
) -> None:
    mine, earlier = tmp_path / "mine", tmp_path / "earlier"
    mine.mkdir()
    (mine / "letters.txt").write_text("mine")
    with pytest.raises(InvalidInputError, match="there already and holds no export"):
        export_folder(original, mine, force=True)
    export_folder(original, earlier)
    (earlier / "old").touch()
    with pytest.raises(InvalidInputError, match="--force replaces it"):
        export_folder(original, earlier)
    assert len(written) == 1
    export_folder(original, earlier, force=True)
    assert not (earlier / "old").exists()
    assert sorted(tmp_path.iterdir()) == [earlier, mine]


def test_an_export_that_fails_leaves_everything_as_it_was(
    written: list[Path], original: OpenClipEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_folder(original, tmp_path / "earlier")

    def failing(_: OpenClipEncoder, folder: Path, *__: Any, **___: Any) -> bool:
        (folder / "half").touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting, "write_folder", failing)
    for name in ("earlier", "new"):
        with pytest.raises(OSError, match="No space left"):
            export_folder(original, tmp_path / name, force=True)
    assert [file.name for file in tmp_path.iterdir()] == ["earlier"]
    assert load_encoder(f"onnx:{tmp_path / 'earlier'}").dim == original.dim


def test_another_export_to_the_place_clears_what_a_killed_one_left(
    written: list[Path], original: OpenClipEncoder, tmp_path: Path
) -> None:
    (tmp_path / ".export-abc.exporting" / "new").mkdir(parents=True)
    export_folder(original, tmp_path / "export")
    assert [file.name for file in tmp_path.iterdir()] == ["export"]


@pytest.mark.parametrize("name", ["hf:org/clip", "onnx:folder", "hub:org/clip", "starter"])
def test_models_of_other_libraries_are_refused_before_anything_is_looked_for(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clipcoder.encoders.pytorch.device.find_spec", lambda name: None)
    with pytest.raises(InvalidInputError, match=f"only models of open_clip can be exported, not '{name}'"):
        export_folder(name, tmp_path / "export")


@pytest.mark.usefixtures("traced_before")
def test_a_precision_that_moves_features_too_far_is_refused_by_the_name_of_the_model(
    original: OpenClipEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clipcoder.encoders.onnx.quantize.LEAST_COSINE", 1.1)
    told = f"^'{original.name}, visual tower' cannot be had in int8: .* a cosine of .* choose float32$"
    with pytest.raises(InvalidInputError, match=told):
        export_folder(original, tmp_path / "export", precision="int8")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("precision", "copies"), [("float32", 1), ("int8", 4)])
def test_an_export_that_the_disk_will_not_hold_is_not_begun(
    precision: Any, copies: int, original: OpenClipEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_bytes = 4 * sum(weights.numel() for weights in original.towers.model.parameters())
    usage = SimpleNamespace(free=copies * n_bytes - 1)
    monkeypatch.setattr("clipcoder.encoders.export.files.shutil.disk_usage", lambda _: usage)
    monkeypatch.setattr("clipcoder.encoders.export.files.export_image_tower", pytest.fail)
    told = rf"in {precision} needs about {copies * n_bytes / 1e6:,.0f} MB of room .* make room"
    with pytest.raises(InvalidInputError, match=told):
        export_folder(original, tmp_path / "export", precision=precision)
    assert not list(tmp_path.iterdir())


def test_what_is_no_model_of_open_clip_in_float32_is_refused(tiny_weights: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="only models of open_clip"):
        export_folder(load_encoder("starter"), tmp_path / "export")  # type: ignore[arg-type]
    coarse = OpenClipEncoder(f"tiny/{tiny_weights}", device="cpu", precision="bfloat16")
    with pytest.raises(InvalidInputError, match="computes in bfloat16 on cpu"):
        export_folder(coarse, tmp_path / "export")
    with pytest.raises(UnknownNameError, match=r"'bfloat16': did you mean 'float16' or 'float32'"):
        export_folder("tiny/x", tmp_path / "export", precision="bfloat16")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_without_the_extra_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clipcoder.encoders.pytorch.device.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"clipcoder\[export\]"):
        export_folder("ViT-B-32/openai", tmp_path / "export")


class Towers(nn.Module):
    """A model whose image tower is given."""

    def __init__(self, encode: Any) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3, 4))
        self.visual = SimpleNamespace(image_size=4)
        self.encode = encode

    def encode_image(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.encode(pixels.mean(dim=(2, 3)) @ self.weight)


@pytest.mark.parametrize(
    ("encode", "reason"),
    [
        (lambda rows: rows.reshape(2, 4), "conflicts"),  # it takes two rows only
        (lambda rows: torch.linalg.qr(rows)[0], "linalg_qr"),
    ],
)
def test_a_tower_that_torch_cannot_express_is_refused(encode: Any, reason: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"torch cannot write the visual tower in ONNX \(") as caught:
        export_image_tower(Towers(encode), tmp_path / "visual/model.onnx")
    assert reason in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert not (tmp_path / "visual").exists()


def test_a_graph_whose_lengths_torch_has_fixed_is_refused(monkeypatch: Any, tmp_path: Path) -> None:
    node = SimpleNamespace(name="image", shape=[2, 3, 4, 4])
    program = SimpleNamespace(model=SimpleNamespace(graph=SimpleNamespace(inputs=[node])))
    monkeypatch.setattr(torch.onnx, "export", lambda *_, **__: program)
    with pytest.raises(InvalidInputError, match="whose image has any n; choose another model"):
        export_image_tower(Towers(lambda rows: rows), tmp_path / "visual/model.onnx")


def test_a_disk_that_fails_is_not_taken_for_a_fault_of_the_model(tmp_path: Path) -> None:
    (tmp_path / "visual").touch()
    with pytest.raises(OSError, match="visual"):
        export_image_tower(Towers(lambda rows: rows), tmp_path / "visual/model.onnx")


@pytest.mark.parametrize(
    ("precision", "least", "agrees"),
    [("float32", 0.99995, True), ("float32", 0.9995, False), ("int8", 0.9995, True), ("int8", 0.99, False)],
)
def test_what_is_asked_of_an_export_depends_on_its_precision(
    precision: Any, least: float, agrees: bool
) -> None:
    good, other = Agreement(1.0, 1.0), Agreement(least, 1.0)
    for images, texts in ((good, other), (other, good)):
        report = ExportReport("m", "f", precision, True, images, texts, n_bytes=1, seconds=1.0)
        assert report.agrees == agrees
