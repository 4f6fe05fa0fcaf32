"""Calibration error and its kin, beside cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.labelled_images import drawn
from clipcoder.arrays import softmax
from clipcoder.calibration import (
    brier_score,
    expected_calibration_error,
    negative_log_likelihood,
    reliability,
)
from clipcoder.errors import InvalidInputError

FOUR = [[0.95, 0.05], [0.9, 0.1], [0.4, 0.6], [0.45, 0.55]]


def test_reliability_by_hand() -> None:
    low, high = reliability(FOUR, [0, 0, 0, 1], n_bins=5)
    assert (low.lower, low.upper, low.count) == (pytest.approx(0.4), pytest.approx(0.6), 2)
    assert (low.confidence, low.accuracy) == (pytest.approx(0.575), 0.5)
    assert (high.lower, high.count, high.accuracy) == (pytest.approx(0.8), 2, 1.0)


def test_error_by_hand() -> None:
    expected = 0.5 * abs(0.5 - 0.575) + 0.5 * abs(1 - 0.925)
    assert expected_calibration_error(FOUR, [0, 0, 0, 1], n_bins=5) == pytest.approx(expected)


def test_a_confidence_on_an_edge_belongs_below_it() -> None:
    (only,) = reliability([[0.5, 0.5]], [0], n_bins=2)
    assert (only.lower, only.upper) == (0.0, 0.5)
    (only,) = reliability([[1.0, 0.0]], [0], n_bins=15)
    assert only.upper == 1.0


def test_one_bin_compares_the_means() -> None:
    error = expected_calibration_error(FOUR, [1, 1, 1, 1], n_bins=1)
    assert error == pytest.approx(abs(0.5 - np.mean([0.95, 0.9, 0.6, 0.55])))


def test_tells_calibrated_from_overconfident() -> None:
    logits, labels = drawn(0, 20_000)
    assert expected_calibration_error(softmax(logits), labels) < 0.015
    assert expected_calibration_error(softmax(logits, temperature=0.25), labels) > 0.1


def test_true_probabilities_have_the_best_likelihood_and_brier_score() -> None:
    logits, labels = drawn(0, 5_000)
    for measure in (negative_log_likelihood, brier_score):
        best = measure(softmax(logits), labels)
        assert best < min(measure(softmax(logits, temperature=t), labels) for t in (0.5, 2.0))


def test_a_label_held_for_impossible_costs_infinitely_much() -> None:
    assert negative_log_likelihood([[1.0, 0.0]], [1]) == np.inf
    assert brier_score([[1.0, 0.0]], [1]) == 2.0


@pytest.mark.parametrize("measure", [expected_calibration_error, negative_log_likelihood, brier_score])
def test_refuses_no_image_and_what_is_no_probability(measure) -> None:
    with pytest.raises(InvalidInputError, match="at least 1 labelled image"):
        measure(np.zeros((0, 2)), [])
    with pytest.raises(InvalidInputError, match="sum to 1"):
        measure([[0.5, 0.6]], [0])
    with pytest.raises(InvalidInputError, match="sum to 1"):
        measure([[-0.5, 1.5]], [0])


@pytest.mark.parametrize("bins", [0, 2.5, True])
def test_refuses_bins_that_cannot_be(bins: object) -> None:
    with pytest.raises(InvalidInputError, match="n_bins must be a whole number"):
        expected_calibration_error([[1.0, 0.0]], [0], bins)  # type: ignore[arg-type]
