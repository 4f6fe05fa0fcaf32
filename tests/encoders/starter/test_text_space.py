"""Toy spaces small enough to work out by hand, and what must hold of any."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.encoders.starter.text_space import TextSpace, eight_bit, relative_code, side_by_side, unit

SPACE = TextSpace(
    centre=np.zeros(2, np.float32),
    anchors=np.eye(2, dtype=np.float32),
    relative_basis=np.eye(2, dtype=np.float32),
    regression=np.array([[1, 0, 0], [0, 1, 0]], np.float32),
    keep=1,
    power=2.0,
    sharpness=1.0,
    mix=0.5,
)


def test_a_text_by_hand() -> None:
    (row,) = SPACE(np.array([[0.6, 0.8]], np.float32))
    relative = np.array([0, 1])  # only the larger similarity is kept
    regressed = np.exp(np.array([0.6, 0.8]) - 1) / np.linalg.norm(np.exp(np.array([0.6, 0.8]) - 1))
    expected = np.sqrt(0.5) * np.concatenate([relative, regressed, [0]])
    np.testing.assert_allclose(row, expected, atol=1e-6)


def test_the_mix_weighs_the_cosines_of_the_parts() -> None:
    texts = np.array([[1, 0], [0.6, 0.8]], np.float32)
    only_relative, only_regressed = (replace(SPACE, mix=mix)(texts) for mix in (1.0, 0.0))
    mixed = replace(SPACE, mix=0.3)(texts)
    expected = 0.3 * only_relative @ only_relative.T + 0.7 * only_regressed @ only_regressed.T
    np.testing.assert_allclose(mixed @ mixed.T, expected, atol=1e-6)


def test_the_centre_is_taken_off_before_texts_are_compared() -> None:
    shifted = replace(SPACE, centre=np.array([5, 5], np.float32))
    np.testing.assert_allclose(
        shifted(np.array([[6, 5]], np.float32)), SPACE(np.array([[1, 0]], np.float32)), atol=1e-6
    )


def test_what_is_stored_is_the_space_up_to_rounding() -> None:
    stored = SPACE.stored()
    assert {stored[name].dtype for name in ("anchors", "relative_basis", "regression")} == {np.dtype(np.int8)}
    again = TextSpace.restored(stored, SPACE.settings())
    texts = np.array([[0.3, -0.9], [1, 2]], np.float32)
    np.testing.assert_allclose(again(texts), SPACE(texts), atol=0.01)


@given(st.integers(0, 10_000))
def test_eight_bits_lose_at_most_half_a_step(seed: int) -> None:
    array = np.random.default_rng(seed).normal(size=(4, 3)).astype(np.float32)
    numbers, scale = eight_bit(array)
    assert (np.abs(numbers * scale - array) <= 0.5001 * scale).all()


def test_a_negative_similarity_is_no_similarity() -> None:
    np.testing.assert_array_equal(relative_code(np.array([[-0.9, 0.5]], np.float32), 2, 1.0), [[0, 0.5]])


def test_more_may_be_kept_than_there_are() -> None:
    np.testing.assert_array_equal(relative_code(np.array([[0.5, 0.25]], np.float32), 99, 1.0), [[0.5, 0.25]])


@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_scale_changes_nothing_after_unit(seed: int, scale: float) -> None:
    rows = np.random.default_rng(seed).normal(size=(3, 4)).astype(np.float32)
    np.testing.assert_allclose(unit(rows * np.float32(scale)), unit(rows), atol=1e-5)


@pytest.mark.parametrize("dim", [1, 7])
def test_a_row_of_zeros_still_gets_length_one(dim: int) -> None:
    rows = unit(np.zeros((2, dim), np.float32))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert np.linalg.norm(side_by_side(rows, rows, 0.25), axis=1) == pytest.approx(1)
