"""Probabilities of classes that do not exclude each other."""

from __future__ import annotations

import numpy as np
import pytest

from clipcoder.calibration import Platt, fit_platt
from clipcoder.errors import InvalidInputError


def test_finds_the_slope_and_bias_that_labels_were_drawn_with() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(20, 5, size=(4_000, 6)).astype(np.float32)
    holds = rng.random(scores.shape) < Platt(0.4, -9.0).probabilities(scores)
    found = fit_platt(scores, holds)
    assert found.slope == pytest.approx(0.4, rel=0.05)
    assert found.bias == pytest.approx(-9.0, rel=0.05)


def test_probabilities_agree_with_how_often_classes_are_shown() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, 800)
    scores = rng.normal(size=(800, 4)) + 3 * (labels[:, None] == np.arange(4))
    assert fit_platt(scores, labels).probabilities(scores).mean() == pytest.approx(0.25, abs=0.005)


def test_a_label_is_its_one_hot_row() -> None:
    scores, labels = np.random.default_rng(2).normal(size=(20, 3)), np.arange(20) % 3
    assert fit_platt(scores, labels) == fit_platt(scores, np.eye(3, dtype=int)[labels])


@pytest.mark.parametrize("n", [1, 2, 10])
def test_scores_that_separate_give_finite_numbers_and_more_images_more_certainty(n: int) -> None:
    scores, labels = [[30.0, 10.0]] * n, [0] * n
    high, low = fit_platt(scores, labels).probabilities([[30.0, 10.0]])[0]
    assert high == pytest.approx((n + 1) / (n + 2), abs=0.01)
    assert low == pytest.approx(1 / (n + 2), abs=0.01)


def test_never_turns_scores_around() -> None:
    found = fit_platt([[1.0, 9.0], [2.0, 8.0]], [0, 0])
    assert found.slope == 0.0
    assert found.probabilities([[5.0, 50.0]])[0] == pytest.approx([0.5, 0.5])


def test_flat_scores_and_one_class_have_the_share_for_a_probability() -> None:
    assert fit_platt(np.ones((8, 4)), np.arange(8) % 4).probabilities([[1.0]])[0, 0] == pytest.approx(
        0.25, abs=0.05
    )
    assert fit_platt([[1.0], [2.0]], [0, 0]).probabilities([[1.5]])[0, 0] > 0.5


def test_images_that_show_nothing_or_everything() -> None:
    nothing = fit_platt([[1.0, 2.0]] * 20, np.zeros((20, 2)))
    everything = fit_platt([[1.0, 2.0]] * 20, np.ones((20, 2)))
    assert nothing.probabilities([[1.0, 2.0]]).max() < 0.05
    assert everything.probabilities([[1.0, 2.0]]).min() > 0.95


def test_extreme_scores_saturate_quietly() -> None:
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert Platt(1.0, 0.0).probabilities([[1e6, -1e6]]).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("labels", [np.ones((2, 3)), np.full((2, 2), 0.5), np.ones((3, 2))])
def test_refuses_labels_that_are_not_one_or_zero_for_each_score(labels: np.ndarray) -> None:
    with pytest.raises(InvalidInputError, match="labels of several classes must be 0 or 1"):
        fit_platt([[1.0, 2.0], [2.0, 1.0]], labels)


def test_refuses_no_image() -> None:
    with pytest.raises(InvalidInputError, match="at least 1 labelled image"):
        fit_platt(np.zeros((0, 3)), [])
