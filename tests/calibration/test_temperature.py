"""The temperature: found where it is known, held by its default where nothing can be known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.labelled_images import drawn
from clipcoder.arrays import softmax
from clipcoder.calibration import fit_temperature, negative_log_likelihood
from clipcoder.calibration.temperature import PRIOR_IMAGES
from clipcoder.errors import InvalidInputError


@pytest.mark.parametrize("truth", [0.25, 1.0, 4.0])
def test_finds_the_temperature_that_labels_were_drawn_with(truth: float) -> None:
    logits, labels = drawn(0, 20_000, temperature=truth)
    assert fit_temperature(logits, labels) == pytest.approx(truth, rel=0.05)


def test_is_the_minimum_of_likelihood_and_prior() -> None:
    logits, labels = drawn(1, 40, temperature=2.0)
    found = fit_temperature(logits, labels, default=1.5)

    def loss(temperature: float) -> float:
        step = 1.5 / temperature
        fit = 40 * negative_log_likelihood(softmax(logits, temperature=temperature), labels)
        return fit + PRIOR_IMAGES * (step - float(np.log(step)))

    assert loss(found) < min(loss(found * 1.02), loss(found / 1.02))


@pytest.mark.parametrize("n_classes", [1, 3])
def test_no_image_and_one_class_leave_the_default(n_classes: int) -> None:
    assert fit_temperature(np.zeros((0, n_classes)), [], default=4.0) == pytest.approx(4.0)
    assert fit_temperature([[7.0], [3.0]], [0, 0], default=4.0) == pytest.approx(4.0)


@pytest.mark.parametrize("n", [1, 3, 10])
def test_a_few_images_all_right_lower_it_but_within_reason(n: int) -> None:
    sure = np.tile([[9.0, 5.0, 5.0]], (n, 1))
    assert 1.0 < fit_temperature(sure, np.zeros(n, int), default=4.0) < 4.0


@pytest.mark.parametrize("n", [1, 3])
def test_a_few_images_all_wrong_raise_it_but_not_to_indifference(n: int) -> None:
    wrong = np.tile([[9.0, 5.0, 5.0]], (n, 1))
    assert 4.0 < fit_temperature(wrong, np.ones(n, int), default=4.0) < 40.0


def test_ten_labels_come_nearer_than_a_bad_default() -> None:
    errors = [
        abs(np.log(fit_temperature(*drawn(seed, 10, 10, temperature=3.0), default=1.0) / 3.0))
        for seed in range(20)
    ]
    assert np.mean(errors) < 0.5 * np.log(3.0)


def test_extreme_logits_stay_within_a_thousand_times_the_default() -> None:
    assert fit_temperature([[1e30, 0.0]] * 9, [1] * 9) == pytest.approx(1e3)
    assert fit_temperature([[1e-30, 0.0]] * 9, [0] * 9) == pytest.approx(1.0)
    assert fit_temperature([[1e-3, 0.0]], [0], [1e6]) == pytest.approx(1e-3)


def test_a_weight_of_two_is_an_image_twice_and_zero_is_none() -> None:
    logits, labels = drawn(2, 12)
    weight = np.r_[2.0, np.ones(10), 0.0]
    repeated = np.r_[0, np.arange(11)]
    expected = fit_temperature(logits[repeated], labels[repeated])
    assert fit_temperature(logits, labels, weight) == pytest.approx(expected)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 100), st.integers(1, 30))
def test_scales_with_logits_and_default_and_ignores_shifts(seed: int, scale: float, n: int) -> None:
    logits, labels = drawn(seed, n)
    shift = np.float32(10) * np.arange(n, dtype=np.float32)[:, None]
    scaled = fit_temperature((logits + shift) * np.float32(scale), labels, default=scale)
    assert scaled == pytest.approx(scale * fit_temperature(logits, labels), rel=1e-3)


@pytest.mark.parametrize("weight", [[1.0], [1.0, -1.0], [np.nan, 1.0]])
def test_refuses_weights_that_are_none(weight: list[float]) -> None:
    with pytest.raises(InvalidInputError, match="one number, 0 or more, for each of the 2"):
        fit_temperature([[1, 0], [0, 1]], [0, 1], weight)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("inf"), float("nan")])
def test_refuses_a_default_or_a_prior_that_is_not_positive(bad: float) -> None:
    with pytest.raises(InvalidInputError, match="default must be a positive number"):
        fit_temperature([[1, 0]], [0], default=bad)
    with pytest.raises(InvalidInputError, match="prior must be a positive number"):
        fit_temperature([[1, 0]], [0], prior=bad)


def test_refuses_labels_of_classes_that_have_no_logit() -> None:
    with pytest.raises(InvalidInputError, match="labels must lie between 0 and 1"):
        fit_temperature([[1, 0]], [2])
