"""Feature checks: what is taken, what is refused, and in which words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.arrays import batches, class_indices, feature_rows, grouped, row_norms, softmax, unit_rows
from clipcoder.errors import InvalidInputError


def test_unit_rows_have_length_one_and_their_direction():
    np.testing.assert_allclose(unit_rows([[3, 4], [0, -2]]), [[0.6, 0.8], [0, -1]], rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-44, 1e-30, 1e-10, 1e10, 1e30, 3e38])
def test_rows_of_any_scale_that_float32_holds_have_the_same_direction(scale: float):
    rows = np.array([[1, 0], [0, -1]]) * scale
    np.testing.assert_array_equal(unit_rows(rows), [[1, 0], [0, -1]])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.uint32])
def test_every_real_dtype_becomes_float32(dtype: type):
    assert feature_rows(np.ones((2, 3), dtype)).dtype == np.float32


@pytest.mark.parametrize("length", [0.999, 0.999999, 1.000001, 1.001])
def test_rows_of_nearly_length_one_are_scaled_too(length: float):
    rows = np.random.default_rng(0).standard_normal((50, 512))
    nearly = (rows / np.linalg.norm(rows, axis=1, keepdims=True) * length).astype(np.float32)
    np.testing.assert_allclose(np.linalg.norm(unit_rows(nearly).astype(float), axis=1), 1, rtol=0, atol=5e-7)


def test_unit_rows_are_handed_back_as_they_are():
    unit = unit_rows(np.random.default_rng(0).standard_normal((50, 512)))
    assert unit_rows(unit) is unit


def test_float32_features_are_not_copied_and_never_written_to():
    features = np.full((2, 2), 2, dtype=np.float32)
    assert feature_rows(features) is features
    unit_rows(features)
    np.testing.assert_array_equal(features, 2)


def test_no_rows_are_fine():
    assert unit_rows(np.empty((0, 4))).shape == (0, 4)


@pytest.mark.parametrize(
    ("features", "sentence"),
    [
        ([1.0, 2.0], r"images must be a matrix of shape \(n, d\), but its shape is \(2,\); .* v\[None\]"),
        ([[[1.0]]], r"matrix of shape \(n, d\), but its shape is \(1, 1, 1\)"),
        (np.empty((3, 0)), r"matrix of shape \(n, d\), but its shape is \(3, 0\)"),
        ([[1.0], [1.0, 2.0]], "images must be rows of one length"),
        ([["a"]], "images must hold real numbers, not <U1"),
        ([[1j]], "real numbers, not complex128"),
        ([[True]], "real numbers, not bool"),
        ([[1.0, 0.0], [np.nan, 0.0]], "must be finite, but row 1 holds NaN or an infinity"),
        ([[np.inf, 0.0]], "must be finite, but row 0"),
        ([[1e300, 0.0]], "must be finite, but row 0"),
        ([[1.0, 0.0], [0.0, 0.0]], "images needs a direction, but row 1 is all zeros"),
        ([[1.0, 0.0, 0.0]], "images must have 2 columns .* but they have 3; encode both with the same model"),
    ],
)
def test_features_without_directions_are_refused_in_one_sentence(features: object, sentence: str):
    with pytest.raises(InvalidInputError, match=sentence):
        unit_rows(features, "images", dim=2)


def test_row_norms_by_hand():
    np.testing.assert_allclose(row_norms(np.float32([[3, 4], [0, 0]])), [5, 0])


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([0, 1], r"one class index for each of the 3 rows .* its shape is \(2,\)"),
        ([0.0, 1.0, 1.0], "must hold integers .* not float64"),
        ([0, -1, 1], "between 0 and 1, .* runs from -1 to 1"),
        ([0, 2, 1], "between 0 and 1, .* runs from 0 to 2"),
    ],
)
def test_class_indices_that_point_nowhere_are_refused(values: list[float], sentence: str):
    with pytest.raises(InvalidInputError, match=sentence):
        class_indices(values, "text_class", length=3, n_classes=2)


@given(st.lists(st.integers(0, 4)))
def test_grouped_rows_are_all_rows_once_and_in_order(groups: list[int]):
    found = {
        group: np.arange(len(groups))[rows].tolist()
        for group, rows in grouped(np.array(groups, dtype=np.intp))
    }
    assert found == {g: [i for i, other in enumerate(groups) if other == g] for g in sorted(set(groups))}


def test_softmax_by_hand():
    np.testing.assert_allclose(softmax([[np.log(3), 0]]), [[0.75, 0.25]], rtol=1e-6)
    np.testing.assert_allclose(softmax([[2 * np.log(3), 0]], temperature=2), [[0.75, 0.25]], rtol=1e-6)


def test_softmax_of_huge_logits_does_not_overflow():
    np.testing.assert_array_equal(softmax([[3e38, -3e38]]), [[1, 0]])


@given(st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=5), st.floats(-100, 100, width=32))
def test_softmax_ignores_what_all_logits_share(logits: list[float], shift: float):
    np.testing.assert_allclose(softmax([logits]), softmax([[v + shift for v in logits]]), atol=1e-4)


@pytest.mark.parametrize("temperature", [0, -1, np.nan, np.inf])
def test_softmax_refuses_a_temperature_that_is_not_positive(temperature: float):
    with pytest.raises(InvalidInputError, match="temperature must be a positive number"):
        softmax([[1.0]], temperature=temperature)


@given(st.integers(0, 50), st.integers(1, 60))
def test_batches_cover_all_rows_once(count: int, size: int):
    cuts = list(batches(count, size))
    assert [i for cut in cuts for i in range(cut.start, cut.stop)] == list(range(count))
    assert all(0 < cut.stop - cut.start <= size for cut in cuts)
