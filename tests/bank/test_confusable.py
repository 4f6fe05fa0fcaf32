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


def test_what_more_images_confuse_comes_first() -> None:
    scores = [[5, 6, 0, 0], [0, 5, 6, 0], [0, 6, 5, 0], [0, 0, 5, 6], [0, 0, 6, 5], [0, 0, 5, 6]]
    assert confused_pairs(scores, NAMES, top_k=2) == [("fox", "cow"), ("dog", "fox"), ("cat", "dog")]


def test_a_second_best_class_weighs_more_than_a_third_best() -> None:
    scores = [[9, 8, 7, 0], [9, 8, 7, 0], [9, 0, 8, 7]]
    # with the cat compete the dog: 1 + 1, the fox: 1/2 + 1/2 + 1, the cow: 1/2; others do not meet
    assert confused_pairs(scores, NAMES, top_k=3) == [("cat", "dog"), ("cat", "fox"), ("cat", "cow")]
    assert confused_pairs(scores[:2], NAMES, top_k=3) == [("cat", "dog"), ("cat", "fox")]
    assert confused_pairs([*scores, [8, 0, 9, 7]], NAMES, top_k=3)[0] == ("cat", "fox")


def test_equal_scores_go_by_the_order_of_classes() -> None:
    assert confused_pairs([[1, 1, 1, 1]], NAMES, top_k=2) == [("cat", "dog")]
    assert confused_pairs([[1, 1, 1, 1]], NAMES) == [("cat", "dog"), ("cat", "fox"), ("cat", "cow")]


def test_of_each_class_come_the_strongest_but_a_weak_pair_may_be_strong_for_the_other_class() -> None:
    scores = [[6, 5, 0, 0]] * 4 + [[6, 0, 5, 0]] * 3 + [[0, 6, 5, 0]] * 2 + [[6, 0, 0, 5]]
    pairs = confused_pairs(scores, NAMES, per_class=1, top_k=2)
    assert pairs == [("cat", "dog"), ("cat", "fox"), ("cat", "cow")]


def formula(scores: FloatArray, per_class: int, top_k: int) -> dict[tuple[int, int], float]:
    """The strengths of the pairs that are returned, written out image by image."""
    strength: dict[tuple[int, int], float] = {}
    for row in scores:
        best, *others = np.argsort(-row, kind="stable")[:top_k].tolist()
        for j, other in enumerate(others, start=1):
            pair = min(best, other), max(best, other)
            strength[pair] = strength.get(pair, 0) + 1 / j
    kept = set()
    for c in range(scores.shape[1]):
        own = sorted(pair for pair in strength if c in pair)
        kept |= set(sorted(own, key=lambda pair: -round(strength[pair], 6))[:per_class])
    return {pair: strength[pair] for pair in kept}


@given(images=st.integers(0, 30), classes=st.integers(2, 7), limits=st.tuples(counts, counts), seed=seeds)
def test_strengths_are_those_of_the_formula(
    images: int, classes: int, limits: tuple[int, int], seed: int
) -> None:
    scores = np.random.default_rng(seed).standard_normal((images, classes)).astype(np.float32)
    per_class, top_k = limits[0], limits[1] + 1
    names = [str(c) for c in range(classes)]
    expected = formula(scores, per_class, top_k)
    found = confused_pairs(scores, names, per_class=per_class, top_k=top_k)
    pairs = [(int(a), int(b)) for a, b in found]
    assert set(pairs) == set(expected)
    assert len(pairs) == len(expected)
    assert [expected[pair] for pair in pairs] == pytest.approx(sorted(expected.values(), reverse=True))


@given(order=st.permutations(range(6)), seed=seeds)
def test_another_order_of_classes_gives_the_same_competitors(order: list[int], seed: int) -> None:
    scores = np.random.default_rng(seed).standard_normal((25, 6)).astype(np.float32)
    names = np.array([f"class {c}" for c in range(6)])
    pairs = confused_pairs(scores, names.tolist(), per_class=5, top_k=3)
    permuted = confused_pairs(scores[:, order], names[order].tolist(), per_class=5, top_k=3)
    assert set(as_sets(permuted)) == set(as_sets(pairs))
    assert len(permuted) == len(pairs)


@given(shuffle=st.randoms(use_true_random=False), scale=st.sampled_from([1e-3, 0.5, 100.0]), seed=seeds)
def test_neither_the_order_of_images_nor_the_scale_of_scores_matters(
    shuffle, scale: float, seed: int
) -> None:
    scores = np.random.default_rng(seed).integers(-9, 9, (25, 4)).astype(np.float32)
    images = list(range(25))
    shuffle.shuffle(images)
    assert confused_pairs(scores[images] * scale, NAMES) == confused_pairs(scores, NAMES)


def test_the_competitors_do_not_depend_on_how_many_images_are_looked_at_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scores = np.random.default_rng(3).standard_normal((200, 4))
    whole = confused_pairs(scores, NAMES, top_k=3)
    monkeypatch.setattr(confusable, "_NUMBERS_AT_ONCE", 13)
    assert confused_pairs(scores, NAMES, top_k=3) == whole


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
        ([[1, 2, 3, 4]], {"top_k": 1}, "top_k must be a whole number of classes, 2 or more, not 1"),
    ],
)
def test_what_cannot_be_compared_is_refused(scores, options, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        confused_pairs(scores, NAMES, **options)
