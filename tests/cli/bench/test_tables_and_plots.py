"""``clipcoder bench table``, ``plot`` and ``compare``: right output, or one sentence and nothing written."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from benchmark.results_by_hand import add, row
from clipcoder.benchmark.formats import FORMATS as WRITERS
from clipcoder.benchmark.row import EncoderFacts
from clipcoder.cli.bench.compare import compare
from clipcoder.cli.bench.output import FORMATS
from clipcoder.cli.bench.plot import plot
from clipcoder.cli.bench.table import table
from clipcoder.cli.group import Commands

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    group = Commands("bench", commands=[table, plot, compare])

    def invoke(*arguments: str | Path) -> Result:
        return CliRunner().invoke(group, list(map(str, arguments)))

    return invoke


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Rows of two zero-shot methods, a control, and a few-shot method."""
    folder = tmp_path / "results"
    add(folder, 12, row("clip", texts=""))
    add(folder, 16, row("coder"))
    for seed in (1, 2):
        add(folder, 10 + seed, row("waffle", seed=seed))
        add(folder, 16 + seed, row("gda", shots=4, seed=seed))
    return folder


def test_tables_are_markdown(run: Run, results: Path) -> None:
    result = run("table", results)
    assert result.exit_code == 0
    assert result.stdout.startswith(
        "### Pets, test images, starter, zero-shot\n\n| method | texts | accuracy, %"
    )
    assert "| coder | wordnet | **80.0** (" in result.stdout
    assert "### Pets, test images, starter, 4 shots\n" in result.stdout


def test_tables_are_the_same_every_time(run: Run, results: Path) -> None:
    assert run("table", results).stdout == run("table", results).stdout


def test_csv_is_read_by_programs(run: Run, results: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("table", results, "--format", "csv").stdout)))
    gda = [r for r in rows if (r["method"], r["measure"]) == ("gda", "accuracy")]
    assert [(r["shots"], r["value"], r["seeds"]) for r in gda] == [("4", "0.875", "2")]


def test_latex_goes_into_a_file(run: Run, results: Path, tmp_path: Path) -> None:
    result = run("table", results, "--format", "latex", "--out", tmp_path / "table.tex")
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / "table.tex").read_text().startswith("\\begin{table}\n")


def test_several_data_sets_are_columns_unless_told_otherwise(run: Run, results: Path) -> None:
    cars = replace(row("clip").dataset, name="cars", title="Cars", hash="c" * 16)
    add(results, 11, row("clip", texts="", dataset=cars))
    assert "| method | texts | pets | cars | average |" in run("table", results).stdout
    assert "### Cars, test images, starter, zero-shot\n" in run("table", results, "--by", "shots").stdout


def test_baseline_and_control_are_chosen(run: Run, results: Path) -> None:
    text = run("table", results, "--baseline", "coder", "--control", "gda").stdout
    assert "gain over coder, %" in text
    assert "gain over clip" not in text


def test_an_unknown_baseline_is_one_sentence(run: Run, results: Path, tmp_path: Path) -> None:
    result = run("table", results, "--baseline", "codr", "--out", tmp_path / "table.md")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "clipcoder: unknown method among the rows 'codr': did you mean 'coder'?\n"
    assert not (tmp_path / "table.md").exists()


@pytest.mark.parametrize("command", [["table"], ["compare"], ["plot", "--out", "plots"]])
def test_a_folder_without_results_is_one_sentence(run: Run, tmp_path: Path, command: list[str]) -> None:
    result = run(command[0], tmp_path / "absent", *command[1:])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("clipcoder: there are no results in ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["table", "compare"])
def test_a_file_that_cannot_be_written_is_one_sentence(
    run: Run, results: Path, tmp_path: Path, command: str
) -> None:
    add(results, 12, row("clip", texts="", encoder=EncoderFacts("RN50/openai", "1" * 16)))
    result = run(
        command, results, "--out", tmp_path / "absent" / "table.md", *(["--all"] * (command == "compare"))
    )
    assert result.exit_code == 2
    assert "--out cannot write" in result.stderr
    assert "name a file in a folder that exists" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_plots_are_listed(run: Run, results: Path, tmp_path: Path) -> None:
    result = run("plot", results, "--out", tmp_path / "plots")
    assert result.exit_code == 0
    listed = [Path(line) for line in result.stdout.splitlines()]
    assert sorted(listed) == sorted((tmp_path / "plots").iterdir())
    assert tmp_path / "plots" / "pets-test-starter-accuracy.svg" in listed


def test_plots_without_matplotlib_name_the_extra(
    run: Run, results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = run("plot", results, "--out", tmp_path / "plots")
    assert result.exit_code == 2
    assert result.stderr == (
        "clipcoder: drawing plots needs an optional dependency: pip install 'clipcoder[plots]'\n"
    )


def test_plots_that_cannot_be_written_are_one_sentence(run: Run, results: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = run("plot", results, "--out", tmp_path / "file" / "plots")
    assert result.exit_code == 2
    assert "--out cannot write" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_published_figures_stand_beside_ours(run: Run, tmp_path: Path) -> None:
    caltech = replace(row("clip").dataset, name="caltech101", title="Caltech-101")
    encoder = EncoderFacts("RN50/openai", "1" * 16)
    add(tmp_path, 17, row("gda", shots=16, seed=1, dataset=caltech, encoder=encoder))
    result = run("compare", tmp_path)
    assert result.exit_code == 0
    assert "### Caltech-101, RN50/openai: published and ours\n" in result.stdout
    assert "| gda | published: gda | – | 87.3 | 88.6 | 90.6 | 91.3 | 92.5 |" in result.stdout
    assert "| gda | ours, wordnet | – | – | – | – | – | 85.0 (" in result.stdout


def test_nothing_to_compare_is_said_with_what_there_is(run: Run, results: Path) -> None:
    result = run("compare", results)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "there are figures of RN50/openai, ViT-B-32/openai" in result.stderr


def test_all_published_figures_can_be_shown(run: Run, results: Path) -> None:
    result = run("compare", results, "--all", "--format", "csv")
    assert result.exit_code == 0
    assert "RN50/openai,caltech101,tip-adapter,published: tip-adapter,1,accuracy,0.8718," in result.stdout


def test_every_format_of_the_command_line_is_written() -> None:
    assert tuple(WRITERS) == FORMATS


@pytest.mark.parametrize("command", [table, plot, compare])
def test_help_says_what_results_is(command: click.Command) -> None:
    assert "RESULTS" in CliRunner().invoke(command, ["--help"]).stdout


def test_the_commands_load_nothing_heavy() -> None:
    heavy = {"numpy", "matplotlib", "scipy", "clipcoder.benchmark.tables"}
    code = (
        "import sys, clipcoder.cli.bench.table, clipcoder.cli.bench.plot, clipcoder.cli.bench.compare; "
        f"print(set({sorted(heavy)!r}) & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"
