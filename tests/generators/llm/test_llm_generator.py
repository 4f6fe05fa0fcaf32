"""The language model as a generator, against an endpoint that behaves and misbehaves."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from clipcoder.errors import InvalidInputError, LanguageModelError, UnknownNameError
from clipcoder.generators.base import BatchGenerator, Question, Reply
from clipcoder.generators.catalog import load_prompts
from clipcoder.generators.llm import LanguageModel
from clipcoder.generators.llm.answers import Answers, answer_files
from clipcoder.generators.llm.budget import BudgetSpentError, Usage
from clipcoder.generators.llm.generator import LanguageModelGenerator, Plan
from loopback_model import (
    Act,
    LoopbackModel,
    NewGenerator,
    Reaction,
    Request,
    cut,
    phrases,
    raw,
    says,
    slow,
    status,
    wait_until,
    well,
    without_structure,
)

OWL = Question("attribute", "owl")
NAMES = [f"kind {n:02d}" for n in range(20)]
CUT_OFF = "the answer was cut off before it was of use; raise max_answer_tokens (--max-answer-tokens)"
PRESSED = raw(
    gzip.compress(b'{"choices": [{"message": {"content": "long neck"}}]}'),
    headers={"Content-Encoding": "gzip"},
)
SOON = {"retry-after-ms": "1"}


def about(names: Sequence[str]) -> list[Question]:
    return [Question("attribute", name) for name in names]


def expected(question: Question) -> tuple[str, ...]:
    return tuple(phrases(load_prompts().prompt(question)))


def one_reply(generator: LanguageModelGenerator, question: Question = OWL) -> Reply:
    (reply,) = generator.replies([question])
    return reply


# Asking


def test_it_takes_batches(new_generator: NewGenerator) -> None:
    assert isinstance(new_generator(), BatchGenerator)


def test_a_reply_says_what_answered_and_when(new_generator: NewGenerator) -> None:
    generator = new_generator()
    reply = one_reply(generator)
    assert (reply.question, reply.snippets, reply.failure) == (OWL, expected(OWL), "")
    assert (reply.source.generator, reply.source.model) == ("llm", "tiny")
    assert reply.source.prompt == generator.prompts.version("attribute")
    assert len(reply.source.date) == len("2026-11-25")


def test_one_class_at_a_time_may_be_asked_about(new_generator: NewGenerator) -> None:
    generator = new_generator()
    assert generator.generate("attribute", "owl") == list(expected(OWL))
    told_apart = generator.generate("one_to_one", "owl", other="cat")
    assert told_apart == list(expected(Question("one_to_one", "owl", "cat")))


def test_a_question_without_what_it_needs_is_refused(new_generator: NewGenerator) -> None:
    with pytest.raises(InvalidInputError, match="one_to_one needs the class to tell it apart from"):
        new_generator().generate("one_to_one", "owl")
    with pytest.raises(UnknownNameError, match="kind of snippet"):
        new_generator().generate("colour", "owl")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match=r"a class name must be valid Unicode, but '\\ud800' is not"):
        new_generator().generate("attribute", "\ud800")


def test_the_domain_goes_into_the_question_and_its_version(server: LoopbackModel) -> None:
    model, birds = (
        LanguageModel("tiny", base_url=server.base_url),
        load_prompts().with_domain("a type of bird"),
    )
    (reply,) = LanguageModelGenerator(model, birds).replies([Question("attribute", "crane")])
    assert "the crane, a type of bird?" in server.prompts[0]
    assert reply.source.prompt == birds.version("attribute") != load_prompts().version("attribute")


def test_a_name_alone_is_a_model_of_openai_s() -> None:
    assert LanguageModelGenerator("gpt-5-mini").model == LanguageModel("gpt-5-mini")


def test_replies_keep_the_order_of_the_questions(server: LoopbackModel, new_generator: NewGenerator) -> None:
    def sooner_or_later(request: Request) -> Reaction:
        return slow(0.03 if "kind 02" in request.prompt else 0.0)(request)

    server.act = sooner_or_later
    replies = list(new_generator(concurrency=4).replies(about(NAMES)))
    assert [reply.question.class_name for reply in replies] == NAMES
    assert [reply.snippets for reply in replies] == [expected(question) for question in about(NAMES)]


@pytest.mark.parametrize("concurrency", [1, 3])
def test_so_many_are_asked_at_a_time(
    server: LoopbackModel, new_generator: NewGenerator, concurrency: int
) -> None:
    enough = threading.Event()

    def together(request: Request) -> Reaction:
        if server.now == concurrency:
            enough.set()
        assert enough.wait(10)
        return slow(0.01)(request)

    server.script = [well]
    server.act = together
    list(new_generator(concurrency=concurrency).replies(about(NAMES[:10])))
    assert server.most_at_once == concurrency


def test_the_first_goes_alone(server: LoopbackModel, new_generator: NewGenerator) -> None:
    alone = []

    def first(request: Request) -> Reaction:
        time.sleep(0.05)
        alone.append(len(server.requests) == 1)
        return well(request)

    server.script = [first]
    list(new_generator().replies(about(NAMES[:3])))
    assert alone == [True]


def test_no_question_means_nobody_is_asked(server: LoopbackModel, new_generator: NewGenerator) -> None:
    assert list(new_generator().replies([])) == []
    assert server.requests == []


# Paying once


def test_equal_questions_are_paid_for_once(server: LoopbackModel, new_generator: NewGenerator) -> None:
    replies = list(new_generator().replies([OWL, Question("attribute", "cat"), OWL]))
    assert len(server.requests) == 2
    assert replies[0] == replies[2]


def test_a_second_run_costs_nothing_and_needs_nobody(
    server: LoopbackModel, new_generator: NewGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = list(new_generator().replies(about(NAMES[:4])))
    server.requests.clear()
    monkeypatch.setitem(__import__("sys").modules, "openai", None)
    monkeypatch.delenv("HOSTED_KEY", raising=False)
    again = new_generator(key_from="HOSTED_KEY", max_requests=0)
    assert list(again.replies(about(NAMES[:4]))) == first
    assert server.requests == []
    assert again.usage.requests == 0


def test_an_answer_is_on_the_disk_before_it_is_used(new_generator: NewGenerator) -> None:
    for count, _ in enumerate(new_generator(concurrency=1).replies(about(NAMES[:4])), start=1):
        assert len(answer_files()) >= count


@pytest.mark.parametrize("change", [{"temperature": 0.5}, {"max_answer_tokens": 100}])
def test_another_setting_is_another_question(
    server: LoopbackModel, new_generator: NewGenerator, change: dict[str, float]
) -> None:
    one_reply(new_generator())
    one_reply(new_generator(**change))
    assert len(server.requests) == 2
    sent = server.requests[1].body
    assert (sent.get("temperature"), sent["max_tokens"]) in [(0.5, 2000), (None, 100)]


def test_what_only_changes_the_way_there_changes_no_answer(
    server: LoopbackModel, new_generator: NewGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_reply(new_generator())
    monkeypatch.setenv("HOSTED_KEY", "another-key")
    one_reply(new_generator(key_from="HOSTED_KEY", concurrency=1, timeout=3, retries=0, max_requests=9))
    assert len(server.requests) == 1


def test_a_question_that_is_asked_again_is_another_one(
    server: LoopbackModel, new_generator: NewGenerator
) -> None:
    generator = new_generator()
    one_reply(generator, Question("analogue", "owl"))
    one_reply(generator, Question("analogue", "owl", unwanted=("barn owl",)))
    assert "barn owl" not in server.prompts[0]
    assert "barn owl" in server.prompts[1]


def test_a_disk_that_cannot_keep_answers_is_found_out_before_one_is_paid_for(
    server: LoopbackModel, new_generator: NewGenerator, unwritable_cache: Path
) -> None:
    with pytest.raises(LanguageModelError, match="answers cannot be kept in"):
        one_reply(new_generator())
    assert server.requests == []


def test_a_disk_that_becomes_full_stops_the_run(
    server: LoopbackModel, new_generator: NewGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, count = Answers.keep, iter(range(100))

    def full(self: Answers, *given: object) -> None:
        if next(count) == 2:
            raise LanguageModelError("answers cannot be kept")
        keep(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Answers, "keep", full)
    replies = new_generator(concurrency=1).replies(about(NAMES))
    assert [next(replies).failure for _ in range(2)] == ["", ""]
    with pytest.raises(LanguageModelError, match="cannot be kept"):
        next(replies)
    assert len(server.requests) <= 4


# Answers of all sorts


@pytest.mark.parametrize(
    ("act", "snippets"),
    [
        (says('{"texts": []}'), ()),
        (says("- long neck\n- short tail\n"), ("long neck", "short tail")),
        (says("Sure! Here:\n\n1. **long neck**\n2. `short` tail"), ("long neck", "short tail")),
        (says('```json\n{"texts": ["long neck", "short tail"]}\n```'), ("long neck", "short tail")),
        (says('{"texts": ["long neck", "short ta', finish="length"), ("long neck",)),
        (says("- long neck\n- short ta", finish="length"), ("long neck",)),
        (says("long neck, short tail, lo", finish="length"), ("long neck", "short tail")),
        (says('{"texts": ["長い首"]}'), ("長い首",)),
        (says("long neck", usage=False), ("long neck",)),
        (PRESSED, ("long neck",)),
    ],
    ids=[
        "empty",
        "list",
        "markup",
        "fenced",
        "cut JSON",
        "cut list",
        "cut line",
        "foreign",
        "no usage",
        "gzip",
    ],
)
def test_answers_of_many_forms_are_understood(
    server: LoopbackModel, new_generator: NewGenerator, act: Act, snippets: tuple[str, ...]
) -> None:
    server.act = act
    for _ in range(2):  # the second time from the disk
        reply = one_reply(new_generator())
        assert (reply.snippets, reply.failure) == (snippets, "")
    assert len(server.requests) == 1


def test_ten_thousand_lines_are_taken(server: LoopbackModel, new_generator: NewGenerator) -> None:
    server.act = says("\n".join(f"- feature number {n}" for n in range(10_000)))
    assert len(one_reply(new_generator()).snippets) == 10_000


@pytest.mark.parametrize(
    ("act", "failure"),
    [
        (says(None, refusal="I can't help with that."), "the model declines to answer"),
        (says("I'm sorry, but I can't help with that."), "the model declines to answer"),
        (says("x", finish="content_filter"), "a filter of the endpoint held the answer back"),
        (says(None, finish="length"), CUT_OFF),
        (says("- long ne", finish="length"), CUT_OFF),
    ],
    ids=["refusal", "refusal in words", "filter", "all reasoning", "cut at once"],
)
def test_an_answer_that_is_of_no_use_is_paid_for_once(
    server: LoopbackModel, new_generator: NewGenerator, act: Act, failure: str
) -> None:
    server.act = act
    for _ in range(2):
        reply = one_reply(new_generator())
        assert (reply.snippets, reply.failure) == ((), failure)
    assert len(server.requests) == 1


def test_a_filter_that_refuses_the_question_is_no_reason_to_stop(
    server: LoopbackModel, new_generator: NewGenerator
) -> None:
    server.script = [well, status(400, code="content_filter")]
    replies = list(new_generator(concurrency=1).replies(about(NAMES[:3])))
    assert [reply.failure for reply in replies] == ["", "a filter of the endpoint held the answer back", ""]
    assert all(request.structured for request in server.requests)


@pytest.mark.parametrize(
    ("act", "trouble"),
    [
        (raw(b"{"), "it is no JSON"),
        (raw(b"\xff\xfe\x00"), "it is no JSON"),
        (raw(b""), "it is no JSON"),
        (raw(b"<html>hello</html>", headers={"Content-Type": "text/html"}), "it is no JSON"),
        (raw(b"{}"), "it holds no choices"),
        (says(None), "its message is empty"),
        (raw(b'{"error": {"message": "busy"}}'), "it says 'busy'"),
    ],
    ids=["half", "no text", "nothing", "HTML", "no choices", "null", "an error"],
)
def test_an_answer_that_cannot_be_read_is_asked_for_again(
    server: LoopbackModel, new_generator: NewGenerator, act: Act, trouble: str
) -> None:
    server.script = [act, act]
    assert one_reply(new_generator()).snippets == expected(OWL)
    server.act = act
    reply = one_reply(new_generator(), Question("attribute", "cat"))
    assert reply.failure == f"no readable answer in 3 attempts: {trouble}"
    assert len(server.requests) == 6
    assert len(answer_files()) == 1, "what cannot be read is not kept"


# Endpoints of all sorts


def test_an_endpoint_without_structure_is_asked_without_from_then_on(
    server: LoopbackModel, new_generator: NewGenerator
) -> None:
    server.act = without_structure
    generator = new_generator(concurrency=8)
    assert [reply.failure for reply in generator.replies(about(NAMES))] == [""] * 20
    generator.generate("synonym", "owl")
    assert [request.structured for request in server.requests] == [True] + [False] * 21


@pytest.mark.parametrize("code", [400, 404, 422])
def test_structure_may_be_refused_in_several_ways(
    server: LoopbackModel, new_generator: NewGenerator, code: int
) -> None:
    server.script = [status(code, message="response_format?")]
    assert one_reply(new_generator()).snippets == expected(OWL)
    assert len(server.requests) == 2


def test_a_structure_that_only_one_question_made_trouble_with_is_found_out_by_many_at_once(
    server: LoopbackModel, new_generator: NewGenerator
) -> None:
    """The endpoint takes the first question and refuses structure while several others are on their way."""
    server.script = [well]
    server.act = slow(0.02, without_structure)
    replies = list(new_generator(concurrency=4).replies(about(NAMES)))
    assert [reply.snippets for reply in replies] == [expected(question) for question in about(NAMES)]
    refused = sum(request.structured for request in server.requests[1:])
    assert 1 <= refused <= 4
    assert len(server.requests) == 20 + refused


def test_what_one_question_has_found_out_a_slower_one_does_not_unlearn(
    server: LoopbackModel, new_generator: NewGenerator
) -> None:
    def refuse_once_both_are_there(request: Request) -> Reaction:
        wait_until(lambda: len(server.requests) == 3)
        return without_structure(request)

    server.script = [well, refuse_once_both_are_there, slow(0.1)]
    server.act = slow(0.03)
    list(new_generator(concurrency=2).replies(about(NAMES)))
    assert [request.structured for request in server.requests] == [True] * 3 + [False] * 18


def test_the_limit_is_called_what_the_model_wants(server: LoopbackModel, new_generator: NewGenerator) -> None:
    def newer(request: Request) -> Reaction:
        if "max_tokens" in request.body:
            said = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return status(400, message=said, code="unsupported_parameter")(request)
        return well(request)

    server.act = newer
    list(new_generator().replies(about(NAMES[:3])))
    assert ["max_completion_tokens" in request.body for request in server.requests] == [
        False,
        True,
        True,
        True,
    ]
    assert all(request.structured for request in server.requests)


def test_what_no_dialect_mends_ends_in_the_endpoint_s_words(
    server: LoopbackModel, new_generator: NewGenerator
) -> None:
    server.act = status(400, message="'temperature' does not support 0.5")
    with pytest.raises(LanguageModelError, match=r"refuses the request \(status 400: 'temperature' does not"):
        one_reply(new_generator(temperature=0.5))
    assert len(server.requests) == 2


def test_a_model_that_is_not_there_is_named(server: LoopbackModel, new_generator: NewGenerator) -> None:
    server.act = status(404, message="model 'tiny' not found, try pulling it first")
    with pytest.raises(
        LanguageModelError, match=r"knows no model 'tiny', or .*: model 'tiny' not found, try pulling"
    ):
        list(new_generator().replies(about(NAMES)))
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "act",
    [status(429, SOON), status(429), status(500), status(503), status(408), cut(20), cut(0)],
    ids=["429 with a wait", "429", "500", "503", "408", "cut", "cut at once"],
)
def test_what_passes_is_waited_for(server: LoopbackModel, new_generator: NewGenerator, act: Act) -> None:
    server.script = [act, act, act]
    assert one_reply(new_generator()).snippets == expected(OWL)
    assert len(server.requests) == 4


def test_a_time_out_is_no_end(server: LoopbackModel, new_generator: NewGenerator) -> None:
    server.script = [slow(1.0)]
    assert one_reply(new_generator(timeout=0.4)).snippets == expected(OWL)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (
            status(429, SOON, "Slow down."),
            r"asked 3 times and did not answer \(status 429: Slow down\); lower concurrency \(--conc",
        ),
        (status(500), r"asked 3 times and did not answer \(status 500: no\)"),
        (cut(20), r"asked 3 times and did not answer \(the connection was cut\)"),
        (slow(1.0), r"asked 3 times and did not answer \(no answer within 0.3 seconds\)"),
    ],
    ids=["429", "500", "cut", "slow"],
)
def test_what_does_not_pass_ends_in_a_sentence(
    server: LoopbackModel, new_generator: NewGenerator, act: Act, said: str
) -> None:
    server.script = [well]
    server.act = act
    list(new_generator().replies(about(NAMES[:1])))
    replies = new_generator(retries=2, timeout=0.3, concurrency=1).replies(about(NAMES))
    assert next(replies).snippets == expected(about(NAMES)[0])
    with pytest.raises(LanguageModelError, match=said):
        next(replies)
    assert len(server.requests) == 4
    server.act = well
    assert len(list(new_generator().replies(about(NAMES)))) == 20, "the same command goes on"
    assert server.prompts.count(server.prompts[0]) == 1


@pytest.mark.parametrize("code", [200, 400, 500])
def test_a_response_without_an_end_is_not_read_to_its_end(
    server: LoopbackModel, new_generator: NewGenerator, code: int
) -> None:
    server.act = raw(b"x" * 30_000_000, code)
    generator = new_generator()
    with pytest.raises(
        LanguageModelError, match=r"no answer from .* \(it sends more than 10,000,000 bytes\)"
    ):
        one_reply(generator)
    assert (len(server.requests), server.answered) == (1, [])
    assert generator.usage.answer_tokens == 2000, "it may be paid for"


def test_who_wants_to_be_left_alone_for_long_is(server: LoopbackModel, new_generator: NewGenerator) -> None:
    server.act = status(429, {"retry-after": "3600"})
    with pytest.raises(LanguageModelError, match=r"asked once .* wants to be asked again in 3,600 seconds"):
        one_reply(new_generator())


def test_who_wants_a_pause_gets_it_from_all(server: LoopbackModel, new_generator: NewGenerator) -> None:
    """One of several on their way is told to wait; the others send nothing before that time either."""
    server.script = [well, status(429, {"retry-after-ms": "200"})]
    server.act = slow(0.02)
    list(new_generator(concurrency=2).replies(about(NAMES[:8])))
    assert len(server.requests) == 9
    assert min(request.at for request in server.requests[3:]) - server.requests[1].at > 0.19


def test_an_empty_account_is_not_asked_twice(server: LoopbackModel, new_generator: NewGenerator) -> None:
    server.act = status(429, message="You exceeded your current quota", code="insufficient_quota")
    with pytest.raises(LanguageModelError, match="has no credit left; add some"):
        one_reply(new_generator())
    assert len(server.requests) == 1


def test_a_server_that_is_not_running_is_told_at_once(new_generator: NewGenerator) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        model = LanguageModel("tiny", base_url=f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
        generator = LanguageModelGenerator(model)
        with pytest.raises(
            LanguageModelError, match=r"there is no answer from .* \(the connection is refused\); see whether"
        ):
            one_reply(generator)
    assert generator.usage == Usage(requests=1), "nobody was there to take money for tokens"


# Planning and the budget


def test_a_plan_says_what_it_would_cost_and_asks_nobody(
    server: LoopbackModel, new_generator: NewGenerator, cache: Path
) -> None:
    generator = new_generator(max_answer_tokens=100, key_from="NOT_SET")
    plan = generator.plan([OWL, Question("synonym", "owl"), OWL])
    size = sum(len(load_prompts().prompt(Question(kind, "owl"))) for kind in ("attribute", "synonym"))  # type: ignore[arg-type]
    assert plan == Plan(
        questions=2, answered=0, requests=2, prompt_tokens=plan.prompt_tokens, answer_tokens=200
    )
    assert size / 4 <= plan.prompt_tokens <= size / 4 + 2
    assert server.requests == []
    assert not cache.exists()


def test_what_is_answered_already_is_not_planned(new_generator: NewGenerator) -> None:
    generator = new_generator()
    one_reply(generator)
    assert generator.plan([OWL]) == Plan(1, 1, 0, 0, 0)
    assert generator.plan([OWL, Question("synonym", "owl")]).requests == 1


def test_a_plan_beyond_the_budget_is_refused_before_anything_is_paid(
    server: LoopbackModel, new_generator: NewGenerator
) -> None:
    list(new_generator().replies(about(NAMES[:3])))
    server.requests.clear()
    said = r"17 requests are needed \(to 3 more questions the answers are kept\), but the budget allows 16;"
    with pytest.raises(BudgetSpentError, match=said):
        next(new_generator(max_requests=16).replies(about(NAMES)))
    assert server.requests == []
    assert len(list(new_generator(max_requests=17).replies(about(NAMES)))) == 20


@pytest.mark.parametrize("concurrency", [1, 8])
def test_no_more_requests_are_sent_than_allowed_whatever_happens(
    server: LoopbackModel, new_generator: NewGenerator, concurrency: int
) -> None:
    def moody(request: Request) -> Reaction:
        return (status(500) if len(server.requests) % 3 == 0 else slow(0.002))(request)

    server.act = moody
    generator = new_generator(max_requests=20, concurrency=concurrency, retries=50)
    server.script = [status(500)]
    with pytest.raises(
        BudgetSpentError,
        match=r"all requests of the budget \(20\) are spent; raise max_requests \(--max-requests\); of 20",
    ):
        list(generator.replies(about(NAMES)))
    assert len(server.requests) == 20 == generator.usage.requests


def test_running_out_midway_says_what_is_there_and_what_is_missing(
    server: LoopbackModel, new_generator: NewGenerator
) -> None:
    server.script = [well, status(500), status(500)]
    replies = new_generator(max_requests=5, concurrency=1).replies(about(NAMES[:5]))
    with pytest.raises(
        BudgetSpentError, match=r"of 5 questions 3 have answers, which are kept, and 2 are missing$"
    ):
        list(replies)
    assert len(list(new_generator(max_requests=2).replies(about(NAMES[:5])))) == 5


@pytest.mark.parametrize("concurrency", [1, 8])
def test_no_more_tokens_are_spent_than_allowed(
    server: LoopbackModel, new_generator: NewGenerator, concurrency: int
) -> None:
    prompt = load_prompts().prompt(about(NAMES)[0])
    each = len(prompt.split()) + 6  # as the endpoint counts them: words
    generator = new_generator(max_tokens=1800 + 5 * each, max_answer_tokens=500, concurrency=concurrency)
    with pytest.raises(
        BudgetSpentError, match=r"raise max_tokens \(--max-tokens\) or lower max_answer_tokens"
    ):
        list(generator.replies(about(NAMES)))
    assert generator.usage.tokens <= 1800 + 5 * each
    assert generator.usage.requests >= 5, "what requests did not take is there for others"
    assert generator.usage == server_s_count(server, generator)


def server_s_count(server: LoopbackModel, generator: LanguageModelGenerator) -> object:
    words = sum(len(prompt.split()) for prompt in server.prompts)
    said = sum(len(json.dumps({"texts": phrases(prompt)}).split()) for prompt in server.prompts)
    return Usage(len(server.requests), words, said)


def test_an_endpoint_that_does_not_count_is_counted_by_bytes_and_that_is_said(
    server: LoopbackModel, new_generator: NewGenerator, caplog: pytest.LogCaptureFixture
) -> None:
    server.act = says("long neck", usage=False)
    generator = new_generator()
    list(generator.replies(about(NAMES[:2])))
    list(generator.replies(about(NAMES[2:4])))
    assert generator.usage.estimated
    assert generator.usage.answer_tokens == 4 * len("long neck")
    assert generator.usage.prompt_tokens > 4 * len(load_prompts().prompt(about(NAMES)[0]))
    assert [message for message in caplog.messages if "the most they can be" in message] == [
        f"{server.base_url} did not report the tokens of all requests; those count as the most they can be"
    ]


def test_the_budget_is_for_all_that_a_generator_is_asked(
    server: LoopbackModel, new_generator: NewGenerator
) -> None:
    generator = new_generator(max_requests=3)
    list(generator.replies(about(NAMES[:2])))
    with pytest.raises(BudgetSpentError, match=r"2 requests are needed .* the budget allows 1; raise"):
        list(generator.replies(about(NAMES[2:4])))
    assert len(server.requests) == 2


def test_a_question_that_is_asked_again_may_go_without_an_answer(
    server: LoopbackModel, new_generator: NewGenerator
) -> None:
    generator = new_generator(max_requests=3)
    list(generator.replies(about(NAMES[:2])))
    again = [Question("analogue", name, unwanted=("owl",)) for name in NAMES[:3]]
    replies = list(generator.replies(again))
    assert [bool(reply.snippets) for reply in replies] == [True, False, False]
    assert [reply.failure for reply in replies] == ["", *["not asked again, for the budget is spent"] * 2]
    assert len(server.requests) == 3
