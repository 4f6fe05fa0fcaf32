"""Conformal sets: the coverage that was asked for, neither less nor much more, and thresholds by hand."""

from __future__ import annotations

import json
import math
import sys

import numpy as np
import pytest

from calibration.labelled_images import drawn
from clipcoder.arrays import softmax
from clipcoder.calibration import Conformal, fit_conformal
from clipcoder.errors import InvalidInputError, MissingExtraError


def rows(first: list[float]) -> list[list[float]]:
    return [[p, 1 - p] for p in first]


@pytest.mark.parametrize(
    ("coverage", "threshold"),
    [(0.4, 0.7), (0.5, 0.6), (0.6, 0.6), (0.65, 0.5), (0.8, 0.5), (0.81, 0.0), (0.9, 0.0), (1e-12, 0.8)],
)
def test_threshold_by_hand(coverage: float, threshold: float) -> None:
    """Of n = 4, the k-th largest with k = ceil(5 coverage); none is left above 4 / 5."""
    found = fit_conformal(rows([0.8, 0.5, 0.7, 0.6]), [0, 0, 0, 0], coverage)
    assert found.thresholds == (pytest.approx(threshold),)


def test_nine_images_are_enough_for_nine_tenths() -> None:
    assert fit_conformal(rows([0.1 * i for i in range(1, 10)]), [0] * 9, 0.9).thresholds[0] > 0
    assert fit_conformal(rows([0.1 * i for i in range(1, 9)]), [0] * 8, 0.9).thresholds == (0.0,)


def test_a_class_at_the_threshold_is_in_and_so_are_all_of_its_ties() -> None:
    found = fit_conformal(rows([0.5, 0.5, 0.5, 0.5]), [0, 0, 1, 1], 0.5)
    assert found.sets([[0.5, 0.5], [0.49, 0.51]]).tolist() == [[True, True], [False, True]]


def test_a_set_is_empty_where_no_class_is_likely_enough() -> None:
    assert not Conformal(0.8, (0.9,)).sets([[0.6, 0.4]]).any()


def coverages(class_conditional: bool, n: int, coverage: float, trials: int) -> np.ndarray:
    """Return for each random calibration set of n the exact coverage on many others, in all and a class."""
    logits, labels = drawn(9, 20_000, 3)
    probabilities = softmax(logits, temperature=0.4)  # far from calibrated: the guarantee does not mind
    found = []
    for seed in range(trials):
        chosen = np.random.default_rng(seed).choice(len(labels), n, replace=False)
        fitted = fit_conformal(
            probabilities[chosen], labels[chosen], coverage, class_conditional=class_conditional
        )
        inside = fitted.sets(probabilities)[np.arange(len(labels)), labels]
        found.append([inside.mean(), *(inside[labels == c].mean() for c in range(3))])
    return np.array(found)


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_coverage_is_exact_on_average(coverage: float) -> None:
    n, trials = 49, 300
    expected = math.ceil((n + 1) * coverage) / (n + 1)
    spread = math.sqrt(coverage * (1 - coverage) / n / trials)
    assert abs(coverages(False, n, coverage, trials)[:, 0].mean() - expected) < 4 * spread


def test_each_class_has_its_coverage_where_it_was_asked_for() -> None:
    marginal = coverages(False, 300, 0.9, 40).mean(axis=0)
    conditional = coverages(True, 300, 0.9, 40).mean(axis=0)
    assert (conditional[1:] > 0.89).all()
    assert (conditional < 0.93).all()
    assert abs(marginal[0] - 0.9) < 0.01


def test_marginal_sets_may_neglect_a_class_and_conditional_ones_do_not() -> None:
    """A class that the classifier never believes in, one image in ten."""
    labels = np.array(([0] * 9 + [1]) * 40)
    p = np.where(labels == 0, 0.9, 0.8) + np.random.default_rng(0).uniform(0, 0.1, 400)
    probabilities = np.stack([p, 1 - p], axis=1)
    seen = {}
    for conditional in (False, True):
        sets = fit_conformal(probabilities, labels, 0.85, class_conditional=conditional).sets(probabilities)
        seen[conditional] = sets[labels == 1, 1].mean()
    assert seen[False] == 0.0
    assert seen[True] > 0.85


def test_a_class_with_too_few_images_is_in_every_set_and_is_named() -> None:
    fitted = fit_conformal(
        [[0.8, 0.1, 0.1]] * 9 + [[0.1, 0.8, 0.1]] * 3,
        [0] * 9 + [1] * 3,
        0.9,
        class_conditional=True,
    )
    assert fitted.always == (1, 2)
    assert fitted.sets([[1.0, 0.0, 0.0]]).tolist() == [[True, True, True]]
    assert Conformal(0.9, (0.0,)).always == ()


def test_thresholds_survive_json_to_the_last_bit() -> None:
    logits, labels = drawn(3, 60)
    fitted = fit_conformal(softmax(logits), labels, 0.8, class_conditional=True)
    back = Conformal.from_json(json.loads(json.dumps(fitted.to_json())))
    assert back == fitted
    assert (back.sets(softmax(logits)) == fitted.sets(softmax(logits))).all()


def test_using_sets_needs_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "crepes", None)
    assert Conformal(0.9, (0.3,)).sets([[0.6, 0.4]]).all()
    with pytest.raises(MissingExtraError, match=r"clipcoder\[conformal\]"):
        fit_conformal([[0.6, 0.4]], [0], 0.9)


def test_learning_leaves_the_random_numbers_of_others_alone() -> None:
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    fit_conformal(rows([0.8, 0.5]), [0, 0], 0.5)
    assert (np.random.get_state()[1] == before).all()


@pytest.mark.parametrize("coverage", [0, 1, 1.5, -0.1, True, "0.9", float("nan")])
def test_refuses_a_coverage_that_is_none(coverage: object) -> None:
    with pytest.raises(InvalidInputError, match="coverage must be a number between 0 and 1"):
        fit_conformal([[0.6, 0.4]], [0], coverage)  # type: ignore[arg-type]


def test_refuses_no_image_and_other_classes() -> None:
    with pytest.raises(InvalidInputError, match="at least 1 labelled image"):
        fit_conformal(np.zeros((0, 2)), [], 0.9)
    with pytest.raises(InvalidInputError, match="of 3 classes, but the probabilities are of 2"):
        Conformal(0.9, (0.1, 0.1, 0.1), class_conditional=True).sets([[0.5, 0.5]])
