"""Classes without labelled images among voters: stand-ins by hand, in leave-one-out, and found again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from adapters.few_shots import FewShots, few_shots
from clipcoder.adapters import ape, coder_adapter, tip_adapter
from clipcoder.adapters.electorate import Electorate, Voters
from clipcoder.adapters.heads import CacheHead
from clipcoder.adapters.stand_ins import StandIns
from clipcoder.adapters.support import Support
from clipcoder.arrays import unit_rows

AS_THEY_ARE = np.empty((0, 0), np.float32)
VOTING = {"tip-adapter": tip_adapter.fit, "coder-adapter": coder_adapter.fit, "ape": ape.fit}
every_method = pytest.mark.parametrize("fit", VOTING.values(), ids=VOTING)


def clouds(n_classes: int, known: int, shots: int, *, seed: int = 0) -> tuple[Support, np.ndarray]:
    """A support set of the first classes, and the centres of all, which lie off their texts as a whole."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(n_classes, 24))
    texts = unit_rows(centres + 0.3 * rng.normal(size=centres.shape))
    centres += 3 * rng.normal(size=24)  # the modality gap
    labels = np.repeat(np.arange(known), shots)
    images = centres[labels] + 0.5 * rng.normal(size=(len(labels), 24))
    return Support.of(images, labels, texts, texts=texts), centres


def test_a_stand_in_is_as_far_from_the_middle_as_an_image_in_the_direction_of_its_text() -> None:
    images = unit_rows([[1, 0, 0], [0, 1, 0]])
    support = Support.of(images, [0, 1], [[0.2, 0, 0], [0, 0.2, 0], [0.1, 0.1, 0.3]])
    [key] = StandIns.of(support).keys(images, AS_THEY_ARE)
    expected = np.array([0.5, 0.5, np.sqrt(0.5)])  # the texts' middle is (0.1, 0.1, 0)
    np.testing.assert_allclose(key, expected / np.linalg.norm(expected), rtol=1e-6)


def test_the_middle_is_that_of_classes_and_the_distance_that_of_images() -> None:
    images = unit_rows([[1, 0, 0], [1, 0, 0], [0, 1, 0]])
    support = Support.of(images, [0, 0, 1], [[1, 0, 0], [0, 1, 0], [0.5, 0.5, 1]], sample_weight=[1, 2, 3])
    [key] = StandIns.of(support).keys(images, AS_THEY_ARE)
    expected = np.array([0.5, 0.5, np.sqrt(0.5)])
    np.testing.assert_allclose(key, expected / np.linalg.norm(expected), rtol=1e-6)


def test_directions_are_taken_where_votes_are_compared() -> None:
    support = Support.of(np.eye(3)[:2], [0, 1], [[1, 0, 0], [0, 1, 0], [0.5, 0.5, 7]])
    projection = np.float32([[1, 0], [0, 1], [0.5, -0.5]])
    images = np.eye(2, dtype=np.float32)
    [key] = StandIns.of(support).keys(images, projection)
    expected = np.array([0.5, 0.5]) + np.sqrt(0.5) * np.array([1, -1]) / np.sqrt(2)
    np.testing.assert_allclose(key, expected / np.linalg.norm(expected), rtol=1e-5, atol=1e-6)


def test_a_stand_in_counts_as_much_as_the_votes_of_a_class_do_on_average() -> None:
    support = Support.of(np.eye(4)[:3], [0, 0, 2], np.eye(4))
    votes = np.float32([1, 2, 6])
    stand_ins = StandIns.of(support)
    assert stand_ins.classes.tolist() == [1, 3]
    assert stand_ins.vote_weight(votes).tolist() == [4.5, 4.5]


@pytest.mark.parametrize(
    ("prototypes", "classes"),
    [
        (np.zeros((3, 2)), []),  # nothing is known of them
        ([[1, 0], [0, 1], [0, 0]], [1]),
        ([[0, 0], [0, 1], [1, 0]], []),  # nothing to compare their texts with
    ],
)
def test_only_a_text_that_can_be_compared_stands_in(prototypes: object, classes: list[int]) -> None:
    assert StandIns.of(Support.of([[1, 0]], [0], prototypes)).classes.tolist() == classes


@given(few_shots())
def test_all_there_are_are_unit_rows(problem: FewShots) -> None:
    support = Support.of(
        problem.images, problem.labels, problem.prototypes, sample_weight=problem.sample_weight
    )
    stand_ins = StandIns.of(support)
    lacking = np.setdiff1d(np.arange(support.n_classes), problem.labels)
    assert stand_ins.classes.tolist() == lacking.tolist()
    keys = stand_ins.keys(support.images, AS_THEY_ARE)
    assert keys.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(keys, axis=1), np.ones(len(lacking)), rtol=1e-5)


def test_a_text_like_all_others_stands_in_the_middle() -> None:
    support = Support.of(np.eye(2), [0, 1], [[1, 0], [0, 1], [0.5, 0.5]])
    [key] = StandIns.of(support).keys(support.images, AS_THEY_ARE)
    np.testing.assert_allclose(key, [np.sqrt(0.5)] * 2, rtol=1e-6)


def test_beside_a_single_image_all_votes_are_equal_and_texts_decide() -> None:
    support = Support.of([[1, 0, 0]], [0], np.eye(3))
    head = tip_adapter.fit(support).head
    scores, zero_shot = head.scores(np.eye(3)), support.zero_shot(np.eye(3, dtype=np.float32))
    votes = scores - zero_shot
    np.testing.assert_allclose(votes, np.tile(votes[:, :1], 3), atol=1e-4)
    assert scores.argmax(axis=1).tolist() == [0, 1, 2]


@every_method
def test_where_every_class_has_an_image_nothing_stands_in(fit) -> None:
    support, _ = clouds(5, 5, 3)
    head = fit(support).head
    assert isinstance(head, CacheHead)
    assert len(head.keys) == len(head.labels) == len(head.vote_weight) == 15


@every_method
@pytest.mark.parametrize("shots", [1, 4])
def test_many_classes_without_images_are_found(fit, shots: int) -> None:
    support, centres = clouds(100, 60, shots)
    found = fit(support).head.scores(centres).argmax(axis=1) == np.arange(100)
    assert found[:60].mean() > 0.9
    assert found[60:].mean() > 0.6


@pytest.mark.parametrize("stretch", [False, True])
def test_left_out_images_meet_stand_ins_as_images_to_come_do(stretch: bool) -> None:
    support, _ = clouds(6, 4, 3)
    voters = Voters(AS_THEY_ARE, stretch, np.ones(12, np.float32), {})
    electorate, judged = Electorate.of(support), np.arange(12)
    held_out = electorate.held_out_votes(voters, electorate.held_out_affinity(voters, judged), judged, 3.0)
    known = electorate.head(voters, 1.0, 3.0)
    votes = known.scores(support.images) - support.zero_shot(support.images)
    assert held_out[:, 4:].min() > 0
    if not stretch:  # which a vote less may change
        np.testing.assert_allclose(held_out[:, 4:], votes[:, 4:], rtol=1e-3, atol=1e-4)
