from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from clipcoder.bank import TextBank
from clipcoder.errors import ClipcoderError, InvalidInputError, UnknownNameError
from clipcoder.generators.auto import AutoTextGenerator
from clipcoder.generators.base import Question, Reply, SnippetKind
from clipcoder.generators.wordnet.generator import WordNetGenerator
from clipcoder.source import Source

CLASSES = ["couch", "chair", "dog"]
ALL = [Question(kind, name) for name in CLASSES for kind in ("attribute", "analogue", "synonym")]
LLM = Source("llm", "model")


class Plain:
    """A generator that knows a few things and cannot be asked again."""

    def __init__(self, said: dict[tuple[str, str], list[str]]) -> None:
        self.said = said

    def generate(self, kind: SnippetKind, class_name: str, *, other: str | None = None) -> list[str]:
        return self.said.get((kind, class_name), [])


class Scripted(Plain):
    """A generator of batches that answers what it is asked again with what comes next."""

    def __init__(self, said: dict[tuple[str, str], list[str]], *again: list[str] | str) -> None:
        super().__init__(said)
        self.again = list(again)
        self.batches: list[list[Question]] = []

    def replies(self, questions: Sequence[Question]) -> Iterator[Reply]:
        self.batches.append(list(questions))
        for question in questions:
            answer: list[str] | str = self.said.get((question.kind, question.class_name), [])
            if question.unwanted:
                answer = self.again.pop(0)
            failure = answer if isinstance(answer, str) else ""
            yield Reply(question, () if failure else tuple(answer), LLM, failure)


class Letters:
    """Encodes a text by the first letter of its last word, so that what begins alike is near."""

    def __init__(self) -> None:
        self.calls = 0

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.calls += 1
        return np.eye(128, dtype=np.float32)[[ord(text.split()[-1][0]) for text in texts]]


def test_replies_come_in_order_sifted_and_with_remarks_in_order() -> None:
    said = {
        ("attribute", "dog"): ["wet nose", "Wet nose", "chases a chair"],
        ("attribute", "couch"): ["I cannot say", "soft seat"],
        ("synonym", "dog"): ["hound", "a Dog"],
    }
    auto = AutoTextGenerator(Scripted(said), CLASSES, None)
    replies = auto.replies(ALL)
    assert [reply.question for reply in replies] == ALL
    assert {(r.question.kind, r.question.class_name): r.snippets for r in replies if r.snippets} == {
        ("attribute", "couch"): ("soft seat",),
        ("attribute", "dog"): ("wet nose", "chases a chair"),
        ("synonym", "dog"): ("hound",),
    }
    assert [(remark.snippet, remark.reason) for remark in auto.remarks] == [
        ("I cannot say", "a refusal"),
        ("Wet nose", "said twice"),
        ("chases a chair", "names the class 'chair'"),
        ("a Dog", "the class's own name"),
    ]


def test_near_analogues_are_asked_for_again_and_the_new_ones_sifted() -> None:
    said = {("analogue", "couch"): ["bench", "dachshund"], ("analogue", "dog"): ["fox"]}
    generator = Scripted(said, ["chair", "I cannot say", "stool"])
    auto = AutoTextGenerator(generator, CLASSES, Letters())
    replies = auto.replies(ALL)
    assert [reply.snippets for reply in replies if reply.snippets] == [("bench", "stool"), ("fox",)]
    assert generator.batches == [ALL, [Question("analogue", "couch", unwanted=("dachshund", "bench"))]]
    assert [(remark.snippet, remark.reason) for remark in auto.remarks] == [
        ("chair", "the name of the class 'chair'"),
        ("I cannot say", "a refusal"),
        ("dachshund", "too near the class 'dog' (cosine 1.00)"),
    ]


def test_a_generator_that_cannot_be_told_what_is_unwanted_loses_near_analogues() -> None:
    encoder = Letters()
    auto = AutoTextGenerator(Plain({("analogue", "couch"): ["bench", "dachshund"]}), CLASSES, encoder)
    assert auto.replies([Question("analogue", "couch")])[0].snippets == ("bench",)
    assert [remark.reason for remark in auto.remarks] == ["too near the class 'dog' (cosine 1.00)"]
    assert encoder.calls == 1


def test_a_snippet_that_is_dropped_later_is_not_said_to_be_kept() -> None:
    said = {("analogue", "couch"): ["kennel of a dog", "bench of a chair", "dog dachshund of chair"]}
    auto = AutoTextGenerator(Plain(said), CLASSES, Letters())
    assert auto.replies([Question("analogue", "couch")])[0].snippets == ()
    assert {remark.snippet: remark.dropped for remark in auto.remarks} == dict.fromkeys(
        said["analogue", "couch"], True
    )


def test_rounds_and_nearest_are_heeded() -> None:
    said = {("analogue", "couch"): ["dachshund"]}
    generator = Scripted(said, ["dalmatian"], ["doberman"], ["dingo"])
    AutoTextGenerator(generator, CLASSES, Letters(), rounds=2).replies([Question("analogue", "couch")])
    assert len(generator.batches) == 3
    lenient = AutoTextGenerator(Scripted(said), CLASSES, Letters(), nearest=1.0)
    assert lenient.replies([Question("analogue", "couch")])[0].snippets == ("dachshund",)


def test_the_encoder_is_not_called_without_analogues() -> None:
    encoder = Letters()
    said = {("attribute", "dog"): ["wet nose"]}
    AutoTextGenerator(Scripted(said), CLASSES, encoder).replies(ALL)
    assert encoder.calls == 0


def test_failures_are_collected_also_of_what_is_asked_again_and_forgotten_by_the_next_run() -> None:
    generator = Scripted({("analogue", "couch"): ["bench", "dachshund"]}, "the budget is spent")
    auto = AutoTextGenerator(generator, CLASSES, Letters())
    assert auto.replies([Question("analogue", "couch")])[0].snippets == ("bench",)
    assert [reply.failure for reply in auto.failures] == ["the budget is spent"]
    assert auto.replies([Question("attribute", "couch")])[0].snippets == ()
    assert auto.failures == auto.remarks == []


def test_an_analogue_that_is_a_synonym_is_dropped_and_a_synonym_of_two_remarked_on() -> None:
    said = {
        ("synonym", "couch"): ["sofa", "seat"],
        ("analogue", "couch"): ["Sofa", "bench"],
        ("synonym", "chair"): ["seat"],
        ("analogue", "chair"): ["a sofa"],
    }
    auto = AutoTextGenerator(Scripted(said), CLASSES, None)
    kept = {(r.question.kind, r.question.class_name): r.snippets for r in auto.replies(ALL) if r.snippets}
    assert kept == {
        ("synonym", "couch"): ("sofa", "seat"),
        ("analogue", "couch"): ("bench",),
        ("synonym", "chair"): ("seat",),
    }
    assert [(remark.snippet, remark.reason, remark.dropped) for remark in auto.remarks] == [
        ("Sofa", "a synonym of the class 'couch'", True),
        ("seat", "a synonym of the class 'chair'", False),
        ("a sofa", "a synonym of the class 'couch'", True),
        ("seat", "a synonym of the class 'couch'", False),
    ]


def test_twice_as_many_as_asked_for_are_taken() -> None:
    said = {("attribute", "dog"): ["one", "two", "three", "four", "five"], ("synonym", "dog"): ["hound"]}
    auto = AutoTextGenerator(Scripted(said), CLASSES, None, limits={"attribute": 2})
    attributes, synonyms = auto.replies([Question("attribute", "dog"), Question("synonym", "dog")])
    assert (len(attributes.snippets), len(synonyms.snippets)) == (4, 1)
    assert [remark.reason for remark in auto.remarks] == ["the first of 1 above the limit of 4"]


def test_progress_sees_each_round_with_its_length() -> None:
    counts = []

    def progress(replies: Iterator[Reply], count: int) -> Iterator[Reply]:
        counts.append((count, len(passed := list(replies))))
        return iter(passed)

    generator = Scripted({("analogue", "couch"): ["dachshund"]}, ["bench"])
    AutoTextGenerator(generator, CLASSES, Letters()).replies(ALL, progress)
    assert counts == [(9, 9), (1, 1)]


def test_pairs_may_name_each_other() -> None:
    auto = AutoTextGenerator(Plain({("one_to_one", "couch"): ["wider than a chair"]}), CLASSES, None)
    [reply] = auto.replies([Question("one_to_one", "couch", "chair")])
    assert (reply.snippets, auto.remarks) == (("wider than a chair",), [])


def test_the_source_of_a_plain_generator_is_noted_and_the_bank_can_be_made() -> None:
    auto = AutoTextGenerator(Plain({("attribute", "dog"): ["wet nose"]}), CLASSES, None, source="notes")
    bank = TextBank.from_replies(CLASSES, auto.replies(ALL))
    assert [(text.text, text.source.generator) for text in bank.by_class["dog"]][1:] == [
        ("a photo of a dog, which has wet nose", "notes")
    ]


def test_wordnet_passes_through() -> None:
    auto = AutoTextGenerator(WordNetGenerator(CLASSES), CLASSES, Letters(), source="wordnet", nearest=1.0)
    replies = auto.replies(ALL)
    assert all(reply.snippets for reply in replies if reply.question.kind == "attribute")
    assert {reply.source for reply in replies} == {Source("wordnet")}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"nearest": 1.5}, "nearest must be a cosine"),
        ({"nearest": float("nan")}, "nan"),
        ({"rounds": -1}, "-1"),
    ],
)
def test_settings_out_of_range_are_refused(options: dict[str, float], complaint: str) -> None:
    with pytest.raises(InvalidInputError, match=complaint):
        AutoTextGenerator(Plain({}), CLASSES, None, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("question", [Question("attribute", "dgo"), Question("one_to_one", "dog", "chiar")])
def test_a_class_outside_the_set_is_refused_before_anything_is_asked(question: Question) -> None:
    generator = Scripted({})
    with pytest.raises(UnknownNameError, match=r"did you mean '(dog|chair)'"):
        AutoTextGenerator(generator, CLASSES, None).replies([*ALL, question])
    assert generator.batches == []


def test_what_the_generator_raises_comes_through() -> None:
    class Broken(Plain):
        def generate(self, kind: SnippetKind, class_name: str, *, other: str | None = None) -> list[str]:
            raise ClipcoderError("no")

    with pytest.raises(ClipcoderError, match="no"):
        AutoTextGenerator(Broken({}), CLASSES, None).replies(ALL)
