"""What is kept of a calibration: numbers, to JSON and back; and the defaults that hold without one."""

from __future__ import annotations

import json
import math

import pytest

from clipcoder.calibration import Calibration, Conformal, Platt, Spread, default_calibration
from clipcoder.calibration.defaults import few_shot_temperature, rival_spread
from clipcoder.errors import InvalidInputError

FULL = Calibration(4.25, 0.3, Conformal(0.9, (0.1, 0.0), True), Platt(0.1, -4.0), 120, Spread(6.5, 0.25))


@pytest.mark.parametrize("calibration", [FULL, Calibration(1.0), Calibration(2.0, math.inf)])
def test_survives_strict_json(calibration: Calibration) -> None:
    text = json.dumps(calibration.to_json(), allow_nan=False)
    assert Calibration.from_json(json.loads(text)) == calibration


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", 0),
        ("temperature", "4"),
        ("temperature", True),
        ("temperature", float("nan")),
        ("unknown_below", -0.1),
        ("unknown_below", "0.5"),
        ("unknown_below", float("nan")),
        ("conformal", {"coverage": 1.0, "class_conditional": False, "thresholds": [0.1]}),
        ("conformal", {"coverage": 0.9, "class_conditional": False, "thresholds": [1.1]}),
        ("conformal", {"coverage": 0.9, "class_conditional": False, "thresholds": ["a"]}),
        ("conformal", {"coverage": 0.9, "class_conditional": False, "thresholds": []}),
        ("conformal", {"coverage": 0.9, "class_conditional": False, "thresholds": [0.1, 0.2]}),
        ("conformal", {"coverage": 0.9, "class_conditional": False}),
        ("conformal", 3),
        ("platt", {"slope": "steep", "bias": 0.0}),
        ("platt", {"slope": -1.0, "bias": 0.0}),
        ("platt", {"slope": 1.0, "bias": float("inf")}),
        ("platt", []),
        ("images", -1),
        ("images", 1.5),
    ],
)
def test_refuses_content_that_is_none(field: str, value: object) -> None:
    with pytest.raises(InvalidInputError):
        Calibration.from_json({**FULL.to_json(), field: value})


@pytest.mark.parametrize("content", [None, [], "calibration", {}, {"temperature": 1.0}])
def test_refuses_what_is_no_calibration(content: object) -> None:
    with pytest.raises(InvalidInputError, match="a calibration"):
        Calibration.from_json(content)


def test_an_encoder_that_was_not_measured_has_its_logit_scale() -> None:
    assert default_calibration("other", "coder", logit_scale=50.0) == Calibration(2.0)


def test_an_encoder_with_a_sigmoid_has_it() -> None:
    siglip = default_calibration("siglip", "clip", logit_scale=117.0, logit_bias=-12.9)
    assert siglip.platt == Platt(1.17, -12.9)


@pytest.mark.parametrize("method", ["equidistant", "coder", "clip"])
def test_the_starter_was_measured_under_every_rule(method: str) -> None:
    starter = default_calibration("starter", method, logit_scale=24.85)
    assert starter.temperature != 100 / 24.85
    assert starter.platt is not None
    assert starter.images == 0


@pytest.mark.parametrize("method", ["gda", "tip-adapter", "coder-adapter", "ape"])
def test_texts_and_images_with_an_equal_say_have_twice_the_temperature_of_texts(method: str) -> None:
    assert few_shot_temperature(method, 5.0, spread=40.0) == 10.0
    assert few_shot_temperature(method, None, spread=40.0) == 40.0


@pytest.mark.parametrize("method", ["auto", "linear-probe"])
def test_log_probabilities_have_a_temperature_of_about_1_whatever_the_texts(method: str) -> None:
    assert few_shot_temperature(method, 5.0) == few_shot_temperature(method, None, spread=40.0)
    assert 0.5 < few_shot_temperature(method, None) < 1.0


def test_the_spread_of_rivals_leaves_out_the_class_that_an_image_shows() -> None:
    assert rival_spread([[900, 1, 3], [2, -500, 8]], [0, 1]) == pytest.approx(math.sqrt((1 + 9) / 2))
    assert rival_spread([[2, 6]], [0]) == 2.0  # of two classes only one would be left


def test_scores_without_a_spread_have_1() -> None:
    assert rival_spread([[5, 5, 5]], [0]) == rival_spread([[5], [7]], [0, 0]) == 1.0
