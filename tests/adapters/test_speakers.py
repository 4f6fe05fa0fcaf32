"""Which images of a large support set are judged for all of them."""

from __future__ import annotations

import numpy as np
import pytest

from clipcoder.adapters import speakers
from clipcoder.adapters.fitted import judged_images
from clipcoder.adapters.speakers import folds_of, is_large
from clipcoder.adapters.support import Support


def clouds(shots: list[int], dim: int = 8) -> Support:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(len(shots)), shots)
    return Support.of(rng.normal(size=(len(labels), dim)), labels, np.eye(len(shots), dim))


def permuted(support: Support, order: np.ndarray) -> Support:
    return Support.of(support.images[order], support.labels[order], support.prototypes)


def test_every_image_of_a_set_at_the_bound_speaks_and_at_most_the_bound_beyond(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    support = clouds([10, 10])
    monkeypatch.setattr(speakers, "MOST_LOGITS", 40)
    assert not is_large(support)
    assert speakers.speakers(support).tolist() == list(range(20))
    assert folds_of(support).max() == 3
    monkeypatch.setattr(speakers, "MOST_LOGITS", 39)
    assert is_large(support)
    assert len(speakers.speakers(support)) == 6  # of each class a quarter, rounded up
    monkeypatch.setattr(speakers, "MOST_LOGITS", 9)
    assert len(speakers.speakers(support)) == 4
    monkeypatch.setattr(speakers, "MOST_LOGITS", 1)
    assert len(speakers.speakers(support)) == 1


@pytest.mark.parametrize("most", [30, 60, 100, 1000])
def test_of_a_large_set_at_most_a_quarter_of_each_class_is_left_out_and_evenly(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speakers, "MOST_LOGITS", most)
    support = clouds([1, *[40] * 4])  # 161 images of 5 classes, 805 logits
    if not is_large(support):
        assert folds_of(support).max() == 3
        return
    counts = np.bincount(support.labels[folds_of(support) == 0], minlength=5)
    assert counts[0] == 0  # the only one of its class has to stay
    assert counts.sum() == min(most // 5, 40)
    assert counts[1:].max() <= 10
    assert np.ptp(counts[1:]) <= 1
    assert folds_of(support).max() == 0


def test_speakers_are_those_that_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speakers, "MOST_LOGITS", 20)
    support = clouds([1, 5, 9, 9])
    found = speakers.speakers(support)
    np.testing.assert_array_equal(found, np.flatnonzero(folds_of(support) == 0))
    assert np.isin(found, judged_images(support)).all()
    assert len(found) == 5


def test_where_none_can_be_left_out_some_of_all_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speakers, "MOST_LOGITS", 120)
    support = clouds([1] * 30)
    found = speakers.speakers(support)
    assert len(found) == 4
    assert (np.diff(found) > 5).all()  # of classes far apart
    assert (folds_of(support) == -1).all()


@pytest.mark.parametrize("shots", [[12] * 4, [1] * 30])
def test_the_order_of_images_does_not_choose_among_them(
    shots: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speakers, "MOST_LOGITS", 40)
    support = clouds(shots)
    order = np.random.default_rng(1).permutation(len(support.labels))
    moved = order[speakers.speakers(permuted(support, order))]
    assert sorted(moved.tolist()) == speakers.speakers(support).tolist()
