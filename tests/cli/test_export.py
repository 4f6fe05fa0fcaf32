"""``clipcoder export``: what it prints and with which status, torch or no torch."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from clipcoder.cli.export import PRECISIONS, export
from clipcoder.cli.group import Commands
from clipcoder.encoders.export.folder import Agreement, ExportReport

MODEL = "ViT-B-32/openai"
Run = Callable[..., Result]


@pytest.fixture
def agreement() -> dict[str, Agreement]:
    """What the export is said to keep."""
    return {"images": Agreement(0.99999, 1.0), "texts": Agreement(0.99998, 0.99999)}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, agreement: dict[str, Agreement]) -> dict[str, Any]:
    """What ``export_folder`` was called with, in place of torch's work."""
    seen: dict[str, Any] = {}

    def reported(model: str, folder: Path, **options: Any) -> ExportReport:
        seen.update(model=model, folder=folder, **options)
        facts = {"dynamic_length": True, "n_bytes": 606_000_000, "seconds": 41.2}
        return ExportReport(f"open_clip:{model}", str(folder), options["precision"], **facts, **agreement)  # type: ignore[arg-type]

    monkeypatch.setattr("clipcoder.encoders.export.folder.export_folder", reported)
    return seen


@pytest.fixture
def run() -> Run:
    group = Commands(commands={"export": export})
    return lambda *arguments: CliRunner().invoke(group, ["export", *map(str, arguments)])


def test_the_report_says_how_near_the_export_is_and_how_to_use_it(
    run: Run, asked: dict[str, Any], tmp_path: Path
) -> None:
    result = run(MODEL, "--out", tmp_path / "export")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        f"open_clip:{MODEL} in float32: 606.0 MB in {tmp_path / 'export'}",
        "images  cosine to the original  least 0.999990  mean 1.000000",
        "texts   cosine to the original  least 0.999980  mean 0.999990",
        f"texts of any length, 41 s; use it as --model onnx:{tmp_path / 'export'}",
    ]
    assert result.stderr == ""
    assert asked == {"model": MODEL, "folder": tmp_path / "export", "precision": "float32", "force": False}


def test_options_are_handed_on_and_the_report_can_be_json(
    run: Run, asked: dict[str, Any], tmp_path: Path
) -> None:
    result = run(MODEL, "--out", tmp_path, "--precision", "int8", "--force", "--json")
    assert (asked["precision"], asked["force"]) == ("int8", True)
    told = json.loads(result.stdout)
    assert told["texts"] == {"least": 0.99998, "mean": 0.99999}
    assert told["dynamic_length"] is True


@pytest.mark.parametrize("agreement", [{"images": Agreement(0.9995, 1.0), "texts": Agreement(1.0, 1.0)}])
def test_an_export_that_is_too_far_away_is_kept_with_a_word_and_status_1(
    run: Run, asked: dict[str, Any], tmp_path: Path
) -> None:
    result = run(MODEL, "--out", tmp_path / "export")
    assert result.exit_code == 1
    assert "a cosine of 0.999500 to the original, but 0.9999 is asked for" in result.stderr
    assert f"'{tmp_path / 'export'}' is kept" in result.stderr
    assert run(MODEL, "--out", tmp_path, "--precision", "float16").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((MODEL,), "--out"),
        ((MODEL, "--out", "x", "--precision", "bfloat16"), "bfloat16"),
        (("hf:org/clip", "--out", "x"), "only models of open_clip can be exported, not 'hf:org/clip'"),
    ],
)
def test_misuse_has_status_2(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.output


def test_without_torch_the_extra_is_named(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clipcoder.encoders.pytorch.device.find_spec", lambda name: None)
    for model in (MODEL, f"open_clip:{MODEL}"):
        result = run(model, "--out", tmp_path / "export")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.endswith("pip install 'clipcoder[export]'\n")


def test_the_precisions_offered_are_those_that_can_be_written() -> None:
    from clipcoder.encoders.export.files import EXPORT_PRECISIONS

    assert PRECISIONS == EXPORT_PRECISIONS


def test_what_is_there_already_is_refused_before_anything_is_loaded(run: Run, tmp_path: Path) -> None:
    result = run(MODEL, "--out", tmp_path)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "there already and holds no export" in result.stderr
