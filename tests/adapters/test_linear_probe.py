"""Logistic regression that starts at the texts."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from clipcoder.adapters import linear_probe, speakers
from clipcoder.adapters.heads import LinearHead
from clipcoder.adapters.linear_probe import PENALTIES, TEXT_SHARES, fit
from clipcoder.adapters.speakers import folds_of
from clipcoder.adapters.support import Support
from clipcoder.arrays import unit_rows


def clouds(shots: list[int], *, texts: bool = True, weight: list[float] | None = None) -> Support:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(len(shots), 8))
    labels = np.repeat(np.arange(len(shots)), shots)
    images = centres[labels] + rng.normal(size=(len(labels), 8))
    prototypes = unit_rows(centres + rng.normal(size=centres.shape)) if texts else np.zeros_like(centres)
    return Support.of(images, labels, prototypes, sample_weight=weight)


def test_without_texts_it_is_ridge_logistic_regression() -> None:
    support = clouds([1, 1, 1], texts=False)  # one shot, so penalty is 1
    rows = 10 * (support.images - support.images.mean(axis=0))
    model = LogisticRegression(C=1, fit_intercept=False, tol=1e-10, max_iter=1000).fit(rows, support.labels)
    expected = model.decision_function(rows)
    np.testing.assert_allclose(fit(support).head.scores(support.images), expected, atol=1e-3)


def test_the_gradient_vanishes_at_what_it_finds() -> None:
    support = clouds([1, 1, 1])
    head = fit(support).head
    logits = head.scores(support.images).astype(np.float64)
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    chances[np.arange(3), support.labels] -= 1
    rows = 10 * (support.images - support.images.mean(axis=0))
    step = (head.weights - 0.1 * 100 * support.prototypes).T / 10  # type: ignore[union-attr]
    np.testing.assert_allclose(rows.T @ chances + step, 0, atol=1e-3)


def test_an_image_of_weight_2_is_that_image_twice() -> None:
    support = clouds([1] * 5, weight=[1, 2, 1, 1, 1])
    again = [0, 1, 1, 2, 3, 4]  # too few with company to be judged, so that the settings are the same
    twice = Support.of(support.images[again], support.labels[again], support.prototypes)
    images = np.eye(8)
    np.testing.assert_allclose(
        fit(support).head.scores(images), fit(twice).head.scores(images), rtol=1e-3, atol=1e-3
    )


def test_every_image_with_company_is_left_out_once_and_leaves_company_behind() -> None:
    support = clouds([1, 2, 5, 9])
    folds = folds_of(support)
    assert (folds >= 0).tolist() == support.has_company.tolist()
    for fold in range(4):
        left = np.bincount(support.labels[folds != fold], minlength=4)
        assert left.min() >= 1


def test_held_out_logits_know_nothing_of_an_image_s_own_label() -> None:
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(4), 6)
    support = Support.of(rng.normal(size=(24, 40)), labels, np.zeros((4, 40)))  # nothing to be told
    fitted = fit(support)
    known = (fitted.head.scores(support.images).argmax(axis=1) == labels).mean()
    held_out = (fitted.held_out.argmax(axis=1) == labels[fitted.judged]).mean()
    assert known == 1
    assert held_out < 0.6


@pytest.mark.parametrize("shots", [2, 8])
def test_settings_are_among_those_that_are_tried(shots: int) -> None:
    fitted = fit(clouds([shots] * 4))
    assert fitted.settings["penalty"] in PENALTIES
    assert fitted.settings["text_share"] in TEXT_SHARES
    assert fitted.held_out.shape == (4 * shots, 4)


def test_texts_that_are_right_are_kept_and_texts_that_are_wrong_are_not() -> None:
    support = clouds([6] * 4)
    means = unit_rows([support.images[support.labels == c].mean(axis=0) for c in range(4)])
    right = Support.of(support.images, support.labels, means)
    wrong = Support.of(support.images, support.labels, np.roll(means, 1, axis=0))
    assert fit(wrong).settings["text_share"] == min(TEXT_SHARES)
    assert fit(right).head.scores(support.images).argmax(axis=1).tolist() == support.labels.tolist()


# Large support sets


@pytest.fixture
def all_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every support set for a large one, of which 10 images of 4 classes are judged."""
    monkeypatch.setattr(speakers, "MOST_LOGITS", 40)
    monkeypatch.setattr(linear_probe, "MOST_LOGITS", 40)


@pytest.mark.usefixtures("all_large")
def test_held_out_logits_of_a_large_set_are_those_of_a_fit_to_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(linear_probe, "_STEPS_TO_JUDGE", linear_probe._STEPS)
    support = clouds([12, 9, 14, 1], weight=np.random.default_rng(1).uniform(0.5, 2, 36).tolist())
    fitted = fit(support, (1.0, 0.1))
    rest = np.setdiff1d(np.arange(36), fitted.judged)
    others = Support.of(
        support.images[rest], support.labels[rest], support.prototypes, sample_weight=support.weight[rest]
    )
    expected = fit(others, (1.0, 0.1)).head.scores(support.images[fitted.judged])
    assert len(fitted.judged) == 10
    assert fitted.held_out.dtype == np.float32
    np.testing.assert_allclose(fitted.held_out, expected, atol=2e-3)


@pytest.mark.usefixtures("all_large")
def test_a_setting_is_one_fit_in_a_large_set(monkeypatch: pytest.MonkeyPatch) -> None:
    fits = []
    head = linear_probe._Known.head

    def counted(known: linear_probe._Known, *settings: float, steps: int) -> LinearHead:
        fits.append(len(known.labels))
        return head(known, *settings, steps=steps)

    monkeypatch.setattr(linear_probe._Known, "head", counted)
    fit(clouds([12] * 4))
    assert fits == [38] * len(PENALTIES) * len(TEXT_SHARES) + [48]


def test_a_large_set_is_fitted_as_a_small_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    support = clouds([12] * 4, weight=np.random.default_rng(1).uniform(0.5, 2, 48).tolist())
    in_float64 = fit(support, (1.0, 0.1)).head.scores(np.eye(8))
    monkeypatch.setattr(linear_probe, "MOST_LOGITS", 20)  # five images at a time
    np.testing.assert_allclose(fit(support, (1.0, 0.1)).head.scores(np.eye(8)), in_float64, atol=1e-4)
    monkeypatch.setattr(speakers, "MOST_LOGITS", 20)  # and in float32, which is through a little sooner
    np.testing.assert_allclose(fit(support, (1.0, 0.1)).head.scores(np.eye(8)), in_float64, atol=2e-2)


@pytest.mark.usefixtures("all_large")
def test_settings_of_a_large_set_follow_its_texts() -> None:
    support = clouds([12] * 4)
    means = unit_rows([support.images[support.labels == c].mean(axis=0) for c in range(4)])
    wrong = Support.of(support.images, support.labels, np.roll(means, 1, axis=0))
    assert fit(wrong).settings["text_share"] == min(TEXT_SHARES)


@pytest.mark.usefixtures("all_large")
def test_a_large_set_of_one_image_a_class_has_the_default_settings() -> None:
    fitted = fit(clouds([1] * 20))
    assert fitted.settings == {"penalty": 1.0, "text_share": 0.1}
    assert not fitted.judged.size
