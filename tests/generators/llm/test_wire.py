"""What the official client's errors mean; what needs no server to fail, or cannot fail on this machine."""

from __future__ import annotations

import asyncio
import socket
import ssl

import pytest

from clipcoder.generators.llm import LanguageModel
from clipcoder.generators.llm.refusals import Response
from clipcoder.generators.llm.wire import Wire, _no_response
from loopback_model import LoopbackModel


def certificate_error() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (ConnectionRefusedError(111, "refused"), "the connection is refused"),
        (ExceptionGroup("all", [OSError("no route"), ConnectionRefusedError()]), "the connection is refused"),
        (socket.gaierror(-2, "Name or service not known"), "there is no host of that name"),
        (certificate_error(), "its certificate is not trusted, self-signed certificate"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("depth", [0, 2])
def test_what_will_not_change_by_itself_is_told(cause: Exception, reason: str, depth: int) -> None:
    error: Exception = cause
    for _ in range(depth):
        outer = OSError("connect")
        outer.__cause__ = error
        error = outer
    assert _no_response(error) == Response(0, reason, {}, lasting=True)


def test_all_else_may_be_different_the_next_time() -> None:
    assert _no_response(OSError("broken pipe")) == Response(0, "the connection was cut", {})


def test_an_error_that_nobody_expects_is_told_without_what_it_holds(server: LoopbackModel) -> None:
    async def ask() -> Response:
        wire = Wire(LanguageModel("tiny", base_url=server.base_url), None)
        response = await wire.exchange({"model": "tiny", "messages": [], "unknown_to_this_client": 1})
        await wire.close()
        return response

    assert asyncio.run(ask()) == Response(0, "the client fails with TypeError", {}, lasting=True)
    assert server.requests == []


@pytest.mark.parametrize("base_url", ["http://a..b/v1", "http://[fe80::1]:9/v1"])
def test_an_address_that_leads_nowhere_is_no_traceback(base_url: str) -> None:
    async def ask() -> Response:
        wire = Wire(LanguageModel("tiny", base_url=base_url, timeout=5), None)
        response = await wire.exchange({"model": "tiny", "messages": []})
        await wire.close()
        return response

    assert asyncio.run(ask()).status == 0
