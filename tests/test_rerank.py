"""The one-to-one rerank: by hand, against its definition, at its edges."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.errors import InvalidInputError
from clipcoder.rerank import (
    CLOSE_SHARE,
    PairDifferences,
    differences,
    gap_of_share,
    rerank,
    rerank_as_published,
    reranking,
    softmax_gaps,
    voting,
)

ALWAYS = np.inf
X, Y = [1.0, 0.0], [0.0, 1.0]


def both_ways(n_classes: int, *pairs: tuple[int, int, list[float], list[float]]) -> PairDifferences:
    """Make pairs from (c, o, T(c, o), T(o, c)), one text each."""
    texts = [text for _, _, own, other in pairs for text in (own, other)]
    first = [i for c, o, _, _ in pairs for i in (c, o)]
    second = [i for c, o, _, _ in pairs for i in (o, c)]
    return PairDifferences.from_texts(np.reshape(texts, (-1, 2)), first, second, n_classes)


def by_definition(images, scores, texts, first, second, top_k, max_gap):
    """The rerank of the paper in four plain loops, missing pairs left out; float64."""
    images, texts = (f / np.linalg.norm(f, axis=1, keepdims=True) for f in (images, texts))
    choice = []
    for x, row in zip(images, scores, strict=True):
        top = np.argsort(-row, kind="stable")[:top_k]
        p = np.sort(np.exp(row - row.max()) / np.exp(row - row.max()).sum())
        votes = {}
        for c in top:
            terms = []
            for o in top:
                own, other = (texts[(first == a) & (second == b)] for a, b in ((c, o), (o, c)))
                if len(own) and len(other):
                    terms.append((own @ x).mean() - (other @ x).mean())
            if terms:
                votes[c] = np.mean(terms)
        stays = p[-1] - p[-2] >= max_gap or top[0] not in votes
        choice.append(top[0] if stays else max(votes, key=votes.__getitem__))
    return np.array(choice)


def test_the_class_that_wins_its_comparisons_is_chosen_by_hand():
    pairs = both_ways(3, (0, 1, X, Y), (0, 2, X, Y), (1, 2, X, Y))
    scores = [[1.0, 2.0, 3.0]]
    # Looking along x: 0 beats 1 and 2, 1 beats 2. Looking along y it is the other way round.
    assert rerank([X], scores, pairs, max_gap=ALWAYS).tolist() == [0]
    assert rerank([Y], scores, pairs, max_gap=ALWAYS).tolist() == [2]


def test_texts_of_a_pair_count_as_their_mean():
    pairs = PairDifferences.from_texts([X, X, X, Y, Y], [0, 0, 0, 0, 1], [1, 1, 1, 1, 0], n_classes=2)
    np.testing.assert_allclose(pairs.differences, [[0.75, 0.25 - 1]])


def test_only_close_calls_are_reranked():
    pairs = both_ways(2, (0, 1, X, Y))
    scores = np.log([[0.4, 0.6], [0.3, 0.7]])  # gaps 0.2 and 0.4
    assert rerank([X, X], scores, pairs, max_gap=0.3).tolist() == [0, 1]
    assert rerank([X, X], scores, pairs, max_gap=0).tolist() == [1, 1]
    assert rerank([X, X], scores, pairs, max_gap=1.1).tolist() == [0, 0]


def test_a_gap_of_nothing_is_not_below_nothing():
    assert rerank([Y], [[1.0, 1.0]], both_ways(2, (0, 1, X, Y)), max_gap=0).tolist() == [0]


def test_only_the_top_k_are_compared():
    pairs = both_ways(3, (0, 1, X, Y), (0, 2, X, Y), (1, 2, X, Y))
    assert rerank([X], [[1.0, 2.0, 3.0]], pairs, top_k=2, max_gap=ALWAYS).tolist() == [1]


def test_a_missing_pair_casts_no_vote():
    # 0 beats 1 narrowly; 2 loses to 1 and never met 0. A vote of 0 for (0, 2) would halve its mean.
    pairs = both_ways(3, (0, 1, [1, 0.5], [0.9, 0.6]), (1, 2, [1, 0.4], [0.9, 0.6]))
    assert len(pairs.differences) == 2
    images, scores = np.array([X]), np.array([[1.0, 2.0, 3.0]])
    d01, d12 = pairs.differences[:, 0]
    assert d12 / 2 < d01 < d12 and (d12 - d01) / 2 < d01
    assert rerank(images, scores, pairs, max_gap=ALWAYS).tolist() == [0]


def test_a_best_class_without_any_pair_stays_the_best():
    pairs = both_ways(3, (0, 1, X, Y))
    assert rerank([X], [[1.0, 2.0, 3.0]], pairs, max_gap=ALWAYS).tolist() == [2]


def test_a_lower_class_without_any_pair_is_not_chosen():
    pairs = both_ways(
        3, (0, 1, Y, X)
    )  # looking along x, 1 beats 0; the votes of both are below those of no one
    assert rerank([X], [[3.0, 1.0, 2.0]], pairs, max_gap=ALWAYS).tolist() == [1]


def test_a_pair_with_texts_in_one_direction_only_does_not_exist():
    one_way = PairDifferences.from_texts([X, X, Y], [0, 0, 1], [1, 2, 2], n_classes=3)
    assert len(one_way.differences) == 0
    assert rerank([X], [[1.0, 2.0, 3.0]], one_way, max_gap=ALWAYS).tolist() == [2]


def test_without_any_pair_the_scores_decide():
    none = PairDifferences.from_texts(np.empty((0, 2)), [], [], n_classes=2)
    assert rerank([X, Y], [[1.0, 2.0], [2.0, 1.0]], none, max_gap=ALWAYS).tolist() == [1, 0]


def test_one_class_is_always_right():
    alone = PairDifferences.from_texts(np.empty((0, 2)), [], [], n_classes=1)
    assert rerank([X, Y], [[1.0], [2.0]], alone, max_gap=ALWAYS).tolist() == [0, 0]


def test_no_images_have_no_classes():
    pairs = both_ways(2, (0, 1, X, Y))
    assert rerank(np.empty((0, 2)), np.empty((0, 2)), pairs, max_gap=ALWAYS).shape == (0,)


def test_equal_scores_are_taken_in_class_order():
    pairs = both_ways(4, (0, 1, Y, X), (2, 3, X, Y))
    assert rerank([X], [[1.0, 1.0, 1.0, 1.0]], pairs, top_k=2, max_gap=ALWAYS).tolist() == [1]


def test_equal_votes_leave_the_order_of_the_scores():
    pairs = both_ways(3, (0, 1, X, Y), (1, 2, X, Y), (2, 0, X, Y))  # a circle: everybody wins once
    assert rerank([X], [[1.0, 3.0, 2.0]], pairs, max_gap=ALWAYS).tolist() == [1]


@given(
    seed=st.integers(0, 2**32 - 1),
    n_classes=st.integers(2, 8),
    density=st.floats(0, 1),
    top_k=st.integers(2, 9),
    max_gap=st.sampled_from([0, 0.2, 0.5, ALWAYS]),
)
def test_the_batched_rerank_is_the_four_loops(seed, n_classes, density, top_k, max_gap):
    rng = np.random.default_rng(seed)
    grid = np.argwhere(~np.eye(n_classes, dtype=bool))
    kept = grid[rng.random(len(grid)) < density]
    index = np.repeat(np.arange(len(kept)), rng.integers(1, 4, len(kept)))
    first, second = kept[rng.permutation(index)].T
    texts, images = rng.standard_normal((len(first), 5)), rng.standard_normal((7, 5))
    scores = rng.standard_normal((7, n_classes))
    pairs = PairDifferences.from_texts(texts.reshape(-1, 5), first, second, n_classes)
    expected = by_definition(images, scores, texts.reshape(-1, 5), first, second, top_k, max_gap)
    np.testing.assert_array_equal(rerank(images, scores, pairs, top_k=top_k, max_gap=max_gap), expected)


@given(seed=st.integers(0, 2**32 - 1), budget=st.integers(1, 200))
def test_the_size_of_batches_does_not_matter(seed: int, budget: int):
    rng = np.random.default_rng(seed)
    first, second = np.argwhere(~np.eye(6, dtype=bool)).T
    pairs = PairDifferences.from_texts(rng.standard_normal((30, 4)), first, second, 6)
    images, scores = rng.standard_normal((9, 4)), rng.standard_normal((9, 6))
    whole = rerank(images, scores, pairs, max_gap=ALWAYS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(voting, "_NUMBERS_AT_ONCE", budget)
        np.testing.assert_array_equal(rerank(images, scores, pairs, max_gap=ALWAYS), whole)


@pytest.mark.parametrize("table", [0, 1 << 20])
def test_pairs_are_found_in_either_order_with_sign(monkeypatch: pytest.MonkeyPatch, table: int):
    monkeypatch.setattr(differences, "_TABLE", table)
    pairs = both_ways(4, (0, 2, X, Y), (3, 1, X, Y))
    np.testing.assert_array_equal(pairs.differences, [[1, -1], [-1, 1]])
    own, other = np.indices((4, 4))
    row, sign = pairs.find(own, other)
    assert sign.tolist() == [[0, 0, 1, 0], [0, 0, 0, 1], [-1, 0, 0, 0], [0, -1, 0, 0]]
    assert (row[sign != 0].tolist(), row[sign == 0].any()) == ([0, 1, 0, 1], False)


@pytest.mark.parametrize("table", [0, 1 << 20])
def test_where_no_pair_exists_none_is_found(monkeypatch: pytest.MonkeyPatch, table: int):
    monkeypatch.setattr(differences, "_TABLE", table)
    row, sign = both_ways(3).find(np.array([0, 2]), np.array([1, 0]))
    assert (row.tolist(), sign.tolist()) == ([0, 0], [0, 0])


def test_many_classes_take_the_memory_of_their_pairs():
    pairs = both_ways(10**6, (0, 10**6 - 1, Y, X), (7, 8, X, Y))
    assert pairs.keys.tolist() == [10**6 - 1, 7 * 10**6 + 8]
    assert pairs.find(np.array([10**6 - 1]), np.array([0]))[1].tolist() == [-1]
    assert pairs.find(np.array([10**6 - 1]), np.array([10**6 - 2]))[1].tolist() == [0]


def test_no_signature_takes_a_label():
    functions = (
        rerank,
        rerank_as_published,
        reranking,
        gap_of_share,
        softmax_gaps,
        PairDifferences.from_texts,
    )
    parameters = {name for f in functions for name in inspect.signature(f).parameters}
    assert parameters == {
        "images", "scores", "pairs", "top_k", "max_gap", "missing_votes_0", "gaps", "share", "pair_texts",
        "first", "second", "n_classes", "temperature",
    }  # fmt: skip


# What is missing


def test_missing_pairs_of_close_calls_are_told_by_hand():
    pairs = both_ways(3, (0, 1, X, Y))
    scores = [[1.0, 1.1, 1.2], [0.0, 9.0, 1.0]]
    result = reranking([X, X], scores, pairs, max_gap=0.5)
    assert result.top.tolist() == [[2, 1, 0], [1, 2, 0]]
    assert result.close.tolist() == [True, False]
    assert result.missing.tolist() == [[True, True, False], [False, False, False]]
    assert result.chosen.tolist() == [2, 1]


def test_without_any_pair_all_are_missing():
    result = reranking([X], [[1.0, 2.0, 3.0]], both_ways(3), max_gap=ALWAYS)
    assert (result.missing.tolist(), result.chosen.tolist()) == ([[True] * 3], [2])


def test_one_class_makes_no_close_call():
    result = reranking([X], [[1.0]], both_ways(1), max_gap=ALWAYS)
    assert (result.close.tolist(), result.missing.shape, result.chosen.tolist()) == ([False], (1, 0), [0])


# As published


def test_as_published_a_missing_pair_votes_0_by_hand():
    pairs = both_ways(3, (0, 1, [1, 0.5], [0.9, 0.6]), (1, 2, [1, 0.4], [0.9, 0.6]))
    scores = [[1.0, 2.0, 3.0]]
    d01, d12 = pairs.differences[:, 0]
    votes = [d01 / 2, (d12 - d01) / 2, -d12 / 2]
    assert votes[0] == max(votes)
    assert rerank_as_published([X], scores, pairs, max_gap=ALWAYS).tolist() == [0]
    alone = both_ways(4, (0, 1, X, Y))
    # Looking along y, 1 beats 0; along neither, a class without pairs has 0, which is as good as a draw.
    assert rerank_as_published([Y], [[1.0, 2.0, 3.0, 4.0]], alone, max_gap=ALWAYS).tolist() == [1]
    assert rerank_as_published([[1, 1]], [[1.0, 2.0, 3.0, 4.0]], alone, max_gap=ALWAYS).tolist() == [3]


@given(seed=st.integers(0, 2**32 - 1))
def test_as_published_is_the_sum_over_the_pairs_that_exist_by_all_the_others(seed: int):
    rng = np.random.default_rng(seed)
    grid = np.argwhere(~np.eye(6, dtype=bool))
    first, second = grid[rng.random(len(grid)) < 0.7].T
    texts, images = rng.standard_normal((len(first), 5)), rng.standard_normal((7, 5))
    scores = rng.standard_normal((7, 6))
    pairs = PairDifferences.from_texts(texts, first, second, 6)
    unit, dense = images / np.linalg.norm(images, axis=1, keepdims=True), np.zeros((6, 6, 5))
    for key, difference in zip(pairs.keys, pairs.differences, strict=True):
        dense[key // 6, key % 6], dense[key % 6, key // 6] = difference, -difference
    expected = []
    for x, row in zip(unit, scores, strict=True):
        top = np.argsort(-row)[:4]
        votes = np.array([sum(dense[c, o] @ x for o in top) / 3 for c in top])
        expected.append(top[votes.argmax()])
    chosen = rerank_as_published(images, scores, pairs, top_k=4, max_gap=ALWAYS)
    np.testing.assert_array_equal(chosen, expected)


# Gaps


def test_gaps_by_hand():
    scores = np.log([[0.4, 0.5, 0.1], [0.7, 0.2, 0.1]]) + 3
    np.testing.assert_allclose(softmax_gaps(scores), [0.1, 0.5], atol=1e-6)


def test_gaps_at_a_temperature_are_those_of_the_scores_divided_by_it():
    scores = np.log([[0.4, 0.5, 0.1], [0.7, 0.2, 0.1]])
    np.testing.assert_allclose(softmax_gaps(4 * scores, 4.0), [0.1, 0.5], atol=1e-6)
    assert softmax_gaps(4 * scores).tolist() > [0.1, 0.5]


def test_a_temperature_changes_who_is_reranked_and_nothing_else():
    rng = np.random.default_rng(0)
    images, scores = rng.standard_normal((50, 2)), 4 * rng.standard_normal((50, 3))
    pairs = both_ways(3, (0, 1, X, Y))
    cold, warm = (reranking(images, scores, pairs, max_gap=0.2, temperature=t) for t in (1.0, 4.0))
    assert 0 < cold.close.sum() < warm.close.sum()
    np.testing.assert_array_equal(warm.close, softmax_gaps(scores / 4) < 0.2)
    np.testing.assert_array_equal(cold.chosen[cold.close], warm.chosen[cold.close])
    np.testing.assert_array_equal(warm.chosen, rerank(images, scores, pairs, max_gap=0.2, temperature=4.0))


@pytest.mark.parametrize("temperature", [0, -1.0, np.inf, np.nan, "warm"])
def test_a_temperature_that_is_none_is_refused(temperature: float):
    with pytest.raises(InvalidInputError, match="temperature must be a positive number"):
        softmax_gaps([[1.0, 2.0]], temperature)
    with pytest.raises(InvalidInputError, match="temperature must be a positive number"):
        rerank([X], [[1.0, 2.0]], both_ways(2), max_gap=0.1, temperature=temperature)


@given(
    gaps=st.lists(st.floats(0, 1, width=32), min_size=1, max_size=40, unique=True),
    share=st.sampled_from([0.05, 0.1, 0.25, 0.3, 0.7, 1.0]),
    seed=st.integers(0, 9),
)
def test_as_many_lie_below_the_gap_as_were_asked_for(gaps: list[float], share: float, seed: int):
    count = round(100 * share) * len(gaps) // 100
    if not count:
        with pytest.raises(InvalidInputError, match="unlabelled images, but there are"):
            gap_of_share(gaps, share)
        return
    shuffled = np.random.default_rng(seed).permutation(np.float32(gaps))
    below = gap_of_share(shuffled, share)
    assert (shuffled < below).sum() == count
    assert below == gap_of_share(gaps, share)


def test_equal_gaps_are_all_close_or_none_is():
    assert gap_of_share([0.5] * 20) == 0.5


def test_a_learned_gap_reranks_its_share():
    rng = np.random.default_rng(0)
    images, scores = rng.standard_normal((200, 2)), rng.standard_normal((200, 3))
    below = gap_of_share(softmax_gaps(scores))
    close = reranking(images, scores, both_ways(3, (0, 1, X, Y)), max_gap=below).close
    assert close.sum() == round(CLOSE_SHARE * 200)


@pytest.mark.parametrize(
    ("count", "share", "sentence"),
    [
        (9, 0.1, "a share of 0.1 lies below takes at least 10 unlabelled images, but there are 9"),
        (0, 1, "takes at least 1 unlabelled images, but there are 0"),
        (9, 0, "share must be a part of the images, above 0 and at most 1, not 0"),
        (9, 1.1, "share must be a part of the images"),
        (9, np.nan, "share must be a part of the images"),
    ],
)
def test_shares_that_cannot_be_are_refused(count: int, share: float, sentence: str):
    with pytest.raises(InvalidInputError, match=sentence):
        gap_of_share(np.linspace(0, 1, count), share)


def test_gaps_take_two_classes():
    with pytest.raises(InvalidInputError, match="2 or more classes, but they have 1"):
        softmax_gaps([[1.0]])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"images": [[1.0, 0.0, 0.0]]}, "images must have 2 columns"),
        (
            {"scores": [[1.0, 2.0, 3.0]]},
            r"one column a class of the pairs, \(1, 2\), but their shape is \(1, 3\)",
        ),
        ({"scores": [[1.0, 2.0]] * 2}, r"\(1, 2\), but their shape is \(2, 2\)"),
        ({"scores": [[1.0, np.nan]]}, "scores must be finite"),
        ({"top_k": 1}, "top_k must be a whole number of classes to compare, 2 or more, not 1"),
        ({"top_k": 2.5}, "top_k must be a whole number"),
        ({"max_gap": -0.1}, "max_gap must be a difference of probabilities"),
        ({"max_gap": np.nan}, "max_gap must be a difference of probabilities"),
        ({"max_gap": "0.1"}, "max_gap must be a difference of probabilities, 0 or more, not '0.1'"),
    ],
)
def test_bad_arguments_are_refused(change: dict[str, object], sentence: str):
    good = {"images": [X], "scores": [[1.0, 2.0]], "pairs": both_ways(2, (0, 1, X, Y)), "max_gap": 0.5}
    with pytest.raises(InvalidInputError, match=sentence):
        rerank(**(good | change))


def test_a_class_paired_with_itself_is_refused():
    with pytest.raises(InvalidInputError, match="must be of two classes, but text 1"):
        PairDifferences.from_texts([X, Y], [0, 1], [1, 1], n_classes=2)
