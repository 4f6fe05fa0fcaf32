"""The key reaches one endpoint, and nothing else: no other host, log, file, message or traceback."""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path

import pytest

from clipcoder.bank import TextBank
from clipcoder.errors import LanguageModelError, MissingExtraError
from clipcoder.generators.base import Question
from clipcoder.generators.llm import LanguageModel, wire
from clipcoder.generators.llm.endpoint import Key
from clipcoder.generators.llm.generator import LanguageModelGenerator
from clipcoder.generators.llm.secrecy import discreet_logs, redacted, redacted_json
from clipcoder.generators.llm.wire import Wire
from loopback_model import SECRET, Act, LoopbackModel, NewGenerator, echo, raw, serving, status

HARMLESS = {
    "host", "connection", "accept", "accept-encoding", "content-type", "content-length", "user-agent",
    "x-stainless-raw-response",
}  # fmt: skip
OWL = [Question("attribute", "owl")]


@pytest.fixture
def full_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that the official client takes from the environment."""
    for name, value in {
        "OPENAI_API_KEY": SECRET,
        "OPENAI_ADMIN_KEY": "sk-admin",
        "OPENAI_ORG_ID": "org-1",
        "OPENAI_PROJECT_ID": "project-1",
        "OPENAI_WEBHOOK_SECRET": "whsec-1",
        "OPENAI_CUSTOM_HEADERS": "X-Gateway: gateway-1\nAuthorization: Bearer custom-1\nX-Org: org-2",
    }.items():
        monkeypatch.setenv(name, value)


def test_to_an_endpoint_that_is_named_nothing_goes_unasked(
    server: LoopbackModel, new_generator: NewGenerator, full_environment: None
) -> None:
    list(new_generator().replies(OWL))
    assert set(server.requests[0].headers) == HARMLESS
    assert not {"sk-admin", "org-1", "org-2", "project-1", "gateway-1", "custom-1", SECRET} & set(
        " ".join(server.requests[0].headers.values()).split()
    )


def test_to_an_endpoint_that_is_named_the_key_goes_that_is_named(
    server: LoopbackModel,
    new_generator: NewGenerator,
    full_environment: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOSTED_KEY", "hosted-1")
    list(new_generator(key_from="HOSTED_KEY").replies(OWL))
    assert set(server.requests[0].headers) == {*HARMLESS, "authorization"}
    assert server.requests[0].headers["authorization"] == "Bearer hosted-1"


def test_to_the_endpoint_of_the_environment_goes_what_the_environment_says(
    server: LoopbackModel, full_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    list(LanguageModelGenerator("tiny").replies(OWL))
    headers = server.requests[0].headers
    assert headers["authorization"] == f"Bearer {SECRET}"
    assert (headers["openai-organization"], headers["openai-project"]) == ("org-1", "project-1")


def test_what_the_environment_says_does_not_cross_the_internet_in_the_clear(
    server: LoopbackModel, full_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    monkeypatch.setattr(wire, "is_inside", lambda url: False)
    list(LanguageModelGenerator("tiny").replies(OWL))
    assert set(server.requests[0].headers) == {*HARMLESS, "authorization"}


def test_a_proxy_is_not_told_what_stays_on_this_machine(
    server: LoopbackModel, new_generator: NewGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.base_url)
        monkeypatch.setenv("ALL_PROXY", proxy.base_url)
        list(new_generator().replies(OWL))
        assert (len(server.requests), proxy.requests) == (1, [])


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirection_is_told_and_not_followed(
    server: LoopbackModel, new_generator: NewGenerator, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setenv("HOSTED_KEY", SECRET)
    with serving() as elsewhere:
        server.act = raw(b"", code, {"Location": f"{elsewhere.base_url}/chat/completions"})
        with pytest.raises(
            LanguageModelError, match=rf"sends requests on to .*{elsewhere.server_port} \(status {code}"
        ):
            list(new_generator(key_from="HOSTED_KEY").replies(OWL))
        assert elsewhere.requests == []
    assert len(server.requests) == 1


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def written(cache: Path) -> str:
    return "".join(path.read_text() for path in cache.rglob("*") if path.is_file())


def test_a_key_in_an_answer_is_neither_kept_nor_passed_on(
    server: LoopbackModel,
    new_generator: NewGenerator,
    monkeypatch: pytest.MonkeyPatch,
    cache: Path,
    tmp_path: Path,
    everything_logged: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("HOSTED_KEY", SECRET)
    server.act = echo()
    generator = new_generator(key_from="HOSTED_KEY")
    bank = TextBank.from_generator(["owl"], generator, kinds="attribute")
    bank.save(tmp_path / "bank.json")
    assert "a photo of an owl, which has long beak" in [text.text for text in bank.texts]
    assert "[key]" in written(cache)
    assert SECRET not in written(cache) + written(tmp_path) + repr(bank) + everything_logged.text
    assert "x-echo" in everything_logged.text.lower(), (
        "the answer's headers are in the log, and that is the danger"
    )


@pytest.mark.parametrize("code", [400, 401, 403, 404, 418, 429, 500])
def test_a_key_in_an_error_is_not_passed_on(
    server: LoopbackModel,
    new_generator: NewGenerator,
    monkeypatch: pytest.MonkeyPatch,
    cache: Path,
    everything_logged: pytest.LogCaptureFixture,
    code: int,
) -> None:
    monkeypatch.setenv("HOSTED_KEY", SECRET)
    server.act = echo(code)
    with pytest.raises(LanguageModelError) as caught:
        list(new_generator(key_from="HOSTED_KEY", retries=1).replies(OWL))
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert SECRET in server.requests[0].headers["authorization"]
    assert SECRET not in "".join(told.format()) + written(cache) + everything_logged.text


@pytest.mark.parametrize(
    "body",
    [
        rb'{"error": {"message": "bad key \u0073k-0123456789abcdef"}}',
        rb'{"error": {"message": "bad key sk-0123456789abcdef", "code": "sk-0123456789abcdef"}}',
        b"bad key sk-0123456789abcdef",
        b"<p>bad key sk-0123456789abcdef</p>",
        b'{"error": "' + b"x" * 190 + b' sk-0123456789abcdef"}',
    ],
)
def test_no_spelling_of_the_key_and_no_part_of_it_is_passed_on(
    server: LoopbackModel, new_generator: NewGenerator, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setenv("HOSTED_KEY", SECRET)
    server.act = raw(body, 418)
    with pytest.raises(LanguageModelError) as caught:
        list(new_generator(key_from="HOSTED_KEY").replies(OWL))
    assert SECRET[:6] not in str(caught.value)


def test_a_key_in_an_error_that_comes_as_an_answer_is_not_passed_on(
    server: LoopbackModel, new_generator: NewGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSTED_KEY", SECRET)
    server.act = raw(rb'{"error": {"message": "bad key \u0073k-0123456789abcdef"}}')
    (reply,) = new_generator(key_from="HOSTED_KEY").replies(OWL)
    assert reply.failure == "no readable answer in 3 attempts: it says 'bad key [key]'"


def test_a_key_with_signs_that_json_escapes_is_known_in_json_too() -> None:
    key = Key("MINE", 'sk-"0123\\456')
    assert redacted_json('{"error": "sk-\\"0123\\\\456"}', key) == '{"error": "[key]"}'


@pytest.mark.parametrize("key", [None, Key("MINE", "none")])
def test_a_word_that_stands_in_for_a_key_is_left_in_texts(key: Key | None) -> None:
    assert redacted("none of these", key) == "none of these"


def test_a_traceback_in_a_log_is_without_the_key_too(everything_logged: pytest.LogCaptureFixture) -> None:
    with discreet_logs(Key("MINE", SECRET)):
        try:
            raise ValueError(f"sent {SECRET}")
        except ValueError:
            logging.getLogger("openai._base_client").debug("failed", exc_info=True)
    assert "ValueError: sent [key]" in everything_logged.text
    assert SECRET not in everything_logged.text


def test_logs_are_as_they_were_after_an_error_in_hanging_up_too(
    server: LoopbackModel, new_generator: NewGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def close(self: Wire) -> None:
        raise OSError("already gone")

    monkeypatch.setattr(Wire, "close", close)
    monkeypatch.setenv("HOSTED_KEY", SECRET)
    list(new_generator(key_from="HOSTED_KEY").replies(OWL))
    assert not logging.getLogger("openai").filters


def test_logs_are_as_they_were_when_nobody_is_asked_any_more(
    everything_logged: pytest.LogCaptureFixture,
) -> None:
    logger = logging.getLogger("httpx2")
    with discreet_logs(Key("MINE", SECRET)):
        logger.info("sent %s", SECRET)
        logger.info("sent %s", "nothing")
    logger.info("sent %d", 3)
    assert everything_logged.messages == ["sent [key]", "sent nothing", "sent 3"]
    assert not logger.filters


def test_the_client_is_an_extra(
    server: LoopbackModel, new_generator: NewGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'clipcoder\[llm\]'"):
        list(new_generator().replies(OWL))


def test_a_key_that_is_missing_is_asked_for_before_anything_is_sent(
    server: LoopbackModel, new_generator: NewGenerator
) -> None:
    with pytest.raises(LanguageModelError, match="HOSTED_KEY, which is not set"):
        list(new_generator(key_from="HOSTED_KEY").replies(OWL))
    assert server.requests == []


@pytest.mark.parametrize("act", [status(401), status(403)])
def test_a_key_that_does_not_open_is_named_by_its_variable_after_one_request(
    server: LoopbackModel, new_generator: NewGenerator, monkeypatch: pytest.MonkeyPatch, act: Act
) -> None:
    monkeypatch.setenv("HOSTED_KEY", SECRET)
    server.act = act
    questions = [Question("attribute", name) for name in ("owl", "cat", "dog")]
    with pytest.raises(LanguageModelError, match="refuses the key in the environment variable HOSTED_KEY"):
        list(new_generator(key_from="HOSTED_KEY").replies(questions))
    assert len(server.requests) == 1


def test_a_local_server_needs_no_key(server: LoopbackModel) -> None:
    model = LanguageModel("tiny", base_url=server.base_url)
    (reply,) = LanguageModelGenerator(model).replies(OWL)
    assert reply.snippets
    assert "authorization" not in server.requests[0].headers
