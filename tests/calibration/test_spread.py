"""A temperature for each image: found where there is one, and one for all where there is not."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.labelled_images import drawn
from clipcoder.arrays import FloatArray, IntArray, softmax
from clipcoder.calibration import (
    Calibration,
    Spread,
    expected_calibration_error,
    fit_spread,
    fit_temperature,
    negative_log_likelihood,
)
from clipcoder.calibration.spread import STIFFNESS
from clipcoder.calibration.temperature import PRIOR_IMAGES
from clipcoder.errors import InvalidInputError


def uneven(seed: int, n: int, exponent: float = 1.0) -> tuple[FloatArray, IntArray]:
    """Return logits of which some lie a hundred times as far apart as others, and labels.

    Labels are drawn from the softmax at a temperature that goes with the spread to the power of an exponent.
    """
    logits, _ = drawn(seed, n, 6)
    rng = np.random.default_rng(seed)
    logits *= np.exp(rng.uniform(-2.3, 2.3, size=(n, 1))).astype(np.float32)
    reached = softmax(Spread(3.0, exponent).evened(logits), temperature=2.0).cumsum(axis=1)
    return logits, (rng.random((n, 1)) * reached[:, -1:] > reached).sum(axis=1)


def probabilities(logits: FloatArray, fitted: tuple[float, Spread | None]) -> FloatArray:
    return Calibration(fitted[0], spread=fitted[1]).probabilities(logits)


@pytest.mark.parametrize("exponent", [0.3, 0.7, 1.0])
def test_finds_the_exponent_and_the_temperature_that_labels_were_drawn_with(exponent: float) -> None:
    temperature, spread = fit_spread(*uneven(0, 8_000, exponent))
    assert spread is not None
    assert spread.exponent == pytest.approx(exponent, abs=0.06)
    assert temperature * (3.0 / spread.typical) ** exponent == pytest.approx(2.0, rel=0.06)


@pytest.mark.parametrize("exponent", [0.0, -0.5])
def test_is_temperature_scaling_where_that_does(exponent: float) -> None:
    """Also where the certainty grows faster than the spread, for which there is no exponent."""
    logits, _ = uneven(1, 20_000)
    typical = logits.std(axis=1, keepdims=True) ** -exponent
    reached = softmax(logits * typical / 3).cumsum(axis=1)
    labels = (np.random.default_rng(100).random((20_000, 1)) > reached / reached[:, -1:]).sum(axis=1)
    temperature, spread = fit_spread(logits, labels, default=3.0)
    assert spread is None or spread.exponent < 0.03
    assert temperature == pytest.approx(fit_temperature(logits, labels, default=3.0), rel=0.02)


def test_makes_other_images_truer_than_one_temperature_does() -> None:
    logits, labels = uneven(2, 400)
    others, truth = uneven(3, 4_000)
    one = probabilities(others, (fit_temperature(logits, labels), None))
    many = probabilities(others, fit_spread(logits, labels))
    assert expected_calibration_error(many, truth) < 0.5 * expected_calibration_error(one, truth)
    assert negative_log_likelihood(many, truth) < negative_log_likelihood(one, truth)


@pytest.mark.parametrize("n", [3, 10, 30])
def test_few_labels_do_no_harm_where_one_temperature_is_right(n: int) -> None:
    others, truth = drawn(99, 4_000, 6, temperature=2.0)
    lost = []
    for seed in range(30):
        known = drawn(seed, n, 6, temperature=2.0)
        one = probabilities(others, (fit_temperature(*known, default=2.0), None))
        many = probabilities(others, fit_spread(*known, default=2.0))
        lost.append(negative_log_likelihood(many, truth) - negative_log_likelihood(one, truth))
    assert np.mean(lost) < 0.005
    assert max(lost) < 0.05


def test_is_the_minimum_of_likelihood_and_priors() -> None:
    logits, labels = uneven(4, 60, 0.4)
    temperature, spread = fit_spread(logits, labels, default=1.5)
    assert spread is not None

    def loss(temperature: float, exponent: float) -> float:
        made = probabilities(logits, (temperature, Spread(spread.typical, exponent)))
        step = 1.5 / temperature
        prior = PRIOR_IMAGES * (step - float(np.log(step))) + STIFFNESS / 2 * exponent**2
        return 60 * negative_log_likelihood(made, labels) + prior

    best = loss(temperature, spread.exponent)
    assert 0.1 < spread.exponent < 0.95
    for factor in (0.97, 1.03):
        assert best < loss(temperature * factor, spread.exponent)
        assert best < loss(temperature, spread.exponent * factor)


@pytest.mark.parametrize(
    ("logits", "labels"),
    [(np.zeros((0, 3)), []), ([[7.0], [3.0]], [0, 0]), ([[1.0, 1.0]] * 9, [0] * 9)],
)
def test_no_image_one_class_and_flat_scores_leave_the_default(logits: Any, labels: Any) -> None:
    temperature, spread = fit_spread(logits, labels, default=4.0)
    assert temperature == pytest.approx(4.0)
    assert spread is None


def test_an_image_without_a_spread_is_equally_likely_everything_and_others_are_not_minded() -> None:
    logits, labels = uneven(5, 200)
    temperature, spread = fit_spread(np.r_[logits, np.zeros((1, 6))], np.r_[labels, 0])
    expected, other = fit_spread(logits, labels)
    assert spread is not None
    assert other is not None
    assert spread.typical == pytest.approx(other.typical)
    assert temperature == pytest.approx(expected, rel=0.05)
    assert probabilities(np.zeros((1, 6), np.float32), (temperature, spread)) == pytest.approx(1 / 6)


def test_a_weight_of_two_is_an_image_twice_and_zero_is_none() -> None:
    logits, labels = uneven(6, 60)
    weight = np.r_[2.0, np.ones(58), 0.0]
    repeated = np.r_[0, np.arange(59)]
    expected, spread = fit_spread(logits[repeated], labels[repeated])
    temperature, weighted = fit_spread(logits, labels, weight)
    assert spread is not None
    assert weighted is not None
    assert temperature == pytest.approx(expected, rel=1e-3)
    assert weighted.exponent == pytest.approx(spread.exponent, rel=1e-3)
    assert weighted.typical == pytest.approx(spread.typical)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 100), st.integers(1, 30))
def test_scales_with_logits_and_default_and_ignores_shifts(seed: int, scale: float, n: int) -> None:
    logits, labels = uneven(seed, n)
    shift = np.float32(10) * np.arange(n, dtype=np.float32)[:, None]
    scaled = (logits + shift) * np.float32(scale)
    before = probabilities(logits, fit_spread(logits, labels))
    after = probabilities(scaled, fit_spread(scaled, labels, default=scale))
    np.testing.assert_allclose(after, before, atol=3e-3)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(1e-3, 1e3))
def test_the_order_of_classes_stays(seed: int, exponent: float, typical: float) -> None:
    logits, _ = uneven(seed, 20)
    evened = Spread(typical, exponent).evened(logits)
    assert (evened.argsort(axis=1, kind="stable") == logits.argsort(axis=1, kind="stable")).all()
    assert (evened.max(axis=1) == 0).all()


def test_extreme_scores_stay_finite() -> None:
    rows = np.float32([[1e30, -1e30, 0], [1e-30, 0, 0], [5, 5, 5]])
    with np.errstate(all="raise", under="ignore"):
        made = probabilities(rows, (1.0, Spread(1.0, 1.0)))
    assert np.isfinite(made).all()
    assert made[2] == pytest.approx(1 / 3)


def test_survives_strict_json_and_older_content_has_none() -> None:
    calibration = Calibration(4.0, spread=Spread(6.5, 0.25))
    content = json.loads(json.dumps(calibration.to_json(), allow_nan=False))
    assert Calibration.from_json(content) == calibration
    del content["spread"]
    assert Calibration.from_json(content) == Calibration(4.0)


@pytest.mark.parametrize(
    "content",
    [
        {"typical": 0.0, "exponent": 0.5},
        {"typical": float("nan"), "exponent": 0.5},
        {"typical": 1.0, "exponent": 1.5},
        {"typical": 1.0, "exponent": -0.5},
        {"typical": 1.0, "exponent": "half"},
        {"typical": True, "exponent": 0.5},
        {"typical": 1.0},
        [],
        2.0,
    ],
)
def test_refuses_a_spread_that_is_none(content: Any) -> None:
    with pytest.raises(InvalidInputError):
        Calibration.from_json({**Calibration(4.0).to_json(), "spread": content})
