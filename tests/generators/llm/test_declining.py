from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.generators.llm.declining import is_evasive, is_refusal


@pytest.mark.parametrize(
    "answer",
    [
        "I cannot describe that.",
        "I can’t help with this request.",
        "I'm sorry, but I can't assist with that.",
        "I am very sorry, I will not do this.",
        "Sorry, this is not something I can do",
        "Sorry.",
        "Unfortunately, I do not have information about it.",
        "As an AI language model, I have no eyes.",
        "As a large language model, ...",
        "I'm just an AI",
        "I apologize, but no.",
        "My apologies, I do not know.",
        '  "I won\'t answer that."',
        "- I’m unable to comply",
        "We are unable to answer.",
        "It is not possible to say.",
        "I would need more information.",
        "No information is available.",
        "Unable to identify the bird.",
        "Could you please clarify which crane?",
    ],
)
def test_refusals(answer: str) -> None:
    assert is_refusal(answer)


@pytest.mark.parametrize(
    "snippet",
    ["cannot fly", "can't swim", "a sorry look", "Sorry! board game", "no visible ears", "I-beam",
     "is not round", "as an adult, grey", "Irish setter", "unable to fly", "afraid of water", "",
     "no information panel", "not sure-footed", "I-shaped handle"],
)  # fmt: skip
def test_what_a_penguin_cannot_do_is_no_refusal(snippet: str) -> None:
    assert not is_refusal(snippet)


@pytest.mark.parametrize(
    "snippet",
    [
        "There is no definitive answer to this question since everybody's face is different.",
        "There is no one answer to this question.",
        "There’s no single, definitive answer",
        "There isn't one right answer",
        "There are many possible answers to this question, as backgrounds vary.",
        "There is no one specific design for a wheelchair.",
        "There is no one physical description of a Buddha",
        "There is no definitive way to tell",
        "This is a difficult question.",
        "This question is too vague",
        "Question is too vague, and there are different types of pandas.",
        "It depends on the species.",
        "That depends on the specific guitar, as there are many different designs.",
        "The answer to this question may vary",
        "Unfortunately, it is hard to say",
    ],
)
def test_what_says_that_there_is_no_answer(snippet: str) -> None:
    assert is_evasive(snippet)
    assert not is_refusal(snippet), "an answer may still follow"


@pytest.mark.parametrize(
    "snippet",
    ["there is no tail", "there is no hair on the head", "there are many feathers", "question mark shape",
     "answering machine", "a single colour", "depends from a branch", "the answer button", "this way up",
     "there is no way in or out", "is hard to see", "there is one antenna", ""],
)  # fmt: skip
def test_what_is_not_there_or_is_a_question_mark_is_an_answer(snippet: str) -> None:
    assert not is_evasive(snippet)


@given(st.text() | st.from_regex(r"(there is no |it's |a |question |sorry, |\W)*answers?", fullmatch=True))
def test_no_text_is_too_odd_to_tell(text: str) -> None:
    assert isinstance(is_refusal(text), bool)
    assert isinstance(is_evasive(text), bool)


@pytest.mark.parametrize("part", ["there is no ", "no ", "one-", "very ", "I am ", " ", "_"])
def test_telling_takes_no_longer_for_a_megabyte(part: str) -> None:
    is_refusal(part * 300_000)
    is_evasive(part * 300_000)
