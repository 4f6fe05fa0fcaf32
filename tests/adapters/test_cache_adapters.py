"""Cache adapters: votes by hand and by definition, images that must not vote for themselves, parity."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder import coder
from clipcoder.adapters import cache
from clipcoder.adapters.cache import cache_logits, coder_affinity, leave_one_out, tip_affinity
from clipcoder.errors import InvalidInputError
from neighbourhoods import Neighbourhood, neighbourhoods

EAST, NORTH, WEST = [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]
SEEDS = st.integers(0, 2**32 - 1)


def by_definition(affinity, labels, n_classes, beta, weights=None):
    one_hot = np.eye(n_classes)[labels] * (np.ones(len(labels)) if weights is None else weights)[:, None]
    return np.exp(-beta * (1 - affinity.astype(float))) @ one_hot


@st.composite
def caches(draw):
    """Affinities (n, s) and labels (s,) of up to 5 classes, in no order, some without support."""
    rng = np.random.default_rng(draw(SEEDS))
    n_images, n_support, n_classes = (
        draw(st.integers(1, 9)),
        draw(st.integers(1, 20)),
        draw(st.integers(1, 5)),
    )
    affinity = rng.uniform(-1, 1, (n_images, n_support)).astype(np.float32)
    return affinity, rng.integers(0, n_classes, n_support), n_classes, draw(st.floats(0.1, 50))


def test_tip_adapter_compares_features_by_hand():
    np.testing.assert_allclose(tip_affinity([[3, 4]], [EAST, NORTH, WEST]), [[0.6, 0.8, -0.6]], rtol=1e-6)


def test_no_cosine_leaves_its_range():
    images = np.random.default_rng(0).normal(size=(500, 16))
    assert np.abs(tip_affinity(images, images)).max() == 1


def test_coder_adapter_stretches_over_the_support_by_hand():
    # Under a metric that looks at both directions alike, cosines are 1, 0 and -1.
    np.testing.assert_allclose(
        coder_affinity([EAST], [EAST, NORTH, WEST], np.eye(2)), [[1, 0.5, 0]], atol=1e-6
    )


@given(neighbourhoods())
def test_coder_affinity_is_that_of_coders(problem: Neighbourhood):
    metric = coder.gram(problem.texts)
    np.testing.assert_array_equal(
        coder_affinity(problem.images, problem.images, metric),
        coder.minmax(coder.affinity(problem.images, problem.images, metric)),
    )


def test_an_image_equally_near_to_all_prefers_none():
    affinity = coder_affinity([EAST, NORTH], [EAST, EAST, EAST], np.eye(2))
    np.testing.assert_array_equal(affinity, np.zeros((2, 3)))
    np.testing.assert_allclose(
        cache_logits(affinity, [0, 1, 1], 2, beta=1), np.exp(-1) * np.array([[1, 2]] * 2)
    )


def test_votes_fade_with_distance_by_hand():
    logits = cache_logits([[1, 0.5, 0], [0, 0, 0]], [2, 0, 2], n_classes=3, beta=2)
    np.testing.assert_allclose(
        logits, [[np.exp(-1), 0, 1 + np.exp(-2)], [np.exp(-2), 0, 2 * np.exp(-2)]], rtol=1e-6
    )
    assert logits.dtype == np.float32


@given(caches())
def test_votes_are_those_of_the_definition(problem):
    np.testing.assert_allclose(cache_logits(*problem), by_definition(*problem), rtol=1e-4, atol=1e-30)


@given(caches(), SEEDS)
def test_a_weight_is_how_often_an_image_counts(problem, seed: int):
    affinity, labels, n_classes, beta = problem
    times = np.random.default_rng(seed).integers(0, 4, len(labels))
    if not times.any():
        return
    again = np.repeat(np.arange(len(labels)), times)
    np.testing.assert_allclose(
        cache_logits(*problem, sample_weight=times),
        cache_logits(affinity[:, again], labels[again], n_classes, beta),
        rtol=1e-4,
        atol=1e-30,
    )


@given(caches(), st.randoms(use_true_random=False))
def test_neither_the_order_of_the_support_nor_that_of_classes_matters(problem, random):
    affinity, labels, n_classes, beta = problem
    order = random.sample(range(len(labels)), len(labels))
    place = np.array(random.sample(range(n_classes), n_classes))
    moved = cache_logits(affinity[:, order], place[labels[order]], n_classes, beta)
    np.testing.assert_allclose(moved[:, place], cache_logits(*problem), rtol=1e-4, atol=1e-30)


@given(caches(), st.integers(1, 60))
def test_the_size_of_batches_does_not_matter(problem, size: int):
    whole = cache_logits(*problem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "_VOTES_AT_ONCE", size)
        np.testing.assert_allclose(cache_logits(*problem), whole, rtol=1e-6)


@given(caches(), st.booleans())
def test_without_itself_an_image_has_the_votes_of_a_support_that_lacks_it(problem, stretch: bool):
    _, labels, n_classes, beta = problem
    square = np.random.default_rng(len(labels)).uniform(-1, 1, (len(labels), len(labels))).astype(np.float32)
    votes = cache_logits(leave_one_out(square, stretch=stretch), labels, n_classes, beta)
    for i in range(len(labels)):
        rest = np.delete(square[i : i + 1], i, axis=1)
        rest = coder.minmax(rest) if stretch and rest.size else rest
        expected = by_definition(rest, np.delete(labels, i), n_classes, beta)
        np.testing.assert_allclose(votes[i : i + 1], expected, rtol=1e-4, atol=1e-30)


def test_a_row_stretched_with_its_own_image_is_stretched_again_without_it():
    images = np.random.default_rng(0).normal(size=(6, 3))
    cosines = coder.affinity(images, images, np.eye(3))
    np.testing.assert_allclose(
        leave_one_out(coder.minmax(cosines), stretch=True), leave_one_out(cosines, stretch=True), atol=1e-5
    )


@pytest.mark.parametrize("beta", [1e-30, 1, 1e30])
def test_no_beta_brings_a_vote_back_that_was_left_out(beta: float):
    votes = cache_logits(leave_one_out([[1, 1], [1, 1]]), [0, 1], 2, beta)
    np.testing.assert_array_equal(votes, [[0, 1], [1, 0]])


def test_leaving_out_does_not_change_its_argument():
    affinity = np.eye(2, dtype=np.float32)
    leave_one_out(affinity, stretch=True)
    np.testing.assert_array_equal(affinity, np.eye(2))


def test_a_support_set_of_one_image_has_no_other_to_vote():
    for stretch in (False, True):
        assert cache_logits(leave_one_out([[1]], stretch=stretch), [0], 1, beta=1) == 0


def test_no_images_have_no_votes():
    assert cache_logits(np.empty((0, 2)), [0, 1], 2, beta=1).shape == (0, 2)


def test_memory_is_bounded_beside_affinities_and_votes():
    labels = np.arange(10_000) % 50
    affinity = np.ones((400, 10_000), dtype=np.float32)  # 16 MB
    tracemalloc.start()
    votes = cache_logits(affinity, labels, 50, beta=5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_allclose(votes, 200)
    assert (
        peak < 9_000_000
    )  # bytes; a check for NaN takes 4,000,000, and all votes at once 16,000,000 and more


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(InvalidInputError, match=r"affinity must be at most 1, as cosines are, .* 100"):
        cache_logits([[100, 20]], [0, 1], 2, beta=1)
    with pytest.raises(InvalidInputError, match="labels must hold one class index for each of the 2 rows"):
        cache_logits([[1, 0]], [0], 2, beta=1)
    with pytest.raises(InvalidInputError, match="labels must lie between 0 and 1"):
        cache_logits([[1, 0]], [0, 2], 2, beta=1)
    with pytest.raises(InvalidInputError, match=r"a square matrix, but its shape is \(1, 2\)"):
        leave_one_out([[1, 0]])
    with pytest.raises(InvalidInputError, match="support must hold at least one image"):
        coder_affinity([EAST], np.empty((0, 2)), np.eye(2))
    with pytest.raises(InvalidInputError, match="images must have 2 columns"):
        tip_affinity([[1, 0, 0]], [EAST])


@pytest.mark.parametrize("beta", [0, -1, np.nan, np.inf])
def test_a_beta_must_be_positive(beta: float):
    with pytest.raises(InvalidInputError, match=f"beta must be a positive number, not {beta}"):
        cache_logits([[1, 0]], [0, 1], 2, beta)


def test_weights_must_fit():
    with pytest.raises(InvalidInputError, match=r"one weight for each of the 2 support images .* \(3,\)"):
        cache_logits([[1, 0]], [0, 1], 2, beta=1, sample_weight=[1, 1, 1])
    with pytest.raises(InvalidInputError, match=r"sample_weight must be 0 or more, .* -1"):
        cache_logits([[1, 0]], [0, 1], 2, beta=1, sample_weight=[1, -1])
    with pytest.raises(InvalidInputError, match="sample_weight must be finite"):
        cache_logits([[1, 0]], [0, 1], 2, beta=1, sample_weight=[1, np.nan])


def test_the_published_affinity(golden):
    affinity = coder_affinity(golden["images"], golden["support_images"], coder.gram(golden["texts"]))
    np.testing.assert_allclose(affinity, golden["coder_affinity_minmax"], rtol=0, atol=1e-5)


def test_the_published_accuracies(golden):
    for alpha, beta, accuracy in golden["adapter_grid_alpha_beta_accuracy"]:
        votes = cache_logits(golden["coder_affinity_minmax"], golden["support_labels"], 12, beta)
        right = (golden["clip_logits"] + alpha * votes).argmax(axis=1) == golden["labels"]
        assert 100 * right.mean() == pytest.approx(accuracy)
