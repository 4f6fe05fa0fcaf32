"""When to be silent: thresholds by hand, and bounds that hold for images that were not labelled."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.labelled_images import drawn
from clipcoder.arrays import softmax
from clipcoder.calibration import NEVER, threshold_for_error
from clipcoder.errors import InvalidInputError


def rows(best: list[float]) -> list[list[float]]:
    return [[p, 1 - p] for p in best]


@pytest.mark.parametrize(
    ("rate", "threshold"),
    [(0.5, 0.0), (0.3, 0.6), (0.2, 0.8), (0.001, 0.8)],
)
def test_threshold_by_hand(rate: float, threshold: float) -> None:
    """Right, right, wrong, right, wrong: error rates from above 0, 0, 1/3, 1/4, 2/5."""
    found = threshold_for_error(rows([0.9, 0.8, 0.7, 0.6, 0.55]), [0, 0, 1, 0, 1], rate)
    assert found == pytest.approx(threshold)


def test_looks_beyond_a_threshold_that_fails_for_one_that_answers_more() -> None:
    assert threshold_for_error(rows([0.9, 0.8, 0.7]), [1, 0, 0], 0.34) == 0.0


def test_equal_confidences_are_answered_together_or_not_at_all() -> None:
    assert threshold_for_error(rows([0.9, 0.8, 0.8]), [0, 0, 1], 0.1) == pytest.approx(0.9)
    assert threshold_for_error(rows([0.8, 0.8]), [0, 1], 0.4) == NEVER


def test_all_right_answers_all_and_all_wrong_none() -> None:
    assert threshold_for_error(rows([0.9, 0.6]), [0, 0], 0.01) == 0.0
    assert threshold_for_error(rows([0.9, 0.6]), [1, 1], 0.99) == NEVER == math.inf


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.floats(0.02, 0.6))
def test_is_the_least_threshold_that_keeps_the_rate(seed: int, n: int, rate: float) -> None:
    logits, labels = drawn(seed, n)
    probabilities = softmax(logits)
    best, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    keeping = [t for t in np.unique(best) if (~right[best >= t]).mean() <= rate]
    found = threshold_for_error(probabilities, labels, rate)
    if not keeping:
        assert found == NEVER
    else:
        assert (best >= found).sum() == (best >= min(keeping)).sum()


def test_a_bound_keeps_the_rate_as_often_as_it_says() -> None:
    pool, truth = drawn(4, 30_000)
    pool_probabilities = softmax(pool)
    best, right = pool_probabilities.max(axis=1), pool_probabilities.argmax(axis=1) == truth
    broken = {None: 0, 0.9: 0}
    for seed in range(200):
        chosen = np.random.default_rng(seed).choice(len(truth), 100, replace=False)
        for confidence in broken:
            threshold = threshold_for_error(
                pool_probabilities[chosen], truth[chosen], 0.2, confidence=confidence
            )
            answered = best >= threshold
            broken[confidence] += answered.any() and (~right[answered]).mean() > 0.2
    assert broken[0.9] <= 0.1 * 200
    assert broken[None] > 0.3 * 200  # which the bound is there for


def test_a_bound_silences_where_images_are_too_few_to_know() -> None:
    few = rows([0.9, 0.8, 0.7])
    assert threshold_for_error(few, [0, 0, 0], 0.05, confidence=0.9) == NEVER
    many = rows([0.6 + 0.001 * i for i in range(300)])
    assert threshold_for_error(many, [0] * 300, 0.05, confidence=0.9) == 0.0


@pytest.mark.parametrize("rate", [0, 1, True, "low"])
def test_refuses_a_rate_that_is_none(rate: object) -> None:
    with pytest.raises(InvalidInputError, match="error_rate must be a number between 0 and 1"):
        threshold_for_error([[1.0, 0.0]], [0], rate)  # type: ignore[arg-type]


def test_refuses_a_confidence_that_is_none_and_no_image() -> None:
    with pytest.raises(InvalidInputError, match="confidence must be a number between 0 and 1"):
        threshold_for_error([[1.0, 0.0]], [0], 0.1, confidence=1.0)
    with pytest.raises(InvalidInputError, match="at least 1 labelled image"):
        threshold_for_error(np.zeros((0, 2)), [], 0.1)
