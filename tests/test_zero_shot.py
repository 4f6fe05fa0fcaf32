"""The heuristic score: by hand, at its edges, and what must not change it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.kinds import DESCRIBING_KINDS, TEXT_KINDS
from clipcoder.zero_shot import ZeroShotHead, clip_scores, equidistant_scores, head, heuristic_scores
from neighbourhoods import Neighbourhood, neighbourhoods

EAST, NORTH, WEST = [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]


def by_definition(problem: Neighbourhood) -> np.ndarray:
    """The score of the paper, one image and class at a time, in float64."""
    unit = [f / np.linalg.norm(f, axis=1, keepdims=True) for f in (problem.images, problem.texts)]
    cosines = unit[0].astype(float) @ unit[1].astype(float).T
    scores = np.empty((len(problem.images), problem.n_classes))
    describes = np.isin(problem.text_kind, DESCRIBING_KINDS)
    for i in range(len(problem.images)):
        for c in range(problem.n_classes):
            terms = list(cosines[i, (problem.text_class == c) & describes])
            naming = cosines[i, (problem.text_class == c) & ~describes]
            terms += [naming.max()] if len(naming) else []
            scores[i, c] = 100 * sum(terms) / len(terms)
    return scores


def test_describing_texts_add_up_and_the_nearest_naming_text_counts_by_hand():
    texts = [NORTH, EAST, WEST, EAST, NORTH]
    kinds = ["name", "synonym", "attribute", "analogue", "analogue"]
    # east: naming max(0, 1) = 1, describing -1 + 1 + 0 = 0, of 4 terms; north: max(1, 0) = 1, 0 + 0 + 1 = 1
    np.testing.assert_allclose(
        heuristic_scores([EAST, NORTH], texts, [0] * 5, kinds), [[25], [50]], atol=1e-5
    )


def test_scores_are_float32_of_shape_images_by_classes():
    scores = heuristic_scores([EAST, NORTH, WEST], [EAST, NORTH], [0, 1], ["name", "name"])
    assert scores.shape == (3, 2)
    assert scores.dtype == np.float32


@given(neighbourhoods())
def test_folded_scores_are_those_of_the_definition(problem: Neighbourhood):
    np.testing.assert_allclose(heuristic_scores(*problem[:4]), by_definition(problem), atol=1e-4)


@given(neighbourhoods(), st.randoms(use_true_random=False))
def test_the_order_of_texts_does_not_matter(problem: Neighbourhood, random):
    order = random.sample(range(len(problem.texts)), len(problem.texts))
    shuffled = heuristic_scores(
        problem.images, problem.texts[order], problem.text_class[order], problem.text_kind[order]
    )
    np.testing.assert_allclose(shuffled, heuristic_scores(*problem[:4]), atol=1e-4)


@given(neighbourhoods(), st.randoms(use_true_random=False))
def test_the_order_of_classes_orders_the_columns_and_nothing_else(problem: Neighbourhood, random):
    new_place = np.array(random.sample(range(problem.n_classes), problem.n_classes))
    moved = heuristic_scores(problem.images, problem.texts, new_place[problem.text_class], problem.text_kind)
    np.testing.assert_allclose(moved[:, new_place], heuristic_scores(*problem[:4]), atol=1e-4)


@given(neighbourhoods(), st.integers(1, 4))
def test_the_size_of_batches_does_not_matter(problem: Neighbourhood, size: int):
    whole = heuristic_scores(*problem[:4])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(head, "_IMAGES_AT_ONCE", size)
        np.testing.assert_allclose(heuristic_scores(*problem[:4]), whole, atol=1e-4)


@given(neighbourhoods(), st.integers(0, 99))
def test_a_naming_text_twice_changes_nothing(problem: Neighbourhood, pick: int):
    naming = np.flatnonzero(~np.isin(problem.text_kind, DESCRIBING_KINDS))
    if not len(naming):
        return
    again = [*range(len(problem.texts)), naming[pick % len(naming)]]
    twice = heuristic_scores(
        problem.images, problem.texts[again], problem.text_class[again], problem.text_kind[again]
    )
    np.testing.assert_allclose(twice, heuristic_scores(*problem[:4]), atol=1e-4)


@given(neighbourhoods(), st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_the_scale_of_features_does_not_matter(problem: Neighbourhood, image_scale: float, text_scale: float):
    scaled = heuristic_scores(problem.images * image_scale, problem.texts * text_scale, *problem[2:4])
    np.testing.assert_allclose(scaled, heuristic_scores(*problem[:4]), atol=1e-3)


def test_a_class_without_describing_texts_has_its_best_naming_cosine():
    scores = heuristic_scores([EAST], [NORTH, EAST], [0, 0], ["name", "synonym"])
    np.testing.assert_allclose(scores, [[100]])


def test_a_class_without_naming_texts_has_the_mean_of_its_describing_cosines():
    scores = heuristic_scores([EAST], [EAST, NORTH], [0, 0], ["attribute", "analogue"])
    np.testing.assert_allclose(scores, [[50]])


@pytest.mark.parametrize("scored", [heuristic_scores, equidistant_scores, clip_scores])
def test_a_class_that_has_no_text_at_all_is_named(scored: Callable[..., np.ndarray]):
    with pytest.raises(InvalidInputError, match=r"at least one text.*, but class 1 \(1 of 3\) has none"):
        scored([EAST], [EAST, EAST], [0, 2], ["name", "name"])
    with pytest.raises(InvalidInputError, match=r"but class 0 \(3 of 3\) has none"):
        scored([EAST], np.empty((0, 2)), [], [], n_classes=3)
    with pytest.raises(InvalidInputError, match="there is no class"):
        scored([EAST], np.empty((0, 2)), [], [])


def test_no_images_have_no_scores():
    assert heuristic_scores(np.empty((0, 2)), [EAST, NORTH], [0, 1], ["name", "name"]).shape == (0, 2)


def test_an_unknown_kind_is_refused_with_its_neighbours():
    with pytest.raises(UnknownNameError, match="unknown kind of text 'synonim': did you mean 'synonym'"):
        heuristic_scores([EAST], [EAST], [0], ["synonim"])


def test_one_kind_a_text_is_needed():
    with pytest.raises(InvalidInputError, match=r"one kind for each of the 2 texts .* its shape is \(1,\)"):
        heuristic_scores([EAST], [EAST, NORTH], [0, 1], ["name"])


def test_images_and_texts_of_different_models_are_refused():
    with pytest.raises(InvalidInputError, match=r"images must have 2 columns .* but they have 3"):
        heuristic_scores([[1.0, 0.0, 0.0]], [EAST], [0], ["name"])


def test_memory_does_not_grow_with_images_times_texts():
    rng = np.random.default_rng(0)
    texts, classes = rng.standard_normal((4000, 16), dtype=np.float32), np.arange(4000) % 10
    kinds = np.where(np.arange(4000) < 20, "name", "attribute")
    head = ZeroShotHead.coder(texts, classes, kinds)
    images = rng.standard_normal((3000, 16), dtype=np.float32)
    tracemalloc.start()
    head.scores(images)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000  # bytes; the similarities of images and texts would take 48,000,000


def test_a_head_says_what_it_scores():
    head = ZeroShotHead.coder([EAST, NORTH], [0, 1], ["name", "name"], n_classes=2)
    assert (head.n_classes, head.dim) == (2, 2)


def test_equidistant_prototypes_by_hand():
    # prototypes (1, 0), (-1, 0), (0, 0.6): their mean is (0, 0.2), their distances 1.02, 1.02 and 0.4
    texts = [EAST, WEST, [0.8, 0.6], [-0.8, 0.6]]
    scores = equidistant_scores([NORTH], texts, [0, 1, 2, 2], ["name", "name", "attribute", "attribute"])
    far = np.hypot(1, 0.2)
    mean = (2 * far + 0.4) / 3
    np.testing.assert_allclose(
        scores, 100 * np.array([[0.2 - 0.2 * mean / far] * 2 + [0.2 + mean]]), atol=1e-4
    )


def equidistant_by_definition(problem: Neighbourhood) -> np.ndarray:
    """The score of the module's docstring, one class at a time, in float64."""
    images, texts = (
        f.astype(float) / np.linalg.norm(f.astype(float), axis=1, keepdims=True)
        for f in (problem.images, problem.texts)
    )
    describes = np.isin(problem.text_kind, DESCRIBING_KINDS)
    prototypes = []
    for c in range(problem.n_classes):
        described = texts[(problem.text_class == c) & describes]
        naming = texts[(problem.text_class == c) & ~describes]
        total, terms = described.sum(axis=0), len(described)
        prototypes.append(100 * ((naming + total) / (terms + 1) if len(naming) else total[None] / terms))
    mean = np.mean([of_class.mean(axis=0) for of_class in prototypes], axis=0)
    distance = np.mean([np.linalg.norm(p - mean) for of_class in prototypes for p in of_class])
    columns = []
    for of_class in prototypes:
        offsets = of_class - mean
        lengths = np.linalg.norm(offsets, axis=1, keepdims=True)
        moved = mean + distance * np.divide(
            offsets, lengths, out=np.zeros_like(offsets), where=lengths > 1e-4
        )
        columns.append((images @ moved.T).max(axis=1))
    return np.stack(columns, axis=1)


@given(neighbourhoods())
def test_equidistant_scores_are_those_of_the_definition(problem: Neighbourhood):
    np.testing.assert_allclose(
        equidistant_scores(*problem[:4]), equidistant_by_definition(problem), atol=1e-3
    )


def test_equidistant_scores_of_ten_thousand_classes_are_as_exact_as_float32_is():
    rng = np.random.default_rng(0)
    text_class = np.repeat(np.arange(10_000), rng.integers(1, 4, 10_000))
    features = np.eye(1, 32) + 0.05 * rng.standard_normal(
        (1 + len(text_class), 32)
    )  # all of them near each other
    kinds = rng.choice(TEXT_KINDS, len(text_class))
    problem = Neighbourhood(features[:1], features[1:], text_class, kinds, 10_000)
    np.testing.assert_allclose(
        equidistant_scores(*problem[:4]), equidistant_by_definition(problem), atol=1e-4
    )


@given(neighbourhoods())
def test_two_classes_lie_at_one_distance_from_their_mean_as_they_are(problem: Neighbourhood):
    of_two = problem.text_class % 2
    arguments = problem.images, problem.texts, of_two, np.full(len(of_two), "attribute")
    if len(set(of_two)) == 2:
        np.testing.assert_allclose(equidistant_scores(*arguments), heuristic_scores(*arguments), atol=1e-3)


@given(neighbourhoods(), st.randoms(use_true_random=False))
def test_the_order_of_classes_does_not_matter_for_equidistant_scores(problem: Neighbourhood, random):
    order = np.array(random.sample(range(problem.n_classes), problem.n_classes))
    renamed = np.argsort(order)[problem.text_class]
    scores = equidistant_scores(*problem[:4])
    shuffled = equidistant_scores(problem.images, problem.texts, renamed, problem.text_kind)
    np.testing.assert_allclose(shuffled, scores[:, order], atol=1e-3)


@pytest.mark.parametrize("texts", [[EAST], [EAST, EAST, EAST]])
def test_classes_that_lie_in_their_mean_stay_there(texts: list[list[float]]):
    index, kinds = range(len(texts)), ["name"] * len(texts)
    np.testing.assert_allclose(
        equidistant_scores([EAST], texts, index, kinds), [[100] * len(texts)], atol=1e-4
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_class_between_all_others_stays_there_and_goes_nowhere_by_rounding(seed: int):
    image, first, second = np.random.default_rng(seed).standard_normal((3, 50))
    texts, kinds = [first, second, first, second], ["name", "name", "attribute", "attribute"]
    arguments = [image], texts, [0, 1, 2, 2], kinds
    between = heuristic_scores(*arguments)[0, 2]
    np.testing.assert_allclose(equidistant_scores(*arguments)[0, 2], between, atol=1e-4)


def test_clip_scores_take_the_mean_of_name_texts_only():
    scores = clip_scores([EAST], [EAST, NORTH, WEST, WEST], [0] * 4, ["name", "name", "synonym", "attribute"])
    np.testing.assert_allclose(scores, [[100 * np.sqrt(0.5)]], rtol=1e-6)


@given(neighbourhoods())
def test_with_one_name_a_class_and_nothing_else_both_methods_are_clip(problem: Neighbourhood):
    texts, classes = problem.texts[: problem.n_classes], np.arange(problem.n_classes)
    names = ["name"] * problem.n_classes
    np.testing.assert_allclose(
        heuristic_scores(problem.images, texts, classes, names),
        clip_scores(problem.images, texts, classes, names),
        atol=1e-4,
    )


def test_clip_scores_need_a_name_text_in_every_class():
    with pytest.raises(
        InvalidInputError, match=r"at least one text of kind 'name', but class 1 \(1 of 2\) has none"
    ):
        clip_scores([EAST], [EAST, NORTH], [0, 1], ["name", "synonym"])
