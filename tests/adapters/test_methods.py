"""What every few-shot method keeps to, whatever its rule is."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from clipcoder.adapters import linear_probe
from clipcoder.adapters.methods import METHODS, fit
from clipcoder.adapters.names import FEW_SHOT_METHODS
from clipcoder.adapters.support import Support
from clipcoder.errors import InvalidInputError, UnknownNameError

CLASSES, DIM = 5, 12
every_method = pytest.mark.parametrize("method", METHODS)


def clouds(shots: list[int], *, seed: int = 0, dim: int = DIM, **given: Any) -> Support:
    """Images about a centre a class, some distance from the class's text."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(len(shots), dim))
    labels = np.repeat(np.arange(len(shots)), shots)
    images = centres[labels] + 0.7 * rng.normal(size=(len(labels), dim))
    prototypes = centres + 1.5 * rng.normal(size=centres.shape)
    prototypes /= np.linalg.norm(prototypes, axis=1, keepdims=True)
    return Support.of(images, labels, prototypes, **{"texts": rng.normal(size=(20, dim)), **given})


def more_images(count: int = 200, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images of the same classes as ``clouds`` of that seed."""
    centres = np.random.default_rng(seed).normal(size=(CLASSES, DIM))
    rng = np.random.default_rng(1000)
    labels = rng.integers(CLASSES, size=count)
    return centres[labels] + 0.7 * rng.normal(size=(count, DIM)), labels


def test_every_name_has_a_method_and_every_method_a_name() -> None:
    assert tuple(METHODS) == FEW_SHOT_METHODS


@every_method
def test_examples_help(method: str) -> None:
    support = clouds([8] * CLASSES)
    images, labels = more_images()
    rows = images / np.linalg.norm(images, axis=1, keepdims=True)
    by_texts = (support.zero_shot(rows.astype(np.float32)).argmax(axis=1) == labels).mean()
    right = (fit(support, method).head.scores(images).argmax(axis=1) == labels).mean()
    assert right > by_texts + 0.05


@every_method
@pytest.mark.parametrize("shots", [[1] * CLASSES, [4, 1, 0, 2, 7], [3, 0, 0, 0, 0], [6], [2, 5]])
def test_any_number_of_shots_will_do(method: str, shots: list[int]) -> None:
    fitted = fit(clouds(shots), method)
    scores = fitted.head.scores(np.eye(DIM))
    assert scores.shape == (DIM, len(shots))
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    assert fitted.held_out.shape[0] == len(fitted.judged)
    assert all(isinstance(value, int | float) for value in fitted.settings.values())


@every_method
def test_the_order_of_images_changes_nothing(method: str) -> None:
    support = clouds([4, 3, 5, 2, 4])
    order = np.random.default_rng(3).permutation(len(support.labels))
    turned = replace(
        support, images=support.images[order], labels=support.labels[order], weight=support.weight[order]
    )
    expected = fit(support, method).head.scores(np.eye(DIM))
    np.testing.assert_allclose(fit(turned, method).head.scores(np.eye(DIM)), expected, rtol=1e-3, atol=1e-3)


@every_method
def test_the_order_of_classes_changes_nothing(method: str) -> None:
    support = clouds([4, 3, 5, 2, 4])
    order = np.array([3, 0, 4, 2, 1])
    turned = replace(support, prototypes=support.prototypes[order], labels=np.argsort(order)[support.labels])
    expected = fit(support, method).head.scores(np.eye(DIM))[:, order]
    np.testing.assert_allclose(fit(turned, method).head.scores(np.eye(DIM)), expected, rtol=1e-3, atol=1e-3)


@every_method
def test_the_texts_own_part_is_a_multiple_of_the_zero_shot_logits(method: str) -> None:
    support = clouds([4] * CLASSES)
    rows = support.images[:7]
    part, zero_shot = fit(support, method).head.from_texts(rows), support.zero_shot(rows)
    np.testing.assert_allclose(part, zero_shot * (part / zero_shot).flat[0], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("method", [m for m in METHODS if m != "coder-adapter"])  # which stretches anew
def test_held_out_logits_are_not_those_of_a_head_that_knows_the_image(method: str) -> None:
    support = clouds([4] * CLASSES)
    fitted = fit(support, method)
    own = np.arange(len(fitted.judged)), support.labels[fitted.judged]
    known = fitted.head.scores(support.images[fitted.judged])
    others = (np.delete(s, y).max() for s, y in zip(known, own[1], strict=True))
    lead_known = known[own] - np.fromiter(others, float)
    others = (np.delete(s, y).max() for s, y in zip(fitted.held_out, own[1], strict=True))
    assert (fitted.held_out[own] - np.fromiter(others, float)).mean() < lead_known.mean()


@every_method
def test_images_that_are_all_the_same_divide_nothing_by_zero(method: str) -> None:
    same = np.tile(np.ones(DIM), (6, 1))
    support = Support.of(same, [0, 0, 1, 1, 2, 2], np.eye(3, DIM), texts=np.eye(DIM))
    with np.errstate(all="raise", under="ignore"):
        scores = fit(support, method).head.scores(np.eye(DIM) + 0.1)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("method", [m for m in METHODS if m not in ("coder-adapter", "ape")])
def test_without_texts_images_alone_decide(method: str) -> None:
    known = clouds([8] * CLASSES)
    support = Support.of(known.images, known.labels, np.zeros((CLASSES, DIM)))
    images, labels = more_images()
    assert (fit(support, method).head.scores(images).argmax(axis=1) == labels).mean() > 0.6


def test_the_coder_adapter_compares_by_texts_and_says_so() -> None:
    known = clouds([2] * CLASSES)
    with pytest.raises(InvalidInputError, match="text"):
        fit(Support.of(known.images, known.labels, known.prototypes), "coder-adapter")


@every_method
def test_a_thousand_classes(method: str) -> None:
    support = clouds([2] * 1000, dim=24)
    right = fit(support, method).head.scores(support.images).argmax(axis=1) == support.labels
    assert right.mean() > 0.5


@pytest.mark.parametrize("method", ["tip-adapter", "coder-adapter", "ape"])
def test_ten_thousand_images_take_bounded_memory(method: str) -> None:
    support = clouds([100] * 100, dim=16)
    tracemalloc.start()
    fit(support, method)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000 * 10_000 * 4 / 1.2  # less than all affinities at once


@pytest.mark.parametrize("method", ["auto", "gda", "linear-probe"])
def test_many_images_are_never_all_compared_with_each_other(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for steps in ("_STEPS", "_STEPS_TO_JUDGE"):  # more of them take longer, and no more memory
        monkeypatch.setattr(linear_probe, steps, 3)
    support = clouds([100] * 50, dim=16)
    tracemalloc.start()
    with threadpool_limits(1):  # products as small as these only wait for each other
        fit(support, method)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000 * 5_000 * 4 / 2  # half of that matrix; the logits of all images take 2 MB in float64


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(UnknownNameError, match="unknown method 'tap-adapter': did you mean 'tip-adapter'"):
        fit(clouds([1, 1]), "tap-adapter")
