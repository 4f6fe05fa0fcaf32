"""``clipcoder classify --pairs --max-gap``: where close calls begin, and what is told of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clipcoder import PairBank
from clipcoder.benchmark.spec import BenchSpec
from clipcoder.cli import close_calls, commands
from clipcoder.pipeline.close_calls import GAP
from toy_encoder import ColourEncoder, plain

Classify = Callable[..., Result]
NAMES = ["--classes", "tomato,sky,grass", "--method", "clip", "--model", "colours"]


@pytest.fixture
def classify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Classify:
    """Classify 20 shades of tomato, ever nearer to the sky, with pairs that always favour the sky."""
    monkeypatch.setattr("clipcoder.encoders.load_encoder", lambda name, **options: ColourEncoder())
    for i in range(20):
        plain((255, 0, 235 + i)).save(tmp_path / f"{i:02}.png")
    pairs = {"tomato": {"sky": ["green"]}, "sky": {"tomato": ["blue"]}}
    PairBank.from_texts(pairs, ["tomato", "sky"]).save(tmp_path / "pairs.json")

    def run(*arguments: object) -> Result:
        given = ["classify", tmp_path / "*.png", *NAMES, "--json", *arguments]
        return CliRunner().invoke(commands.main, [*map(str, given)])

    return run


@pytest.fixture
def pairs(tmp_path: Path) -> tuple[str, Path]:
    return "--pairs", tmp_path / "pairs.json"


def skies(result: Result) -> int:
    assert result.exit_code == 0
    return sum(json.loads(line)["label"] == "sky" for line in result.stdout.splitlines())


def test_the_gap_is_the_same_wherever_none_is_named() -> None:
    assert close_calls.STATED == GAP == BenchSpec(datasets=("pets",)).max_gap


def test_auto_reranks_the_closest_tenth(classify: Classify, pairs: tuple[str, Path]) -> None:
    result = classify(*pairs, "--max-gap", "auto")
    assert skies(result) == 2
    assert "reranking where the two best classes are less than 0." in result.stderr


def test_a_stated_gap_is_taken(classify: Classify, pairs: tuple[str, Path]) -> None:
    assert [skies(classify(*pairs, "--max-gap", gap)) for gap in ("0", "2")] == [0, 20]


def test_a_gap_is_learned_from_images_all_over_the_list(
    classify: Classify, pairs: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(close_calls, "SAMPLE", 10)
    assert (
        skies(classify(*pairs, "--max-gap", "auto")) == 3
    )  # of every other image one, and what lies behind it


def test_what_close_calls_lacked_is_told_once(classify: Classify, pairs: tuple[str, Path]) -> None:
    said = classify(*pairs, "--max-gap", "2").stderr.splitlines()
    assert said == [
        "clipcoder: of 20 close calls, 20 lacked one-to-one texts for some pairs of the best classes, "
        "which had no say; 0 had none for any pair and stayed as decided"
    ]


def test_what_is_complete_is_not_told(classify: Classify, pairs: tuple[str, Path]) -> None:
    assert classify(*pairs, "--max-gap", "2", "--classes", "tomato,sky").stderr == ""
    assert classify(*pairs, "--max-gap", "0").stderr == ""


@pytest.mark.parametrize("gap", ["-0.1", "nan", "wide"])
def test_what_is_no_gap_is_answered_in_a_sentence(
    classify: Classify, pairs: tuple[str, Path], gap: str
) -> None:
    result = classify(*pairs, "--max-gap", gap)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"'{gap}' is neither a number, 0 or more, nor auto" in result.stderr


def test_a_gap_without_pairs_is_answered_in_a_sentence(classify: Classify) -> None:
    result = classify("--max-gap", "0.2")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "name some with --pairs" in result.stderr


def test_too_few_images_to_learn_from_are_answered_in_a_sentence(
    classify: Classify, pairs: tuple[str, Path], tmp_path: Path
) -> None:
    for photo in sorted(tmp_path.glob("*.png"))[9:]:
        photo.unlink()
    result = classify(*pairs, "--max-gap", "auto")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--max-gap auto: to learn the gap" in result.stderr
    assert "but there are 9; hand in more, or state the gap as a number" in result.stderr


def test_the_pairs_of_the_pack_decide_close_calls(
    classify: Classify, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = PairBank.from_texts(
        {"tomato": {"sky": ["green"]}, "sky": {"tomato": ["blue"]}}, ["tomato", "sky"]
    )
    asked: list[object] = []

    def for_classes(names: object, encoder: object) -> PairBank:
        asked.append(names)
        return given.select(["tomato", "sky", "grass"])

    monkeypatch.setattr(PairBank, "for_classes", for_classes)
    assert skies(classify("--pairs", "pack", "--max-gap", "2")) == 20
    assert asked == [["tomato", "sky", "grass"]]


def test_where_the_pack_has_no_pairs_that_is_told(classify: Classify) -> None:
    result = classify("--pairs", "pack", "--max-gap", "2")
    assert skies(result) == 0
    assert (
        "the knowledge pack tells no two of the 3 classes apart, so that no call is reranked" in result.stderr
    )


def test_without_pairs_no_gap_is_learned_and_what_the_pack_lacks_is_told_once(classify: Classify) -> None:
    unknown = ("--classes", "river,xyzzy", "--method", "equidistant")
    result = classify("--pairs", "pack", "--max-gap", "auto", *unknown)
    assert result.exit_code == 0
    assert result.stderr.count("not in the knowledge pack") == 1
    assert "reranking where" not in result.stderr


def test_a_file_that_is_called_as_the_pack_is_meant_by_a_path(
    classify: Classify, pairs: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pairs[1].parent)
    pairs[1].rename("pack")
    assert skies(classify("--pairs", "./pack", "--max-gap", "2")) == 20
    assert skies(classify("--pairs", "pack", "--max-gap", "2")) == 0


def test_the_shipped_pairs_of_a_data_set_are_found(classify: Classify) -> None:
    result = classify(
        "--pairs", "pack", "--max-gap", "2", "--classes", "river,sea or lake,forest,highway,pasture"
    )
    assert result.exit_code == 0
    assert "of 20 close calls" in result.stderr
