"""The probe is the same everywhere and varied enough to tell two forms of a model apart."""

from __future__ import annotations

import numpy as np

from clipcoder.encoders.probe import PROBE_TEXTS, least_cosine, probe_images


def test_images_are_the_same_each_time_and_whatever_their_number() -> None:
    few, many = probe_images(3), probe_images(7)
    assert [a.tobytes() for a in few] == [b.tobytes() for b in many[:3]]


def test_images_differ_from_each_other_and_use_all_levels() -> None:
    images = [np.asarray(image) for image in probe_images()]
    assert len({image.tobytes() for image in images}) == len(images) == 24
    assert all(image.shape == (240, 320, 3) for image in images)
    assert all(np.ptp(image) > 200 for image in images)


def test_texts_are_short_and_long_and_all_different() -> None:
    lengths = [len(text.split()) for text in PROBE_TEXTS]
    assert min(lengths) == 0
    assert max(lengths) > 50
    assert len(set(PROBE_TEXTS)) == len(PROBE_TEXTS) == 36


def test_the_worst_row_decides_and_length_does_not_matter() -> None:
    reference = np.eye(3, dtype=np.float32)
    moved = 5 * reference
    moved[1, 2] = 5
    assert np.isclose(least_cosine(moved, reference), np.sqrt(0.5))


def test_what_is_not_finite_is_as_far_away_as_can_be() -> None:
    rows = np.eye(2, dtype=np.float32)
    assert least_cosine(np.float32([[1, 0], [np.nan, 1]]), rows) == -1
    assert least_cosine(np.zeros((2, 2), np.float32), rows) == -1
