"""``clipcoder bench run``: rows from flags and from a file, and one sentence where something is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benchmark.colour_sets import ACCURACY, Encoder, garden
from clipcoder.benchmark.rows import read_rows
from clipcoder.cli import commands
from clipcoder.errors import UnknownNameError


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every known model is an encoder of colours; which ones were asked for."""
    asked: list[str] = []

    def load(name: str, **_: object) -> Encoder:
        asked.append(name)
        if name == "nope":
            raise UnknownNameError("model", name, ["starter"])
        encoder = Encoder()
        encoder.fingerprint = lambda: name.encode().hex().rjust(8, "0")  # type: ignore[method-assign]
        return encoder

    monkeypatch.setattr("clipcoder.encoders.load_encoder", load)
    return asked


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    garden(tmp_path / "garden")
    return tmp_path / "garden"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(commands.main, ["bench", "run", *map(str, arguments)])


def test_rows_from_flags(photos: Path, tmp_path: Path, loaded: list[str]) -> None:
    out = tmp_path / "results"
    methods = ("--methods", "clip, gda", "--shots", "1,2", "--seeds", "1")
    flags = ("--dataset", photos, "--model", "a,b", *methods)
    result = run(*flags, "--out", out)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"6 rows made, 0 were there; clipcoder bench table '{out}' shows them\n"
    rows = read_rows(out)
    assert {row.method for row in rows} == {"clip", "gda"}
    assert all(row.accuracy == pytest.approx(ACCURACY) for row in rows)
    assert loaded == ["a", "b"]
    again = run(*flags, "--out", out)
    assert again.stdout.startswith("0 rows made, 6 were there")


def test_the_table_of_a_run(photos: Path, tmp_path: Path) -> None:
    run("--dataset", photos, "--methods", "clip,coder", "--out", tmp_path / "results")
    table = CliRunner().invoke(commands.main, ["bench", "table", str(tmp_path / "results")])
    assert "garden, test images" in table.stdout
    assert "| clip |  | **58.3** (" in table.stdout


def test_flags_replace_what_a_file_says(photos: Path, tmp_path: Path) -> None:
    spec = tmp_path / "bench.toml"
    spec.write_text('datasets = ["garden"]\nmethods = ["clip", "ensemble"]\nevaluate = "val"\n')
    result = run("--spec", spec, "--methods", "clip", "--out", tmp_path / "results")
    assert result.stdout.startswith("1 row made")
    (row,) = read_rows(tmp_path / "results")
    assert (row.dataset.evaluated, row.accuracy) == ("val", 1.0)


def test_the_starter_is_taken_with_a_word_about_it_only_where_it_is_named(
    photos: Path, tmp_path: Path, loaded: list[str]
) -> None:
    result = run("--dataset", photos, "--methods", "clip", "--out", tmp_path / "results")
    assert (result.exit_code, loaded) == (0, ["starter"])


def test_unreadable_images_are_named_and_make_the_status_1(photos: Path, tmp_path: Path) -> None:
    for i in range(4):
        (photos / "test" / "sky" / f"{i}.png").write_bytes(b"no image" * (i + 1))
    result = run("--dataset", photos, "--methods", "clip", "--out", tmp_path / "results")
    assert result.exit_code == 1
    assert "4 images of garden cannot be read: test/sky/0.png, test/sky/1.png" in result.stderr
    assert result.stderr.rstrip().endswith("...")
    (row,) = read_rows(tmp_path / "results")
    assert row.accuracy == pytest.approx(6 / 12)


def test_one_unreadable_image(photos: Path, tmp_path: Path) -> None:
    (photos / "test" / "sky" / "0.png").write_bytes(b"no image")
    result = run("--dataset", photos, "--methods", "clip", "--out", tmp_path / "results")
    assert "1 image of garden cannot be read: test/sky/0.png\n" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--methods", "coda"], "unknown method 'coda'"),
        (["--methods", "gda"], "no shots are named"),
        (["--shots", "one"], "must be numbers with commas between them, such as 1,2,4, not 'one'"),
        (["--methods", ","], "methods must name at least one"),
        (["--spec", "absent.toml"], "cannot read the specification 'absent.toml'"),
        (["--texts", "absent.json"], "absent.json"),
        (["--model", "nope"], "unknown model 'nope'"),
        (["--max-gap", "inf"], "max_gap must be a difference of probabilities"),
        (["--model", "a,"], "models must name things, but one of the names is empty"),
        (["--top-k", "1"], "top_k must hold whole numbers, 2 or more, not 1"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_writes_nothing(
    photos: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    result = run("--dataset", photos, *arguments, "--out", tmp_path / "results")
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "results").exists()


def test_the_help_shows_commands_a_line_each() -> None:
    lines = run("--help").stdout.splitlines()
    assert "  clipcoder bench run --spec results.toml --out RESULTS" in lines
    assert not any("\\b" in line or "\b" in line for line in lines)


def test_photos_whose_names_are_no_unicode_are_named(photos: Path, tmp_path: Path) -> None:
    odd = os.fsencode(photos / "test" / "sky") + b"/\xff.png"
    try:
        Path(os.fsdecode(odd)).write_bytes(b"no image")
    except OSError:
        pytest.skip("this file system takes Unicode alone")
    result = run("--dataset", photos, "--methods", "clip", "--out", tmp_path / "results")
    assert (result.exit_code, "test/sky/\\udcff.png" in result.stderr) == (1, True)
    assert read_rows(tmp_path / "results")[0].failed == ("test/sky/\udcff.png",)


def test_no_data_set(tmp_path: Path) -> None:
    result = run("--out", tmp_path / "results")
    assert (result.exit_code, "needs a data set" in result.stderr) == (2, True)


def test_a_file_is_no_folder_of_results(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "results").write_text("")
    result = run("--dataset", photos, "--out", tmp_path / "results")
    assert (result.exit_code, "is a file; name a folder" in result.stderr) == (2, True)


def test_a_test_set_put_into_val_is_refused(photos: Path, tmp_path: Path) -> None:
    (photos / "val").rename(tmp_path / "away")
    (photos / "val").symlink_to(photos / "test", target_is_directory=True)
    result = run("--dataset", photos, "--methods", "clip", "--out", tmp_path / "results")
    assert result.exit_code == 2
    assert "12 of the val split of garden are in its test split too" in result.stderr
