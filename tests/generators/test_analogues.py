from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.generators.analogues import AskAgain, keep_far, nearest_other
from clipcoder.generators.base import Question, Remark, Reply
from clipcoder.source import Source

CLASSES = ["owl", "dog", "cat"]
MONDAY, TUESDAY = Source("llm", "model", "p", "2026-11-23"), Source("llm", "model", "p", "2026-11-24")


class Angles:
    """Encodes a name as a direction in the plane: the classes at 90, 0 and 30 degrees, others where told."""

    def __init__(self, **degrees: float) -> None:
        self.calls: list[list[str]] = []
        self._degrees = {"owl": 90.0, "dog": 0.0, "cat": 30.0, **degrees}

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.calls.append(list(texts))
        angles = np.radians([self._degrees.get(text.split()[-1], 200.0) for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


class Script:
    """Answers questions that are asked again, class by class, and records them."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.rounds: list[list[Question]] = []
        self.source = MONDAY
        self._answers = answers

    def __call__(self, questions: list[Question]) -> list[Reply]:
        self.rounds.append(questions)
        return [
            Reply(question, tuple(self._answers[question.class_name].pop(0)), self.source)
            for question in questions
        ]


def said(*snippets: str, about: str = "owl") -> Reply:
    return Reply(Question("analogue", about), snippets, MONDAY)


def kept(
    *replies: Reply, encoder: Angles, again: AskAgain | None = None, rounds: int = 3
) -> tuple[list[list[str]], list[Remark]]:
    far, remarks = keep_far(replies, CLASSES, encoder, again, rounds=rounds)
    assert [one.question for [one] in far] == [reply.question for reply in replies]
    return [list(one.snippets) for [one] in far], remarks


def test_the_nearest_other_class_by_hand() -> None:
    classes = np.float32([[1, 0], [0, 1], [0.6, 0.8]])
    position, cosine = nearest_other(np.float32([[1, 0], [1, 0], [0, 1]]), classes, np.array([0, 1, 1]))
    assert position.tolist() == [2, 0, 2]
    np.testing.assert_allclose(cosine, [0.6, 1, 0.8], rtol=1e-6)


def test_where_there_is_no_other_class_nothing_is_near() -> None:
    one = np.float32([[1, 0]])
    assert nearest_other(one, one, np.array([0]))[1].tolist() == [-np.inf]
    assert nearest_other(one[:0], one, np.array([], int))[0].shape == (0,)


@given(st.lists(st.floats(0, 360), min_size=1, max_size=30))
def test_the_highest_cosine_that_does_no_harm_may_be_reached(degrees: list[float]) -> None:
    names = {f"{'x' * i}bird": angle for i, angle in enumerate(degrees)}
    encoder = Angles(**names, **{"cat": degrees[0]})
    ((reply,),), remarks = keep_far([said(*names)], CLASSES, encoder, nearest=1)
    assert (reply.snippets, remarks) == (tuple(names), []), "no cosine is above 1, however it is rounded"


@given(st.integers(1, 3000), st.integers(0, 2**32 - 1))
def test_blocks_do_not_show(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    analogues, classes = rng.normal(size=(n, 3)).astype("f4"), rng.normal(size=(5, 3)).astype("f4")
    own = rng.integers(5, size=n)
    position, cosine = nearest_other(analogues, classes, own)
    similarity = np.where(np.arange(5) == own[:, None], -np.inf, analogues @ classes.T)
    np.testing.assert_array_equal(position, similarity.argmax(axis=1))
    np.testing.assert_allclose(cosine, similarity.max(axis=1), rtol=1e-5)


def test_nothing_is_asked_again_where_nothing_is_near() -> None:
    encoder, again = Angles(eagle=80, hawk=100), Script()
    assert kept(said("eagle", "hawk"), encoder=encoder, again=again) == ([["eagle", "hawk"]], [])
    assert again.rounds == []
    assert len(encoder.calls) == 1


def test_an_analogue_may_be_near_its_own_class() -> None:
    assert kept(said("owlet"), encoder=Angles(owlet=90)) == ([["owlet"]], [])


def test_what_is_near_another_class_is_asked_for_again_and_only_there() -> None:
    encoder, again = (
        Angles(puppy=5, kitten=25, eagle=80, hawk=100, jackal=250),
        Script(owl=[["hawk", "kite"]]),
    )
    texts, remarks = kept(said("puppy", "eagle"), said("jackal", about="dog"), encoder=encoder, again=again)
    assert texts == [["eagle", "hawk"], ["jackal"]]
    assert again.rounds == [[Question("analogue", "owl", unwanted=("puppy", "eagle"))]]
    assert remarks == [Remark(Question("analogue", "owl"), "puppy", "too near the class 'dog' (cosine 1.00)")]


def test_classes_and_analogues_are_worded_alike_and_encoded_once_a_round() -> None:
    encoder, again = Angles(puppy=5, pup=5, hawk=100), Script(owl=[["pup"], ["hawk"]])
    kept(said("puppy"), encoder=encoder, again=again)
    first = ["a photo of an owl", "a photo of a dog", "a photo of a cat", "a photo of a puppy"]
    assert encoder.calls == [first, ["a photo of a pup"], ["a photo of a hawk"]]


def test_asking_ends_when_none_is_left_though_there_were_rounds_to_go() -> None:
    again = Script(owl=[["pup"], ["hawk"], ["never asked for"]])
    texts, _ = kept(said("puppy"), encoder=Angles(puppy=5, pup=5), again=again)
    assert texts == [["hawk"]]
    assert len(again.rounds) == 2
    assert again.rounds[1][0].unwanted == ("puppy", "pup")


@pytest.mark.parametrize("rounds", [0, 1, 3])
def test_asking_ends_after_so_many_rounds_and_what_is_near_is_dropped(rounds: int) -> None:
    near = {f"dog{i}": 5.0 for i in range(9)}
    again = Script(owl=[[f"dog{i}"] for i in range(1, 9)])
    texts, remarks = kept(said("dog0", "eagle"), encoder=Angles(**near), again=again, rounds=rounds)
    assert texts == [["eagle"]]
    assert len(again.rounds) == rounds
    assert [remark.snippet for remark in remarks] == [f"dog{i}" for i in range(rounds + 1)]
    assert all(remark.dropped for remark in remarks)


@pytest.mark.parametrize("answer", [[], ["Puppy!", "the eagle"]])
def test_asking_ends_where_nothing_new_comes(answer: list[str]) -> None:
    encoder, again = Angles(puppy=5), Script(owl=[answer])
    assert kept(said("puppy", "eagle"), encoder=encoder, again=again)[0] == [["eagle"]]
    assert len(again.rounds) == len(encoder.calls) == 1


def test_no_more_are_taken_than_were_dropped_and_no_more_asked_for_once_they_are_there() -> None:
    again = Script(owl=[["hawk", "kite", "pup", "buzzard"]])
    texts, _ = kept(said("puppy", "eagle"), encoder=Angles(puppy=5, pup=5), again=again)
    assert texts == [["eagle", "hawk"]]
    assert len(again.rounds) == 1


def test_without_anybody_to_ask_what_is_near_is_dropped() -> None:
    texts, remarks = kept(said("puppy", "eagle"), said(about="dog"), encoder=Angles(puppy=5))
    assert texts == [["eagle"], []]
    assert [remark.snippet for remark in remarks] == ["puppy"]


def test_what_came_on_another_day_says_so() -> None:
    again = Script(owl=[["pup", "hawk"], ["kite"]])
    again.source = TUESDAY
    replies = [said("puppy", "eagle", "dog's pup"), said("puppy")]
    far, _ = keep_far(replies[:1], CLASSES, Angles(puppy=5, pup=5), again)
    assert [(reply.snippets, reply.source) for reply in far[0]] == [
        (("eagle",), MONDAY),
        (("hawk", "kite"), TUESDAY),
    ]
    assert {reply.question for reply in far[0]} == {Question("analogue", "owl")}


def test_a_reply_that_fails_changes_nothing() -> None:
    def fail(questions: list[Question]) -> list[Reply]:
        return [Reply(question, (), TUESDAY, "budget spent") for question in questions]

    assert kept(said("puppy", "eagle"), encoder=Angles(puppy=5), again=fail)[0] == [["eagle"]]


def test_no_replies_need_no_encoder_call() -> None:
    encoder = Angles()
    assert keep_far([], CLASSES, encoder) == ([], [])
    assert encoder.calls == []
