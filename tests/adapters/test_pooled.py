"""The pool of a Gaussian discriminant and a linear probe."""

from __future__ import annotations

import tracemalloc
from dataclasses import fields

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from clipcoder.adapters import auto, gaussian, linear_probe, methods, speakers
from clipcoder.adapters.fitted import Fitted
from clipcoder.adapters.gaussian import statistics
from clipcoder.adapters.heads import LinearHead
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


# Small support sets, all of which are judged: what came of them before large ones were judged in part


AS_EVER = {
    ("auto", False): (
        {"kappa": 8, "nu": 30, "slope": 0.3, "likelihood_weight": 2.791227, "gaussian_weight": 0.737605},
        [-1.4363111, -0.5967293, -0.6502449, -3.4994364, -0.457986],
        [3.1319695, 0.3718547, -3.6199646, -2.1694605, -2.611125],
    ),
    ("auto", True): (
        {"kappa": 8, "nu": 30, "slope": 0.3, "likelihood_weight": 2.860782, "gaussian_weight": 0.770028},
        [-1.9712783, -0.6194506, -0.5487336, -4.6801, -0.4994612],
        [3.8074727, 0.4486745, -4.6636643, -2.857886, -3.4861281],
    ),
    ("linear-probe", False): (
        {"penalty": 1.0, "text_share": 0.1},
        [0.3284059, 1.5380284, -0.4488573, -1.1092573, -0.3083196],
        [7.8025885, 4.0349197, -4.38061, 2.1353765, -1.728406],
    ),
    ("linear-probe", True): (
        {"penalty": 1.0, "text_share": 0.1},
        [0.1630141, 1.8376921, -0.4142184, -1.2340844, -0.3524034],
        [7.9491863, 4.0491633, -4.375928, 2.0473633, -1.805916],
    ),
}
"""Settings, biases and the held-out logits of the first image, of which all but the only one of its class is
judged; by method and whether images have weights."""


@pytest.mark.parametrize(("method", "weighted"), AS_EVER)
def test_small_sets_are_fitted_as_ever(method: str, weighted: bool) -> None:
    rng, shots = np.random.default_rng(7), [2, 7, 4, 9, 1]
    centres, labels = rng.normal(size=(5, 6)), np.repeat(np.arange(5), shots)
    images = centres[labels] + 0.8 * rng.normal(size=(23, 6))
    prototypes = unit_rows(centres + rng.normal(size=centres.shape))
    weight = rng.uniform(0.5, 2, 23) if weighted else None
    fitted = methods.fit(Support.of(images, labels, prototypes, sample_weight=weight), method)
    settings, bias, held_out = AS_EVER[method, weighted]
    assert {name: fitted.settings[name] for name in settings} == pytest.approx(settings, rel=1e-4)
    assert isinstance(fitted.head, LinearHead)
    np.testing.assert_allclose(fitted.head.bias, bias, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(fitted.held_out[0], held_out, rtol=1e-4, atol=1e-4)
    assert fitted.judged.tolist() == list(range(22))


# Large support sets


@pytest.mark.parametrize("shots", [3, 8])
def test_both_judge_the_same_images_of_a_large_set(shots: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speakers, "MOST_LOGITS", 60)  # 10 images of 6 classes
    support = clouds(shots)
    fitted = auto.fit(support)
    cloud, probe = weights_of(fitted)
    names = {field.name for field in fields(gaussian.GaussianSettings)}
    settings = gaussian.GaussianSettings(**{k: v for k, v in fitted.settings.items() if k in names})
    rows = speakers.speakers(support)
    by_cloud = gaussian.leave_one_out(support.images, support.labels, support.prototypes, settings)[rows]
    by_probe = linear_probe.fit(support, linear_probe.DEFAULT)
    assert len(rows) == min(6 * -(-shots // 4), 10)
    np.testing.assert_array_equal(fitted.judged, rows)
    np.testing.assert_array_equal(by_probe.judged, rows)
    expected = cloud * by_cloud + probe * by_probe.held_out
    np.testing.assert_allclose(fitted.held_out, expected, rtol=1e-4, atol=1e-3)


def test_a_large_set_of_one_image_a_class_has_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speakers, "MOST_LOGITS", 120)
    support = clouds(1, n_classes=20)
    fitted = auto.fit(support)
    assert not fitted.judged.size
    assert weights_of(fitted) == (0.5, 0.5)
    assert (fitted.head.scores(support.images).argmax(axis=1) == support.labels).all()


def test_noise_is_told_by_some_images_of_a_large_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speakers, "MOST_LOGITS", 600)  # 100 images
    fitted = auto.fit(clouds(80, random_labels=True))
    assert len(fitted.judged) == 100
    assert "probe_weight" not in fitted.settings


@pytest.mark.parametrize("method", ["auto", "linear-probe"])
def test_memory_is_bounded_by_the_images_that_are_judged(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 1 << 16
    for module, name in ((speakers, "MOST_LOGITS"), (linear_probe, "MOST_LOGITS"), (statistics, "_AT_ONCE")):
        monkeypatch.setattr(module, name, most)
    for steps in ("_STEPS", "_STEPS_TO_JUDGE"):  # more of them take longer, and no more memory
        monkeypatch.setattr(linear_probe, steps, 3)
    support = clouds(60, n_classes=200)
    tracemalloc.start()
    with threadpool_limits(1):  # products as small as these only wait for each other
        methods.fit(support, method)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < len(support.labels) * 200 * 8  # the logits of all images once, in float64
