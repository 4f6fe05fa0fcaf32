"""Pairs that matter: worked by hand, against the formula written out, and whatever the order of classes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clipcoder.bank import TextBank, confusable
from clipcoder.bank.confusable import class_sums, confused_pairs, nearest, nearest_pairs
from clipcoder.errors import InvalidInputError
from toy_encoder import ColourEncoder

FloatArray = npt.NDArray[np.float32]
seeds = st.integers(0, 2**32 - 1)
counts = st.integers(1, 9)


class Directions:
    """An encoder of texts that are numbers: text ``"3"`` is the fourth row."""

    def __init__(self, rows: FloatArray) -> None:
        self.rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def encode_texts(self, texts: list[str]) -> FloatArray:
        return self.rows[[int(text) for text in texts]]


def numbered(order: list[int]) -> TextBank:
    return TextBank.from_texts({f"class {i}": [str(i)] for i in order})


def as_sets(pairs: list[tuple[str, str]]) -> list[frozenset[str]]:
    return [frozenset(pair) for pair in pairs]


# By texts


def test_each_class_brings_its_nearest_and_the_nearest_pairs_come_first() -> None:
    bank = TextBank.from_texts({name: [name] for name in ("red", "green", "yellow", "blue")})
    assert nearest_pairs(bank, ColourEncoder(), neighbours=1) == [
        ("green", "yellow"),  # 0.8
        ("red", "yellow"),  # 0.6
        ("red", "blue"),  # 0, as blue with all: the first class of the bank
    ]


def test_a_class_is_the_mean_of_all_its_texts_whatever_their_kind() -> None:
    colours = {"leaf": {"name": ["green"]}, "lime": {"name": ["red"], "attribute": ["green", "grass"]}}
    bank = TextBank.from_texts({**colours, "brick": ["red"]})
    assert nearest_pairs(bank, ColourEncoder(), neighbours=1) == [("leaf", "lime"), ("lime", "brick")]


@given(count=counts, seed=seeds)
def test_with_all_others_as_neighbours_come_all_pairs_once(count: int, seed: int) -> None:
    rows = np.random.default_rng(seed).standard_normal((count, 4))
    pairs = nearest_pairs(numbered(list(range(count))), Directions(rows), neighbours=max(1, count - 1))
    assert sorted(pairs) == list(combinations([f"class {i}" for i in range(count)], 2))


@given(count=counts, neighbours=st.integers(1, 10), seed=seeds)
def test_the_pairs_are_those_of_the_formula(count: int, neighbours: int, seed: int) -> None:
    encoder = Directions(np.random.default_rng(seed).standard_normal((count, 5)))
    cosines = np.round(encoder.rows.astype(np.float64) @ encoder.rows.T, 6)
    expected = {
        frozenset((f"class {c}", f"class {o}"))
        for c in range(count)
        for o in sorted(set(range(count)) - {c}, key=lambda o: (-cosines[c, o], o))[:neighbours]
    }
    pairs = nearest_pairs(numbered(list(range(count))), encoder, neighbours=neighbours)
    assert set(as_sets(pairs)) == expected
    assert len(pairs) == len(expected)


@given(order=st.permutations(range(7)), neighbours=st.integers(1, 6), seed=seeds)
def test_another_order_of_classes_gives_the_same_pairs(order: list[int], neighbours: int, seed: int) -> None:
    encoder = Directions(np.random.default_rng(seed).standard_normal((7, 5)))
    cosines = (encoder.rows @ encoder.rows.T)[np.triu_indices(7, 1)]
    assume(np.diff(np.sort(cosines)).min() > 1e-4)
    pairs = nearest_pairs(numbered(list(range(7))), encoder, neighbours=neighbours)
    assert as_sets(nearest_pairs(numbered(order), encoder, neighbours=neighbours)) == as_sets(pairs)


def test_classes_with_the_same_texts_go_by_their_order() -> None:
    bank = TextBank.from_texts({name: ["sky"] for name in "dcba"})
    assert nearest_pairs(bank, ColourEncoder(), neighbours=1) == [("d", "c"), ("d", "b"), ("d", "a")]


def test_the_pairs_do_not_depend_on_what_is_held_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    bank = TextBank.from_texts({f"class {c}": [str(3 * c + i) for i in range(3)] for c in range(20)})
    encoder = Directions(rng.standard_normal((60, 6)))
    whole = nearest_pairs(bank, encoder, neighbours=2)
    monkeypatch.setattr(confusable, "_TEXTS_AT_ONCE", 7)
    monkeypatch.setattr(confusable, "_NUMBERS_AT_ONCE", 45)
    assert nearest_pairs(bank, encoder, neighbours=2) == whole


def test_one_class_has_no_neighbours() -> None:
    assert nearest_pairs(TextBank.from_names(["red"]), ColourEncoder()) == []


def test_a_class_without_texts_has_no_place_and_is_named() -> None:
    bank = TextBank.from_texts({"red": ["red"], "blue": [], "green": []})
    with pytest.raises(InvalidInputError, match=r"but 'blue' has none \(2 of 3 classes\); add one"):
        nearest_pairs(bank, ColourEncoder())


@pytest.mark.parametrize("neighbours", [0, -1, 1.5])
def test_a_count_of_neighbours_that_is_none_is_refused(neighbours: float) -> None:
    with pytest.raises(InvalidInputError, match=f"neighbours must be a whole number .* not {neighbours}"):
        nearest_pairs(TextBank.from_names(["red", "blue"]), ColourEncoder(), neighbours=neighbours)


def test_no_rows_have_no_pairs() -> None:
    assert [part.tolist() for part in nearest(np.zeros((0, 3), np.float32), 2)] == [[], [], []]
    assert class_sums(np.zeros((0, 3), np.float32), np.zeros(0, np.intp), 2).tolist() == [[0] * 3] * 2


# By images

NAMES = ["cat", "dog", "fox", "cow"]


def test_an_image_on_the_fence_counts_and_one_that_is_decided_does_not() -> None:
    fence, decided = [5.0, 5.0, -50.0, -50.0], [-50.0, -50.0, 90.0, 5.0]
    assert confused_pairs([decided], NAMES) == []
    assert confused_pairs([fence, decided], NAMES) == [("cat", "dog")]


def test_what_more_images_confuse_comes_first() -> None:
    scores = [[5, 5, 0, 0], [0, 5, 5, 0], [0, 5, 5, 0], [0, 0, 5, 5], [0, 0, 5, 5], [0, 0, 5, 5]]
    assert confused_pairs(scores, NAMES) == [("fox", "cow"), ("dog", "fox"), ("cat", "dog")]


def test_a_close_call_weighs_more_than_one_that_is_less_close() -> None:
    scores = [[5.0, 4.6, -50, -50], [-50, 5.0, 4.8, -50]]
    assert confused_pairs(scores, NAMES) == [("dog", "fox"), ("cat", "dog")]
    assert confused_pairs(scores, NAMES, max_gap=0.15) == [("dog", "fox")]
    assert confused_pairs(scores, NAMES, max_gap=0) == []


def test_of_each_class_come_the_strongest_but_a_weak_pair_may_be_strong_for_the_other_class() -> None:
    ties = [[5, 5, 0, 0]] * 4 + [[5, 0, 5, 0]] * 3 + [[0, 5, 5, 0]] * 2 + [[5, 0, 0, 5]]
    pairs = confused_pairs(ties, NAMES, per_class=1)
    assert pairs == [("cat", "dog"), ("cat", "fox"), ("cat", "cow")]


def formula(scores: FloatArray, per_class: int, max_gap: float) -> dict[tuple[int, int], float]:
    """The strengths of the pairs that are returned, written out image by image."""
    strength: dict[tuple[int, int], float] = {}
    for row in scores.astype(np.float64):
        p = np.exp(row - row.max())
        p /= p.sum()
        a, b = np.argsort(-p, kind="stable")[:2].tolist()
        if p[a] - p[b] < max_gap:
            strength[min(a, b), max(a, b)] = strength.get((min(a, b), max(a, b)), 0) + 1 - p[a] + p[b]
    kept = set()
    for c in range(scores.shape[1]):
        own = sorted((pair for pair in strength if c in pair), key=lambda pair: -strength[pair])
        kept |= set(own[:per_class])
    return {pair: strength[pair] for pair in kept}


@given(images=st.integers(0, 30), classes=st.integers(2, 7), per_class=st.integers(1, 7), seed=seeds)
def test_strengths_are_those_of_the_formula(images: int, classes: int, per_class: int, seed: int) -> None:
    scores = np.random.default_rng(seed).standard_normal((images, classes)).astype(np.float32) * 3
    names = [str(c) for c in range(classes)]
    expected = formula(scores, per_class, 0.6)
    pairs = [(int(a), int(b)) for a, b in confused_pairs(scores, names, per_class=per_class, max_gap=0.6)]
    assert set(pairs) == set(expected)
    assert len(pairs) == len(expected)
    assert [expected[pair] for pair in pairs] == pytest.approx(sorted(expected.values(), reverse=True))


@given(order=st.permutations(range(6)), shuffle=st.randoms(use_true_random=False), seed=seeds)
def test_another_order_of_classes_or_images_gives_the_same_competitors(
    order: list[int], shuffle, seed: int
) -> None:
    scores = np.random.default_rng(seed).standard_normal((25, 6)).astype(np.float32) * 3
    names = np.array([f"class {c}" for c in range(6)])
    values = sorted(formula(scores, 6, 0.5).values())
    assume(np.diff(values).min(initial=1) > 1e-4)
    pairs = confused_pairs(scores, names.tolist(), per_class=2)
    images = list(range(25))
    shuffle.shuffle(images)
    assert confused_pairs(scores[images], names.tolist(), per_class=2) == pairs
    assert as_sets(confused_pairs(scores[:, order], names[order].tolist(), per_class=2)) == as_sets(pairs)


def test_the_competitors_do_not_depend_on_how_many_images_are_looked_at_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scores = np.random.default_rng(3).standard_normal((200, 4)) * 4
    whole = confused_pairs(scores, NAMES)
    monkeypatch.setattr(confusable, "_NUMBERS_AT_ONCE", 13)
    assert confused_pairs(scores, NAMES) == whole


def test_scores_stay_as_they_are() -> None:
    scores = np.float32([[5, 5, 0, 0]])
    confused_pairs(scores, NAMES)
    assert scores.tolist() == [[5, 5, 0, 0]]


def test_without_images_or_rivals_nobody_competes() -> None:
    assert confused_pairs(np.zeros((0, 4)), NAMES) == []
    assert confused_pairs([[1.0]], ["cat"]) == []


@pytest.mark.parametrize(
    ("scores", "options", "sentence"),
    [
        ([[1, 2, 3]], {}, r"a column for each of the 4 classes, but their shape is \(1, 3\)"),
        ([[1, 2, 3, np.nan]], {}, "scores must be finite"),
        ([[1, 2, 3, 4]], {"per_class": 0}, "per_class must be a whole number of classes, 1 or more, not 0"),
        ([[1, 2, 3, 4]], {"max_gap": -0.1}, "max_gap must be a difference of probabilities"),
        ([[1, 2, 3, 4]], {"max_gap": np.nan}, "max_gap must be a difference of probabilities"),
    ],
)
def test_what_cannot_be_compared_is_refused(scores, options, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        confused_pairs(scores, NAMES, **options)
