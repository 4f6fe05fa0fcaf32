"""Reading what endpoints send back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.generators.llm.completion import Completion, error_in, read_completion


def body(message: object = None, **more: Any) -> str:
    choice = {"message": message, "finish_reason": "stop"} | more.pop("choice", {})
    return json.dumps({"choices": [choice], **more})


def test_an_answer_is_read_with_what_it_took() -> None:
    usage = {"prompt_tokens": 12, "completion_tokens": 3}
    read = read_completion(body({"content": "long neck"}, usage=usage))
    assert read == Completion("long neck", "stop", 12, 3)


def test_content_may_come_in_parts() -> None:
    parts = [{"type": "text", "text": "long "}, {"type": "text", "text": "neck"}, "?", {"type": "image"}]
    assert read_completion(body({"content": parts})).text == "long neck"


def test_halves_of_characters_are_replaced() -> None:
    assert read_completion(r'{"choices": [{"message": {"content": "\ud83d owl"}}]}').text == "? owl"


@pytest.mark.parametrize("count", [-1, 0, 1.5, True, "12", None, [1], 10**4000])
def test_a_count_that_is_none_is_not_believed(count: object) -> None:
    usage = {"prompt_tokens": count, "completion_tokens": 3}
    assert read_completion(body({"content": "a"}, usage=usage)).prompt_tokens is None


@pytest.mark.parametrize(
    ("message", "finish", "expected"),
    [
        ({"content": "a\nb", "refusal": None}, "length", Completion("a\nb", "length")),
        ({"content": ""}, "length", Completion("", "length")),
        ({"content": None, "refusal": "I will not"}, "stop", Completion("I will not", "refusal")),
        ({"content": "bad"}, "content_filter", Completion("", "content_filter")),
    ],
)
def test_how_an_answer_ended_is_told(message: object, finish: str, expected: Completion) -> None:
    assert read_completion(body(message, choice={"finish_reason": finish})) == expected


@pytest.mark.parametrize(
    ("sent", "trouble"),
    [
        ("", "it is no JSON"),
        ('{"choices": [', "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ("null", "it holds no choices"),
        ("[1]", "it holds no choices"),
        ('{"choices": []}', "it holds no choices"),
        ('{"choices": {"0": 1}}', "it holds no choices"),
        ('{"choices": [null]}', "its message is empty"),
        ('{"choices": [{"message": "hi"}]}', "its message is empty"),
        ('{"choices": [{"message": {"content": null}}]}', "its message is empty"),
        ('{"choices": [{"message": {"content": " \\n"}}]}', "its message is empty"),
        ('{"error": {"message": "overloaded"}}', "it says 'overloaded'"),
        ('{"error": "overloaded"}', "it says 'overloaded'"),
        ('{"error": {}}', "it says 'that there is an error'"),
    ],
)
def test_what_is_no_answer_says_why(sent: str, trouble: str) -> None:
    read = read_completion(sent)
    assert (read.text.strip(), read.trouble) == ("", trouble)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "message", "content", "usage", "error", "refusal", "text", "code"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(json_values.map(json.dumps) | st.text())
def test_whatever_comes_there_is_no_error(sent: str) -> None:
    read_completion(sent)
    assert set(map(type, error_in(sent))) <= {str}


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ('{"error": {"message": "no such model"}}', "no such model"),
        ('{"error": "no such model"}', "no such model"),
        ('{"detail": "Not Found"}', "Not Found"),
        ('{"message": "no such model", "object": "error"}', "no such model"),
        ('{"detail": [{"loc": ["body", "n"]}]}', '[{"loc": ["body", "n"]}]'),
        ("<h1>Bad gateway</h1>", "<h1>Bad gateway</h1>"),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_an_error_is_found_where_servers_put_it(sent: str, message: str) -> None:
    assert error_in(sent)["message"] == message
