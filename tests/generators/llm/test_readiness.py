"""What is known before the first request is paid: what it takes, and what is not there."""

from __future__ import annotations

import sys

import pytest

from clipcoder.errors import LanguageModelError, MissingExtraError
from clipcoder.generators.base import Question
from clipcoder.generators.llm import chat
from clipcoder.generators.llm.generator import Plan
from loopback_model import LoopbackModel, NewGenerator, status, well

QUESTIONS = [Question("attribute", "owl"), Question("attribute", "crow")]


@pytest.fixture
def _no_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)


def test_who_is_ready_hears_what_it_will_cost(server: LoopbackModel, new_generator: NewGenerator) -> None:
    generator = new_generator(max_requests=2, max_answer_tokens=100)
    plan = generator.check_ready(QUESTIONS)
    assert plan == generator.plan(QUESTIONS)
    assert (plan.requests, plan.answer_tokens) == (2, 200)
    assert not server.requests


def test_a_key_that_is_not_set_is_missed_before_anything_is_asked(new_generator: NewGenerator) -> None:
    with pytest.raises(LanguageModelError, match="environment variable NOT_SET, which is not set"):
        new_generator(key_from="NOT_SET").check_ready(QUESTIONS)


def test_a_budget_that_is_too_small_is_told_before_anything_is_asked(new_generator: NewGenerator) -> None:
    with pytest.raises(LanguageModelError, match=r"2 requests are needed .* the budget allows 1"):
        new_generator(max_requests=1).check_ready(QUESTIONS)


@pytest.mark.usefixtures("_no_client")
def test_a_client_that_is_not_installed_is_missed_and_a_plan_needs_none(new_generator: NewGenerator) -> None:
    assert new_generator().plan(QUESTIONS).requests == 2
    with pytest.raises(MissingExtraError, match=r"pip install 'clipcoder\[llm\]'"):
        new_generator().check_ready(QUESTIONS)


def test_kept_answers_need_neither_key_nor_client_nor_budget(
    new_generator: NewGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = list(new_generator().replies(QUESTIONS))
    monkeypatch.setitem(sys.modules, "openai", None)
    generator = new_generator(key_from="NOT_SET", max_requests=0)
    assert generator.check_ready(QUESTIONS) == Plan(2, 2, 0, 0, 0)
    assert list(generator.replies(QUESTIONS)) == replies


def test_a_warning_about_the_way_of_a_key_is_given_once(
    new_generator: NewGenerator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HOUSE_KEY", "sk-0123456789")
    monkeypatch.setattr("clipcoder.generators.llm.endpoint.is_loopback", lambda url: False)
    generator = new_generator(key_from="HOUSE_KEY")
    generator.check_ready(QUESTIONS)
    for question in QUESTIONS:
        list(generator.replies([question]))
    assert [message for message in caplog.messages if "unencrypted" in message] == caplog.messages
    assert len(caplog.messages) == 1


def test_a_long_rest_that_the_endpoint_asks_for_is_told_once(
    server: LoopbackModel,
    new_generator: NewGenerator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(chat, "_LONG_REST", 0.2)
    server.script = [status(429, {"retry-after-ms": "1"}), well]  # the first question goes alone
    server.script += [status(429, {"retry-after-ms": "300"})] * 4
    with caplog.at_level("INFO", logger="clipcoder"):
        list(new_generator(concurrency=4).replies([Question("attribute", f"kind {n}") for n in range(8)]))
    assert caplog.messages == [f"{server.base_url} wants to be asked again in 0.3 seconds (status 429)"]
