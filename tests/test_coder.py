"""CODER and its Gram form: equal to each other, by hand, and at their edges."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clipcoder import coder
from clipcoder.coder import affinity, gram, minmax, represent
from clipcoder.errors import InvalidInputError
from neighbourhoods import Neighbourhood, neighbourhoods


def test_a_coder_holds_the_cosine_to_every_text_by_hand():
    coders = represent([[1, 1], [0, 5]], [[1, 0], [0, 2], [-1, 0]])
    np.testing.assert_allclose(coders, [[np.sqrt(0.5), np.sqrt(0.5), -np.sqrt(0.5)], [0, 1, 0]], atol=1e-6)


def test_a_gram_matrix_by_hand():
    np.testing.assert_allclose(gram([[1, 0], [0, 3], [1, 1]]), [[1.5, 0.5], [0.5, 1.5]], rtol=1e-6)


def test_the_metric_forgets_what_no_text_looks_at_by_hand():
    # Every text points east, so images differ only in being east or west of the middle.
    cosines = affinity([[1, 5], [-1, 5]], [[2, -7]], gram([[1, 0], [4, 0]]))
    np.testing.assert_allclose(cosines, [[1], [-1]], atol=1e-6)


@given(neighbourhoods())
def test_the_gram_form_is_the_cosine_of_coders(problem: Neighbourhood):
    support = problem.images[::-1] + 0.5 * problem.images
    coders = [represent(rows, problem.texts).astype(float) for rows in (problem.images, support)]
    lengths = [np.linalg.norm(c, axis=1) for c in coders]
    assume(min(length.min() for length in lengths) > 0.1)  # a shorter CODER is a difference of larger numbers
    expected = coders[0] / lengths[0][:, None] @ (coders[1] / lengths[1][:, None]).T
    np.testing.assert_allclose(affinity(problem.images, support, gram(problem.texts)), expected, atol=1e-3)


@given(neighbourhoods(), st.floats(1e-6, 1e6))
def test_the_scale_of_features_does_not_matter(problem: Neighbourhood, scale: float):
    assume(np.linalg.norm(represent(problem.images, problem.texts), axis=1).min() > 0.1)
    plain = affinity(problem.images, problem.images, gram(problem.texts))
    scaled = affinity(problem.images * scale, problem.images, gram(problem.texts * scale))
    np.testing.assert_allclose(scaled, plain, atol=1e-3)


@given(neighbourhoods(), st.integers(1, 5))
def test_the_size_of_text_batches_does_not_matter(problem: Neighbourhood, size: int):
    whole = gram(problem.texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coder, "_TEXTS_AT_ONCE", size)
        np.testing.assert_allclose(gram(problem.texts), whole, atol=1e-5)


def test_an_image_at_right_angles_to_every_text_is_like_nothing():
    np.testing.assert_array_equal(affinity([[0, 1]], [[1, 0], [0, 1]], gram([[1, 0]])), [[0, 0]])


def test_rounding_is_no_direction():
    rng = np.random.default_rng(0)
    texts, images = rng.standard_normal((1, 64)), rng.standard_normal((20, 64))
    images -= images @ texts.T / (texts @ texts.T) * texts  # at right angles to the text, up to rounding
    assert np.abs(represent(images, texts)).max() > 0
    assert np.abs(affinity(images, texts, gram(texts))).max() < 1e-3


def test_memory_does_not_grow_with_texts():
    rng = np.random.default_rng(0)
    images, metric = rng.standard_normal((1000, 16)), gram(rng.standard_normal((5000, 16)))
    tracemalloc.start()
    affinity(images, images[:10], metric)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000  # bytes; the CODERs of the images alone would take 20,000,000


def test_no_affinity_leaves_the_range_of_a_cosine():
    images = np.random.default_rng(0).normal(size=(500, 16))
    assert np.abs(affinity(images, images, gram(images))).max() == 1


def test_fewer_texts_than_dimensions_are_fine():
    rng = np.random.default_rng(0)
    images, texts = rng.standard_normal((5, 32)), rng.standard_normal((3, 32))
    cosines = affinity(images, images, gram(texts))
    np.testing.assert_allclose(np.diag(cosines), 1, atol=1e-5)


def test_minmax_by_hand():
    np.testing.assert_allclose(minmax([[1, 3, 2], [5, 5, 5]]), [[0, 1, 0.5], [0, 0, 0]])


def test_minmax_leaves_its_argument_alone():
    values = np.float32([[1, 3]])
    minmax(values)
    np.testing.assert_array_equal(values, [[1, 3]])


def test_wrong_shapes_are_refused():
    with pytest.raises(InvalidInputError, match="at least one text"):
        gram(np.empty((0, 3)))
    with pytest.raises(InvalidInputError, match=r"gram must be square, .* not \(2, 3\)"):
        affinity([[1, 0]], [[1, 0]], np.ones((2, 3)))
    with pytest.raises(InvalidInputError, match="images must have 2 columns"):
        affinity([[1, 0, 0]], [[1, 0]], np.eye(2))
    with pytest.raises(InvalidInputError, match="support must have 2 columns"):
        affinity([[1, 0]], [[1, 0, 0]], np.eye(2))
    with pytest.raises(InvalidInputError, match="images must have 2 columns"):
        represent([[1, 0, 0]], [[1, 0]])
