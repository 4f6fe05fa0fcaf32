"""Classes without labelled images in a linear rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.adapters import auto, linear_probe, unseen
from clipcoder.adapters.fitted import Fitted
from clipcoder.adapters.heads import LinearHead
from clipcoder.adapters.support import LOGIT_SCALE, Support
from clipcoder.arrays import FloatArray, unit_rows


def world(shots: list[int], seed: int = 0) -> tuple[Support, FloatArray]:
    """Return a support set with so many images of each class, and a photo of each class to come."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(len(shots), 16))
    labels = np.repeat(np.arange(len(shots)), shots)
    images = centres[labels] + 0.3 * rng.normal(size=(len(labels), 16))
    texts = centres + 0.3 * rng.normal(size=centres.shape)
    to_come = centres + 0.3 * rng.normal(size=centres.shape)
    return Support.of(images, labels, unit_rows(texts)), unit_rows(to_come)


def zero_shot(support: Support) -> Fitted:
    """A rule that learns nothing."""
    weights = LOGIT_SCALE * support.prototypes
    bias = np.zeros(support.n_classes, np.float32)
    return Fitted(LinearHead(weights, bias, support.prototypes, 1.0), {})


@pytest.mark.parametrize("method", [auto.fit, linear_probe.fit])
@pytest.mark.parametrize("shots", [1, 2, 16])
def test_images_of_unseen_classes_are_found(method, shots: int) -> None:  # type: ignore[no-untyped-def]
    support, to_come = world([shots, 0, shots, shots, 0, shots, 0, shots])
    found = unseen.fit(method, support).head.scores(to_come).argmax(axis=1)
    assert (found == np.arange(8)).all()


def test_logits_of_seen_classes_are_those_of_a_fit_to_them_alone() -> None:
    support, to_come = world([3, 0, 3, 3])
    seen = [0, 2, 3]
    alone = Support.of(support.images, np.repeat([0, 1, 2], 3), support.prototypes[seen])
    np.testing.assert_allclose(
        unseen.fit(auto.fit, support).head.scores(to_come)[:, seen],
        auto.fit(alone).head.scores(to_come),
        rtol=1e-5,
        atol=1e-5,
    )


@given(st.integers(0, 1000))
def test_a_rule_that_learned_nothing_leaves_zero_shot_logits(seed: int) -> None:
    support, to_come = world([2, 0, 1, 3, 0], seed)
    logits = unseen.fit(zero_shot, support).head.scores(to_come)
    np.testing.assert_allclose(logits, support.zero_shot(to_come), rtol=1e-4, atol=1e-3)


@given(st.floats(0.1, 10), st.floats(-50, 50))
def test_units_and_offsets_of_what_was_learned_do_not_matter(scale: float, offset: float) -> None:
    support, to_come = world([2, 0, 1, 3, 0])

    def moved(seen: Support) -> Fitted:
        head = linear_probe.fit(seen).head
        assert isinstance(head, LinearHead)
        return Fitted(
            LinearHead(scale * head.weights, scale * head.bias + np.float32(offset), head.prototypes, 1.0), {}
        )

    expected = scale * unseen.fit(linear_probe.fit, support).head.scores(to_come) + offset
    np.testing.assert_allclose(
        unseen.fit(moved, support).head.scores(to_come), expected, rtol=1e-3, atol=1e-2
    )


def test_held_out_logits_have_a_column_for_every_class() -> None:
    support, _ = world([4, 0, 4, 4, 0])
    fitted = unseen.fit(auto.fit, support)
    assert fitted.held_out.shape == (12, 5)
    assert np.isfinite(fitted.held_out).all()
    assert (fitted.held_out.argmax(axis=1) == support.labels[fitted.judged]).mean() > 0.8


@pytest.mark.parametrize("shots", [[2, 2, 2], [2, 2, 0]])
def test_with_all_classes_seen_or_but_two_the_rule_itself_stands(shots: list[int]) -> None:
    support, to_come = world(shots)
    np.testing.assert_array_equal(
        unseen.fit(auto.fit, support).head.scores(to_come), auto.fit(support).head.scores(to_come)
    )


def test_texts_that_say_nothing_leave_the_mean_of_the_others() -> None:
    support, to_come = world([2, 0, 2, 2])
    silent = Support.of(support.images, support.labels, np.zeros_like(support.prototypes))
    logits = unseen.fit(linear_probe.fit, silent).head.scores(to_come)
    np.testing.assert_allclose(logits[:, 1], logits[:, [0, 2, 3]].mean(axis=1), atol=1e-4)
