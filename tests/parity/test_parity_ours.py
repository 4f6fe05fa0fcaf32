"""Our side with each mistake, on two images and three classes that are counted by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_case import encoded, records, small

from clipcoder.arrays import unit_rows
from clipcoder.rerank import softmax_gaps
from parity.agreement import agreement, by_scores, by_votes, votes_of
from parity.cases import Case, FewShots, made_up
from parity.differences import of_few_shot, of_zero_shot
from parity.knowledge import Knowledge
from parity.ours import AS_PUBLISHED, Features, Habits, pair_differences, zero_shot
from parity.wordings import Mistakes, Wordings

NAMES = ["red_fox", "owl", "hen"]
BY_HAND = Habits(threshold_by_hand=True)


class Directions:
    """Encodes a sentence as the axis of the class that it names first; "None" lies between all."""

    def encode_texts(self, texts):  # type: ignore[no-untyped-def]
        names = [name.replace("_", " ") for name in NAMES]
        rows = []
        for text in texts:
            found = sorted((text.index(name), i) for i, name in enumerate(names) if name in text)
            rows.append(np.eye(3)[found[0][1]] if found else np.ones(3))
        return unit_rows(rows)


def case_of(images, labels, pairs, synonyms=((), (), ()), max_gap=1.0) -> tuple[Case, Wordings, Features]:  # type: ignore[no-untyped-def]
    nothing = [[], [], []]
    knowledge = Knowledge(NAMES, nothing, nothing, synonyms, pairs)
    labelled = unit_rows(images), np.array(labels)
    case = Case(
        "by hand", "woods", max_gap, knowledge, Directions(), labelled, FewShots(labelled, labelled, 1, 1)
    )
    wordings = Wordings.of(knowledge, records(knowledge))
    return case, wordings, encoded(case, wordings)


PAIRS = {own: {other: ["a mark"]} for own, other in (("owl", "hen"), ("hen", "owl"))}


def test_a_missing_pair_votes_0_only_as_published() -> None:
    # Scores prefer the fox, which has no pair; among the others, hen leads over owl.
    arguments = case_of([[0.60, 0.55, 0.58]], [2], PAIRS)
    assert zero_shot(*arguments, BY_HAND).coder.tolist() == [0]
    assert zero_shot(*arguments, BY_HAND).reranked.tolist() == [0]  # nobody says anything about the fox
    published = zero_shot(*arguments, replace(BY_HAND, missing_votes_0=True))
    assert published.reranked.tolist() == [2]  # its votes of 0 lose against the positive vote of the hen


def test_the_label_gate_leaves_images_alone_that_are_wrong_anyway() -> None:
    # Of eight classes the label is the worst, so it is not among the best five.
    case = made_up("caltech-101", 2.0, seed=1, classes=8, dim=8)
    wordings = Wordings.of(case.knowledge, records(case.knowledge))
    features = encoded(case, wordings)
    free = zero_shot(case, wordings, features, BY_HAND)
    worst = replace(case, images=(case.images[0], free.scores.argmin(axis=1)))
    gated = zero_shot(worst, wordings, features, replace(BY_HAND, label_gate=True))
    assert (free.reranked != free.coder).any()
    np.testing.assert_array_equal(gated.reranked, free.coder)


def test_in_single_precision_nothing_is_reranked() -> None:
    arguments = case_of([[0.1, 0.60, 0.61]], [2], {"owl": {"hen": ["a mark"]}, "hen": {"owl": ["a mark"]}})
    made = zero_shot(*arguments, replace(BY_HAND, never_reranks=True))
    np.testing.assert_array_equal(made.reranked, made.coder)


def test_a_synonym_that_is_none_competes_with_the_name() -> None:
    synonyms = (["hen"], [], [])  # a fox that is called a hen
    arguments = case_of([[0.1, 0.2, 0.9]], [2], {"owl": {"hen": ["a mark"]}}, synonyms)
    right = zero_shot(*arguments, Habits(never_reranks=True))
    wrong = zero_shot(*arguments, Habits(Mistakes(none_for_synonyms=True), never_reranks=True))
    assert right.scores[0, 0] == pytest.approx(right.scores[0, 2])
    assert wrong.scores[0, 0] == pytest.approx(100 * 1.2 / np.sqrt(3 * 0.86), abs=1e-3)


def test_each_mistake_is_counted_against_none() -> None:
    case = small()
    wordings = Wordings.of(case.knowledge, records(case.knowledge))
    features = encoded(case, wordings)
    rows = {one.mistake: one.methods for one in of_zero_shot(case, wordings, features)}
    labels = case.images[1]
    none = zero_shot(case, wordings, features, Habits())
    assert rows["none"]["CODER"].right == (none.coder == labels).sum()
    assert rows["none"]["CODER*"].images == 0
    whole = zero_shot(case, wordings, features, AS_PUBLISHED)
    everything = rows["all of these but the last"]
    assert everything["CODER*"].images == (whole.reranked != none.reranked).sum()
    assert everything["CODER*"].right == (whole.reranked == labels).sum()
    assert rows["only images are reranked whose label is among the best five"]["CODER"].images == 0
    assert "two one-to-one prompts of DTD run together" not in rows  # no sentence of this case changes


@pytest.mark.usefixtures("short_search")
def test_the_better_of_two_is_the_better_one() -> None:
    case = small()
    wordings = Wordings.of(case.knowledge, records(case.knowledge))
    rows = {one.mistake: one.methods for one in of_few_shot(case, wordings, encoded(case, wordings))}
    right = {
        mistake: methods["CODER-Adapter"].right
        for mistake, methods in rows.items()
        if "CODER-Adapter" in methods
    }
    assert right["the better of these two on the images that are judged"] == max(
        right["alpha and beta are set by hand"], right["alpha and beta are looked for on a grid"]
    )
    assert set(rows["affinities of Tip-Adapter are stretched"]) == {"Tip-Adapter"}


def test_a_tie_holds_and_a_difference_does_not() -> None:
    scores = np.float32([[20.0, 20.0005], [20.0, 25.0]])
    labels = np.array([0, 1])
    tied = agreement("a", np.array([0, 1]), np.array([1, 1]), labels, by_scores(scores), counted=2)
    assert (tied.published, tied.ours, tied.holds) == (2, 1, True)
    assert tied.apart[0].by == pytest.approx(0.0005, rel=0.1)
    apart = agreement("a", np.array([1, 0]), np.array([1, 1]), labels, by_scores(scores))
    assert [one.image for one in apart.apart] == [1]
    assert not apart.holds


def test_predictions_that_are_not_those_counted_do_not_hold() -> None:
    both = np.array([0, 1])
    assert not agreement("a", both, both, both, by_scores(np.eye(2, dtype=np.float32)), counted=1).holds


def test_how_near_an_image_is_to_another_choice_of_the_rerank() -> None:
    case, wordings, features = case_of([[0.1, 0.60, 0.62]], [2], PAIRS)
    pairs = pair_differences(case, wordings, features, Mistakes())
    scores = zero_shot(case, wordings, features, BY_HAND).scores
    image = case.images[0][0]
    votes = votes_of(image, np.array([2, 1, 0]), pairs)
    np.testing.assert_allclose(votes, [100 * (image[2] - image[1]) / 2, 100 * (image[1] - image[2]) / 2, 0])
    margin = by_votes(case.images[0], scores, pairs, case.max_gap, 5)
    assert margin(0, 1, 2) == pytest.approx(votes[0] - votes[1], rel=1e-5)  # less than any other distance
    at_threshold = by_votes(case.images[0], scores, pairs, float(softmax_gaps(scores)[0]) + 1e-6, 5)
    assert at_threshold(0, 1, 2) == pytest.approx(1e-4, abs=1e-5)
