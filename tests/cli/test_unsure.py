"""``clipcoder classify`` on images that it is unsure of, or that may show several things."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from clipcoder import TextBank, ZeroShotClassifier
from clipcoder.calibration import Platt
from clipcoder.cli import commands
from toy_encoder import ColourEncoder, plain

ARGUMENTS = ["--classes", "tomato,sky,grass", "--method", "clip"]


class SigmoidEncoder(ColourEncoder):
    logit_bias = -50.0


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    plain((0, 0, 255)).save(folder / "clear.png")
    plain((130, 128, 128)).save(folder / "grey.png")
    return folder


@pytest.fixture
def classify(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setattr("clipcoder.encoders.load_encoder", lambda name, **_: SigmoidEncoder(), raising=False)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(commands.main, ["classify", *map(str, arguments)])

    return run


Classify = Callable[..., Result]


def records(result: Result) -> dict[str, dict]:
    assert result.exit_code == 0, result.output
    return {Path(r["path"]).name: r for r in map(json.loads, result.stdout.splitlines())}


def test_unknown_images_say_so_and_what_they_look_like_most(photos: Path, classify: Classify) -> None:
    found = records(classify(photos, *ARGUMENTS, "--json", "--unknown-below", 0.9))
    assert found["clear.png"]["label"] == "sky"
    assert found["grey.png"]["label"] == "unknown"
    assert found["grey.png"]["top"][0]["class"] == "tomato"
    assert found["grey.png"]["probability"] == found["grey.png"]["top"][0]["probability"] < 0.9


def test_without_a_threshold_every_image_has_a_class(photos: Path, classify: Classify) -> None:
    assert records(classify(photos, *ARGUMENTS, "--json"))["grey.png"]["label"] == "tomato"


def test_a_table_shows_the_likeliest_class_of_an_unknown_image_beside_it(
    photos: Path, classify: Classify
) -> None:
    shown = classify(photos, *ARGUMENTS, "--unknown-below", 0.9).stdout
    (row,) = (line for line in shown.splitlines() if line.startswith("grey.png"))
    assert row.split()[1] == "unknown"
    assert "tomato" in row


def test_a_file_of_rows_has_a_column_for_it_where_there_are_unknown_images(
    photos: Path, classify: Classify, tmp_path: Path
) -> None:
    rows = {}
    for threshold in (0.9, 0.0):
        out = tmp_path / "out.csv"
        assert classify(photos, *ARGUMENTS, "--out", out, "--unknown-below", threshold).exit_code == 0
        with out.open(newline="") as file:
            rows[threshold] = list(csv.DictReader(file))
    assert [(r["label"], r["best"]) for r in rows[0.9]] == [("sky", "sky"), ("unknown", "tomato")]
    assert "best" not in rows[0.0][0]


def test_a_sheet_is_drawn_of_unknown_images_too(photos: Path, classify: Classify, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    assert classify(photos, *ARGUMENTS, "--sheet", sheet, "--unknown-below", 0.9).exit_code == 0
    with Image.open(sheet) as image:
        assert image.size > (0, 0)


def test_independent_probabilities_do_not_share_one_image(photos: Path, classify: Classify) -> None:
    found = records(classify(photos, *ARGUMENTS, "--json", "--independent", "--top", 3))
    assert sum(c["probability"] for c in found["grey.png"]["top"]) > 2
    assert sum(c["probability"] for c in found["clear.png"]["top"]) == pytest.approx(1, abs=1e-4)


def test_an_encoder_without_a_sigmoid_is_refused_in_one_sentence(
    photos: Path, classify: Classify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clipcoder.encoders.load_encoder", lambda name, **_: ColourEncoder(), raising=False)
    refused = classify(photos, *ARGUMENTS, "--independent")
    assert refused.exit_code == 2
    assert "'colours' has no logit_bias" in refused.stderr
    assert not refused.stdout


def test_a_threshold_beside_independent_probabilities_is_refused(photos: Path, classify: Classify) -> None:
    refused = classify(photos, *ARGUMENTS, "--independent", "--unknown-below", 0.5)
    assert refused.exit_code == 2
    assert "leave one of them out" in refused.stderr


@pytest.mark.parametrize("threshold", ["1.5", "-0.1", "low"])
def test_a_threshold_that_is_no_probability_is_refused(
    photos: Path, classify: Classify, threshold: str
) -> None:
    refused = classify(photos, *ARGUMENTS, "--unknown-below", threshold)
    assert refused.exit_code == 2
    assert "--unknown-below" in refused.stderr


def test_a_class_called_unknown_is_refused_beside_it(photos: Path, classify: Classify) -> None:
    refused = classify(photos, "--classes", "unknown,sky", "--method", "clip", "--unknown-below", 0.5)
    assert refused.exit_code == 2
    assert "a class is called 'unknown'" in refused.stderr


def test_a_saved_classifier_brings_its_threshold_and_may_be_given_another(
    photos: Path, classify: Classify, tmp_path: Path
) -> None:
    saved = tmp_path / "saved"
    bank = TextBank.from_names(["tomato", "sky", "grass"])
    ZeroShotClassifier(SigmoidEncoder(), bank, method="clip", unknown_below=0.9).save(saved)
    chosen = ["--classifier", saved, "--model", "starter", "--json"]
    assert records(classify(photos, *chosen))["grey.png"]["label"] == "unknown"
    assert records(classify(photos, *chosen, "--unknown-below", 0))["grey.png"]["label"] == "tomato"
    platt = ZeroShotClassifier(SigmoidEncoder(), bank, method="clip").calibration_.platt
    assert platt == Platt(1.0, -50.0)
