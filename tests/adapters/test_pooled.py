"""The pool of a Gaussian discriminant and a linear probe."""

from __future__ import annotations

import numpy as np
import pytest

from clipcoder.adapters import auto, gaussian, linear_probe
from clipcoder.adapters.fitted import Fitted
from clipcoder.adapters.support import LOGIT_SCALE, Support
from clipcoder.arrays import FloatArray, unit_rows


def clouds(shots: int, *, n_classes: int = 6, spread: float = 0.6, random_labels: bool = False) -> Support:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(n_classes, 12))
    labels = np.repeat(np.arange(n_classes), shots)
    images = centres[labels] + spread * rng.normal(size=(len(labels), 12))
    prototypes = unit_rows(centres + rng.normal(size=centres.shape))
    return Support.of(images, rng.permutation(labels) if random_labels else labels, prototypes)


def parts(support: Support) -> tuple[gaussian.GaussianChoice, FloatArray, FloatArray]:
    """Return the Gaussian's choice and the logits of the two for the support images themselves."""
    known = support.images, support.labels, support.prototypes
    choice = gaussian.choose(*known)
    by_cloud = gaussian.fit(*known, choice.settings).scores(support.images)
    by_probe = linear_probe.fit(support, linear_probe.DEFAULT).head.scores(support.images)
    return choice, by_cloud, by_probe


def surprise(logits: FloatArray, labels: np.ndarray) -> float:
    rows = logits.astype(np.float64)
    rows -= rows.max(axis=1, keepdims=True)
    chances = rows - np.log(np.exp(rows).sum(axis=1, keepdims=True))
    return float(-chances[np.arange(len(labels)), labels].mean())


def weights_of(fitted: Fitted) -> tuple[float, float]:
    return fitted.settings["gaussian_weight"], fitted.settings["probe_weight"]


@pytest.mark.parametrize("shots", [1, 2, 4])
def test_logits_are_the_weighted_sum_of_both(shots: int) -> None:
    support = clouds(shots)
    fitted = auto.fit(support)
    cloud, probe = weights_of(fitted)
    _, by_cloud, by_probe = parts(support)
    expected = cloud * by_cloud + probe * by_probe
    np.testing.assert_allclose(fitted.head.scores(support.images), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shots", [1, 2])
def test_with_few_images_each_counts_half(shots: int) -> None:
    assert weights_of(auto.fit(clouds(shots))) == (0.5, 0.5)


@pytest.mark.parametrize("shots", [3, 8])
def test_with_more_the_held_out_labels_are_likelier_than_under_either_alone(shots: int) -> None:
    support = clouds(shots)
    fitted = auto.fit(support)
    known = support.images, support.labels, support.prototypes
    by_cloud = gaussian.leave_one_out(*known, gaussian.choose(*known).settings)
    by_probe = linear_probe.fit(support, linear_probe.DEFAULT).held_out
    pooled = surprise(fitted.held_out, support.labels)
    assert pooled <= surprise(by_cloud, support.labels) + 1e-3
    assert pooled <= surprise(by_probe, support.labels) + 1e-3
    assert weights_of(fitted) != (0.5, 0.5)


def test_the_texts_own_part_is_that_of_both() -> None:
    support = clouds(4)
    fitted = auto.fit(support)
    cloud, probe = weights_of(fitted)
    share = cloud * fitted.settings["zero_shot_weight"] + probe * fitted.settings["text_share"]
    np.testing.assert_allclose(
        fitted.head.from_texts(support.images),
        share * LOGIT_SCALE * support.images @ support.prototypes.T,
        rtol=1e-4,
        atol=1e-3,
    )


def test_labels_that_are_noise_leave_zero_shot_scores() -> None:
    support = clouds(20, random_labels=True)
    fitted = auto.fit(support)
    assert "probe_weight" not in fitted.settings
    np.testing.assert_allclose(
        fitted.head.scores(support.images), support.zero_shot(support.images), rtol=1e-4, atol=1e-3
    )


def test_one_class_is_all_there_is() -> None:
    fitted = auto.fit(clouds(3, n_classes=1))
    assert fitted.head.scores(np.eye(12)).shape == (12, 1)
    assert not fitted.judged.size


def test_held_out_logits_do_not_see_the_image() -> None:
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(4), 6)
    support = Support.of(rng.normal(size=(24, 40)), labels, np.zeros((4, 40)))  # nothing to be told
    fitted = auto.fit(support)
    assert (fitted.held_out.argmax(axis=1) == labels).mean() < 0.6
