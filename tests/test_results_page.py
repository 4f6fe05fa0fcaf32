"""``make results``: pages made of rows alone, rehearsals that touch no page, and a README that is kept."""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner, Result

from benchmark.results_by_hand import add, row

ROOT = Path(__file__).resolve().parents[1]
README = "# Product\n\n<!-- results -->\nold\n<!-- /results -->\n\nafter\n"


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """bench/results.py, whose runs are made by hand, of the split that is asked for."""
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    monkeypatch.delitem(sys.modules, "results", raising=False)
    module = importlib.import_module("results")
    monkeypatch.setattr(module, "run", make_rows)
    return module


def make_rows(data: Path, folder: Path, evaluate: str) -> None:
    pets = replace(row("").dataset, evaluated=evaluate)
    add(folder, 12, row("clip", texts="", dataset=pets))
    add(folder, 18, row("equidistant", dataset=pets, texts="cupl"))
    add(folder, 16, row("equidistant", dataset=pets, texts="knowledge"))
    add(folder, 20, row("coder", dataset=pets, protocol="reference"))
    for seed in (1, 2):
        for shots in (1, 16):
            add(
                folder,
                15 + seed + (shots > 1),
                row("auto", shots=shots, seed=seed, dataset=pets, texts="knowledge"),
            )


def invoke(results: ModuleType, folder: Path, *options: str) -> Result:
    (folder / "README.md").write_text(README, encoding="utf-8")
    paths = ["--results", folder / "rows", "--docs", folder / "docs", "--readme", folder / "README.md"]
    return CliRunner().invoke(results.main, [*map(str, paths), *options])


@pytest.fixture
def made(results: ModuleType, tmp_path: Path) -> Path:
    assert invoke(results, tmp_path).exit_code == 0
    return tmp_path


def test_the_page_has_tables_and_pictures_of_the_strict_protocol(made: Path) -> None:
    page = (made / "docs" / "results.md").read_text(encoding="utf-8")
    assert page.startswith("# Results\n\nMade by `make results`")
    assert "### Pets, test images, starter, zero-shot\n" in page
    assert "| auto | knowledge | **82.5** (" in page
    assert "REFERENCE" not in page
    pictures = sorted(path.name for path in (made / "docs" / "results").iterdir())
    kinds = [f"{texts}-{kind}" for texts in ("cupl", "knowledge") for kind in ("accuracy", "calibration")]
    assert pictures == [f"pets-test-starter-{kind}.svg" for kind in kinds]
    assert all(f"](results/{name})" in page for name in pictures)


def test_encoders_that_nobody_ran_have_an_empty_line_and_the_command(made: Path) -> None:
    page = (made / "docs" / "results.md").read_text(encoding="utf-8")
    assert "| encoder | clip | equidistant | auto, 1 shot | auto, 4 shots | auto, 16 shots |" in page
    (starter,) = [line for line in page.splitlines() if line.startswith("| starter |")]
    assert [cell.strip()[:4] for cell in starter.split("|")[2:-1]] == ["60.0", "80.0", "82.5", "–", "87.5"]
    assert "| ViT-B-32/openai | – | – | – | – | – |" in page
    assert (
        "`clipcoder bench run --spec bench/results.toml --root DATA --model RN50/openai --out bench/results`"
        in page
    )


def test_the_readme_changes_between_the_markers_alone(made: Path) -> None:
    text = (made / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# Product\n\n<!-- results -->\n| encoder |")
    assert text.endswith("<!-- /results -->\n\nafter\n")
    assert "\nold\n" not in text
    assert "gain over clip, %" in text
    few_shot = text.partition("### Pets, test images, starter, few-shot")[2]
    assert few_shot and "ain" not in few_shot, "few-shot methods have their accuracies alone"


def test_pages_are_the_same_every_time(made: Path, results: ModuleType) -> None:
    first = {path: path.read_bytes() for path in made.rglob("*") if path.suffix in {".md", ".svg"}}
    assert invoke(results, made).exit_code == 0
    assert first == {path: path.read_bytes() for path in first}


@pytest.mark.parametrize("text", ["no markers\n", README + README, "<!-- /results -->\n<!-- results -->\n"])
def test_a_readme_without_its_markers_is_refused_before_anything_runs(
    results: ModuleType, tmp_path: Path, text: str
) -> None:
    (tmp_path / "README.md").write_text(text)
    options = ["--results", tmp_path / "rows", "--docs", tmp_path, "--readme", tmp_path / "README.md"]
    result = CliRunner().invoke(results.main, list(map(str, options)))
    assert result.exit_code == 2
    assert "the lines <!-- results --> and <!-- /results --> once each" in result.stderr
    assert not (tmp_path / "rows").exists()


def test_a_rehearsal_on_val_shows_val(results: ModuleType, tmp_path: Path) -> None:
    assert invoke(results, tmp_path, "--evaluate", "val").exit_code == 0
    page = (tmp_path / "docs" / "results.md").read_text(encoding="utf-8")
    assert "### Pets, val images, starter, zero-shot\n" in page
    assert "test images" not in page


def test_a_rehearsal_never_writes_the_pages(results: ModuleType, tmp_path: Path) -> None:
    result = CliRunner().invoke(results.main, ["--evaluate", "val", "--results", str(tmp_path / "rows")])
    assert result.exit_code == 2
    assert "give --docs and --readme elsewhere" in result.stderr
    assert not (tmp_path / "rows").exists()
