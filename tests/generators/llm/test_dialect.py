"""Finding out how an endpoint wants to be asked."""

from __future__ import annotations

import json

from clipcoder.generators.llm.dialect import Dialect

OPENAI_SAYS = "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."


def test_a_request_asks_for_texts_in_a_form_that_leaves_no_doubt() -> None:
    body = Dialect().body("tiny", "a cat?", 0.5, 100)
    assert body.keys() == {"model", "messages", "max_tokens", "temperature", "response_format"}
    schema = body["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert schema["schema"]["properties"] == {"texts": {"type": "array", "items": {"type": "string"}}}
    json.dumps(body)


def test_a_temperature_is_sent_only_where_one_is_asked_for() -> None:
    assert "temperature" not in Dialect().body("tiny", "a cat?", None, 100)
    assert Dialect().body("tiny", "a cat?", 0.0, 100)["temperature"] == 0.0


def test_the_limit_s_other_name_is_tried_first_where_the_complaint_is_about_it() -> None:
    newer = Dialect("max_completion_tokens")
    assert list(Dialect().others(OPENAI_SAYS)) == [newer, Dialect(structured=False)]
    assert next(newer.others("Extra inputs: max_completion_tokens")) == Dialect()
    assert list(newer.others("max_tokens is too large")) == [
        Dialect("max_completion_tokens", structured=False)
    ]


def test_there_are_no_more_than_four_dialects() -> None:
    seen = [Dialect()]
    for dialect in seen:
        seen += [d for d in dialect.others("max_tokens or max_completion_tokens") if d not in seen]
    assert len(seen) == 4


def test_what_is_known_not_to_work_is_not_unlearned() -> None:
    plain = Dialect(structured=False)
    assert plain.learned(Dialect()) == plain
    assert Dialect().learned(plain) == plain
    assert Dialect().learned(Dialect("max_completion_tokens")) == Dialect("max_completion_tokens")
