"""What responses that are no answers mean, and how long to wait."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest

from clipcoder.generators.llm import LanguageModel
from clipcoder.generators.llm.endpoint import Key
from clipcoder.generators.llm.refusals import Response, exhausted_error, lasting_error, pause_before

MODEL = LanguageModel("tiny", base_url="https://ai.test")
KEY = Key("HOSTED_KEY", "sk-0123456789")


def response(
    status: int, message: str = "", *, headers: dict[str, str] | None = None, **error: str
) -> Response:
    return Response(status, json.dumps({"error": {"message": message, **error}}), headers or {})


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_what_may_pass_is_worth_another_attempt(status: int) -> None:
    assert response(status).passing


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 422])
def test_what_stays_is_not(status: int) -> None:
    assert not response(status).passing


def test_the_endpoint_knows_best_whether_it_is_worth_another_attempt() -> None:
    assert response(400, headers={"x-should-retry": "true"}).passing
    assert not response(503, headers={"x-should-retry": "false"}).passing


def test_an_empty_account_does_not_fill_up_by_waiting() -> None:
    assert not response(429, code="insufficient_quota").passing
    assert not response(429, type="insufficient_quota").passing


def test_a_lost_connection_may_come_back_but_not_a_server_that_is_not_there() -> None:
    assert Response(0, "the connection was cut", {}).passing
    assert not Response(0, "the connection is refused", {}, lasting=True).passing


def test_pauses_grow_and_differ_and_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clipcoder.generators.llm.refusals._FIRST_PAUSE", 0.5)
    pauses = [pause_before(attempt, {}) or 0 for attempt in range(1, 12)]
    assert all(following > pause for pause, following in pairwise(pauses[:6]))
    assert 0.375 <= pauses[0] <= 0.5
    assert 12 <= pauses[-1] <= 16
    assert len({pause_before(3, {}) for _ in range(10)}) > 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "9"}, 9),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "120"}, 120),
        ({"retry-after": "121"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
    ],
)
def test_the_endpoint_says_how_long_to_wait_within_reason(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert pause_before(1, headers) == seconds


def test_the_endpoint_may_give_a_moment() -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 25 < (pause_before(1, {"retry-after": moment}) or 0) <= 30


@pytest.mark.parametrize("nonsense", ["soon", "-1", "nan", "inf", ""])
def test_a_wait_that_makes_no_sense_is_not_heeded(nonsense: str) -> None:
    assert 0 < (pause_before(1, {"retry-after": nonsense}) or 0) < 1


@pytest.mark.parametrize(
    ("refusal", "key", "sentence"),
    [
        (
            response(401, "Incorrect API key provided: sk-0123"),
            KEY,
            "https://ai.test refuses the key in the environment variable HOSTED_KEY, or its use of the "
            "model 'tiny' (status 401); set the variable to a key that may use it",
        ),
        (
            response(401, "missing bearer"),
            None,
            "https://ai.test wants a key (status 401), and none was sent; put it into an environment "
            "variable and name that one as key_from (--key-from)",
        ),
        (
            response(404, "The model `tiny` does not exist"),
            None,
            "https://ai.test knows no model 'tiny', or is not an OpenAI-compatible endpoint (status 404: "
            "The model `tiny` does not exist); check both, for the address often ends in /v1",
        ),
        (
            Response(404, "", {}),
            None,
            "https://ai.test knows no model 'tiny', or is not an OpenAI-compatible endpoint (status 404); "
            "check both, for the address often ends in /v1",
        ),
        (
            response(400, "Unsupported value: 'temperature'.\nOnly 1."),
            None,
            "https://ai.test refuses the request (status 400: Unsupported value: 'temperature'. Only 1); "
            "change what it names, or take another model",
        ),
        (
            response(429, "You exceeded your quota", code="insufficient_quota"),
            KEY,
            "the account of the key in HOSTED_KEY at https://ai.test has no credit left; add some, for the "
            "answers so far are kept, and the same command goes on where this one stopped",
        ),
        (
            Response(308, "", {"location": "https://me:hush@other.example/v2?key=hush"}),
            KEY,
            "https://ai.test sends requests on to https://other.example (status 308), where no key is "
            "sent; name the right address as base_url (--base-url)",
        ),
        (
            Response(0, "the connection is refused", {}, lasting=True),
            None,
            "there is no answer from https://ai.test (the connection is refused); see whether the server is "
            "running, and whether the address is right",
        ),
    ],
)
def test_a_lasting_refusal_says_what_to_do(refusal: Response, key: Key | None, sentence: str) -> None:
    assert str(lasting_error(refusal, MODEL, key)) == sentence


def test_a_redirection_within_a_host_is_told_too() -> None:
    assert "on to another path (status 307)" in str(
        lasting_error(Response(307, "", {"location": "/v2"}), MODEL, None)
    )


@pytest.mark.parametrize(
    ("last", "attempts", "said"),
    [
        (
            response(429, "Slow down"),
            6,
            "was asked 6 times and did not answer (status 429: Slow down); lower concurrency "
            "(--concurrency) or raise retries (--retries), for the answers so far are kept",
        ),
        (
            Response(0, "the connection was cut", {}),
            1,
            "was asked once and did not answer (the connection was cut)",
        ),
        (
            response(429, "Daily limit", headers={"retry-after": "7200"}),
            1,
            "(status 429: Daily limit: it wants to be asked again in 7,200 seconds); the answers so far are",
        ),
    ],
)
def test_enough_attempts_end_in_a_sentence(last: Response, attempts: int, said: str) -> None:
    assert said in str(exhausted_error(last, MODEL, attempts))


def test_what_an_endpoint_complains_of_stays_short() -> None:
    page = "<html>\n" + "<p>Bad gateway</p>" * 100
    assert Response(502, page, {}).complaint == "with a page of HTML"
    assert len(Response(502, "x" * 1000, {}).complaint) == 200
