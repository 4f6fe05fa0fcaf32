"""Which images to label first: by hand, against the definition, at the edges."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder import selection
from clipcoder.errors import InvalidInputError
from clipcoder.selection import doubt, standing_for, suggest

UNSURE, SURE = [0.0, 0.0, 0.0], [90.0, 0.0, 0.0]


def heaps(*sizes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return images in well separated heaps of these sizes, and the heap of each."""
    dice = np.random.default_rng(seed)
    heap = np.repeat(np.arange(len(sizes)), sizes)
    centres = 3 * np.eye(len(sizes), 12)
    return centres[heap] + 0.1 * dice.standard_normal((len(heap), 12)), heap


def likenesses(images: np.ndarray) -> np.ndarray:
    unit = images / np.linalg.norm(images, axis=1, keepdims=True)
    centred = unit - unit.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    return np.maximum(centred @ centred.T, 0) ** 2


def by_definition(images: np.ndarray, scores: np.ndarray, budget: int, labelled: list[int]) -> list[int]:
    """The greedy choice, every gain of every step worked out anew; float64."""
    k, (n, n_classes) = likenesses(images), scores.shape
    free = [i for i in range(n) if i not in labelled]
    mean_free = images / np.linalg.norm(images, axis=1, keepdims=True)
    centred = mean_free - mean_free[free].mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    k = np.maximum(centred @ centred.T, 0) ** 2
    p = np.sort(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True), axis=1)
    u = 1 - (p[:, -1] - p[:, -2])
    chosen = list(labelled)
    for _ in range(min(budget, len(free))):
        share = len(chosen) / (len(chosen) + 3 * n_classes)
        w = (share + (1 - share) * u)[free]
        covered = k[free][:, chosen].max(axis=1, initial=0)
        gains = {j: w @ np.maximum(k[free, j] - covered, 0) for j in free if j not in chosen}
        chosen.append(max(gains, key=gains.__getitem__))
    return chosen[len(labelled) :]


# What is chosen


def test_one_image_of_every_heap_comes_before_a_second_one_of_any():
    images, heap = heaps(30, 20, 10, 3)
    chosen = suggest(images, [UNSURE] * 63, 8)
    assert sorted(heap[chosen[:4]]) == [0, 1, 2, 3]


def test_the_largest_heap_comes_first_and_the_image_in_its_middle():
    images, heap = heaps(30, 10, 5)
    first = suggest(images, [UNSURE] * 45, 1)[0]
    assert heap[first] == 0
    to_the_others = likenesses(images)[:30, :30].sum(axis=0)
    assert first == to_the_others.argmax()


def test_of_equal_heaps_the_one_that_the_texts_do_not_know_comes_first():
    images, heap = heaps(10, 10, 10)
    for unknown in range(3):
        scores = [UNSURE if h == unknown else SURE for h in heap]
        assert heap[suggest(images, scores, 1)[0]] == unknown


def test_what_the_texts_know_counts_as_labels_come():
    """A small unknown heap is before a large known one at first; after many labels size decides."""
    images, heap = heaps(30, 10, 20)
    scores = [UNSURE if h == 1 else SURE for h in heap]
    assert heap[suggest(images, scores, 1)[0]] == 1
    elsewhere = np.flatnonzero(heap == 2)
    assert heap[suggest(images, scores, 1, labelled=elsewhere)[0]] == 0


def test_copies_do_not_eat_the_budget():
    images, _ = heaps(1, 1, 1, 1, 1)
    copied = np.concatenate([np.repeat(images[:1], 50, axis=0), images])
    assert len({tuple(row) for row in copied[suggest(copied, [UNSURE] * 55, 5)]}) == 5


def test_where_all_are_copies_they_are_suggested_all_the_same():
    assert sorted(suggest([[1.0, 2.0]] * 4, [UNSURE] * 4, 3).tolist()) == [0, 1, 2]


@given(
    seed=st.integers(0, 2**32 - 1), n=st.integers(2, 14), budget=st.integers(1, 16), known=st.integers(0, 4)
)
def test_the_lazy_choice_is_the_choice_by_definition(seed: int, n: int, budget: int, known: int):
    dice = np.random.default_rng(seed)
    images, scores = dice.standard_normal((n, 5)), dice.standard_normal((n, 3))
    labelled = dice.permutation(n)[: min(known, n - 2)].tolist()
    chosen = suggest(images, scores, budget, labelled=labelled)
    np.testing.assert_array_equal(chosen, by_definition(images, scores, budget, labelled))


@given(seed=st.integers(0, 2**32 - 1))
def test_it_covers_as_much_as_is_promised_of_the_best_choice(seed: int):
    images = np.random.default_rng(seed).standard_normal((9, 4))
    k = likenesses(images)

    def covered(chosen: object) -> float:
        return float(k[:, list(chosen)].max(axis=1).sum())  # type: ignore[call-overload]

    best = max(covered(s) for s in itertools.combinations(range(9), 3))
    assert covered(suggest(images, np.zeros((9, 2)), 3)) >= (1 - 1 / np.e) * best


# Rounds


@given(seed=st.integers(0, 2**32 - 1))
def test_every_beginning_of_the_list_is_the_list_of_a_smaller_budget(seed: int):
    dice = np.random.default_rng(seed)
    images, scores = dice.standard_normal((20, 4)), dice.standard_normal((20, 3))
    np.testing.assert_array_equal(suggest(images, scores, 4), suggest(images, scores, 9)[:4])


def test_a_second_round_does_not_ask_again_for_what_the_first_one_had():
    images, heap = heaps(30, 20, 10, 3)
    first = suggest(images, [UNSURE] * 63, 2)
    second = suggest(images, [UNSURE] * 63, 2, labelled=first)
    assert sorted(heap[np.concatenate([first, second])]) == [0, 1, 2, 3]


def test_all_that_have_no_label_are_suggested_and_no_more():
    images, _ = heaps(3, 3)
    assert sorted(suggest(images, [UNSURE] * 6, 99, labelled=[1, 4, 4]).tolist()) == [0, 2, 3, 5]
    assert suggest(images, [UNSURE] * 6, 1, labelled=range(6)).tolist() == []


# Very many images


def test_of_very_many_images_a_draw_is_compared(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(selection, "LOOKED_AT", 40)
    images, heap = heaps(300, 200, 100)
    scores = [UNSURE] * 600
    first, again, other = (suggest(images, scores, 3, seed=seed) for seed in (0, 0, 1))
    assert first.tolist() == again.tolist() != other.tolist()
    assert sorted(heap[first]) == sorted(heap[other]) == [0, 1, 2]


def test_the_draw_prefers_what_the_texts_are_unsure_of(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(selection, "LOOKED_AT", 100)
    images, heap = heaps(500, 500)
    scores = [UNSURE if h else SURE for h in heap]
    unsure = heap[suggest(images, scores, 100)].mean()  # 1.3 / (1.3 + 0.3) of the draw, or a little less
    assert 0.7 < unsure < 0.9


def test_a_budget_above_the_draw_is_filled_with_others(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(selection, "LOOKED_AT", 10)
    images, _ = heaps(10, 10)
    chosen = suggest(images, [UNSURE] * 20, 15, labelled=[3])
    assert len(set(chosen.tolist()) - {3}) == 15


def test_the_size_of_batches_does_not_matter(monkeypatch: pytest.MonkeyPatch):
    dice = np.random.default_rng(0)
    images, scores = dice.standard_normal((30, 4)), dice.standard_normal((30, 3))
    whole = suggest(images, scores, 9, labelled=range(5))
    counts = standing_for(images, whole)
    monkeypatch.setattr(selection, "_AT_ONCE", 4)
    np.testing.assert_array_equal(suggest(images, scores, 9, labelled=range(5)), whole)
    np.testing.assert_array_equal(standing_for(images, whole), counts)


# What it says of them


def test_a_chosen_image_stands_for_its_heap():
    images, _ = heaps(30, 20, 10)
    assert standing_for(images, [0, 30, 50]).tolist() == [30, 20, 10]
    assert standing_for(images, [0, 50], labelled=[30]).tolist() == [30, 10]
    assert standing_for(images, []).tolist() == []


def test_doubt_is_what_the_best_class_lacks_to_be_certain():
    np.testing.assert_allclose(doubt(np.log([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])), [0.8, 0.3], rtol=1e-6)
    assert doubt([[3.0], [4.0]]).tolist() == [0, 0]  # one class is no question


def test_a_single_image_is_suggested_whatever_the_classes():
    assert suggest([[1.0, 0.0]], [[5.0]], 3).tolist() == [0]


# What does not fit


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scores": [[1.0, 2.0]]}, "scores must have a row for each of the 2 images, but they have 1"),
        ({"budget": 0}, "budget must be at least 1 image to label, got 0"),
        ({"labelled": [2]}, "must lie between 0 and 1, as there are 2 images, but they run from 2 to 2"),
        ({"labelled": [-1]}, "but they run from -1 to -1"),
        ({"labelled": [0.5]}, "must be a list of integers"),
        ({"labelled": [[0]]}, "must be a list of integers"),
        ({"images": [[1.0, 0.0], [0.0, 0.0]]}, "row 1 is all zeros"),
        ({"scores": [[np.nan, 0.0], [1.0, 0.0]]}, "scores must be finite"),
    ],
)
def test_what_does_not_fit_is_answered_in_a_sentence(change: dict[str, object], said: str):
    right = {"images": [[1.0, 0.0], [0.0, 1.0]], "scores": [[1.0, 2.0], [2.0, 1.0]], "budget": 1}
    with pytest.raises(InvalidInputError, match=said):
        suggest(**{**right, **change})  # type: ignore[arg-type]
