"""One request to an endpoint, by the official client; the only module that imports it.

Whatever the client has picked up from the environment, ``_Gate`` decides what leaves: it is the last to touch
a request, and the only one to know the key.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from clipcoder.errors import MissingExtraError
from clipcoder.generators.llm.endpoint import Key, is_inside
from clipcoder.generators.llm.language_model import LanguageModel
from clipcoder.generators.llm.refusals import Response
from clipcoder.generators.llm.secrecy import redacted, redacted_json

if TYPE_CHECKING:
    import openai

_NOT_THE_KEY: Final = "kept-back"
_LONGEST: Final = 10_000_000
"""Bytes of a response; an answer has a few thousand, so that more is no language model's."""
_OF_TRANSFER: Final = frozenset(("content-encoding", "content-length", "transfer-encoding"))
_HARMLESS: Final = {"host", "connection", "accept", "accept-encoding", "content-type", "content-length"} | {
    "user-agent",
    "x-stainless-raw-response",  # the client looks at it again when the response is there
}


class Wire:
    """The way to an endpoint and back.

    Args:
        model: the model.
        key: what opens its endpoint, if anything.

    Raises:
        MissingExtraError: the official client is not installed.
    """

    def __init__(self, model: LanguageModel, key: Key | None) -> None:
        self._timeout, self._key = model.timeout, key
        self._client = _client(model, key)

    async def close(self) -> None:
        """Hang up."""
        await self._client.close()

    async def exchange(self, body: dict[str, Any]) -> Response:
        """Send a request once and return what comes of it, without the key wherever that may stand.

        Errors are returned, too: a traceback would repeat what the endpoint has said.

        Args:
            body: of a chat completion.
        """
        import openai

        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._client.chat.completions.with_raw_response.create(**body)
                return self._response(answer.http_response)
        except (TimeoutError, openai.APITimeoutError):
            return Response(0, f"no answer within {self._timeout:g} seconds", {})
        except openai.APIStatusError as error:
            return self._response(error.response)
        except (openai.APIConnectionError, OSError, _TooLongError) as error:
            return _no_response(error)
        except Exception as error:  # its frames may hold the key
            return Response(0, f"the client fails with {type(error).__name__}", {}, lasting=True)

    def _response(self, response: Any) -> Response:
        headers = {name.lower(): redacted(value, self._key) for name, value in response.headers.items()}
        return Response(response.status_code, redacted_json(response.text, self._key), headers)


def check_client() -> None:
    """Refuse to begin what would need the official client, where that is not installed.

    Raises:
        MissingExtraError: it is not.
    """
    try:
        import openai  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("asking a language model", "llm") from error


def _client(model: LanguageModel, key: Key | None) -> openai.AsyncOpenAI:
    """Return the official client, without its key, its loop of retries, and its trust in redirections."""
    check_client()
    import openai

    endpoint = model.endpoint
    encrypted = endpoint.startswith("https:")
    everything = model.base_url is None and (encrypted or is_inside(endpoint))
    http_client = _bounded(openai.DefaultAsyncHttpxClient)(
        follow_redirects=False,
        trust_env=encrypted,  # without encryption, a proxy would see the key
        event_hooks={"request": [_Gate(key, everything=everything)]},
    )
    return openai.AsyncOpenAI(
        api_key=_NOT_THE_KEY, base_url=endpoint, max_retries=0, timeout=model.timeout, http_client=http_client
    )


class _TooLongError(Exception):
    """A response has more bytes than anybody needs."""


def _bounded(kind: type[Any]) -> type[Any]:
    """Return a kind of HTTP client that hangs up on a response without an end, whatever its status."""

    class Bounded(kind):  # type: ignore[misc]
        async def send(self, request: Any, **options: Any) -> Any:
            response = await super().send(request, **{**options, "stream": True})
            try:
                body = await _body(response)
            finally:
                await response.aclose()
            headers = [item for item in response.headers.multi_items() if item[0].lower() not in _OF_TRANSFER]
            return type(response)(response.status_code, headers=headers, content=body, request=request)

    return Bounded


async def _body(response: Any) -> bytes:
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > _LONGEST:
            raise _TooLongError
    return bytes(body)


class _Gate:
    """The last to see a request: puts in the key, and takes out what the endpoint may not see.

    Args:
        key: the key for the endpoint, if any.
        everything: whether organisation, project and headers of the environment may pass; they are meant for
            the endpoint that the environment names, not for one that the user has named in its place, and
            no more for all to read than a key is.
    """

    def __init__(self, key: Key | None, *, everything: bool) -> None:
        self._key, self._everything = key, everything

    async def __call__(self, request: Any) -> None:
        headers = request.headers
        for name in list(headers):
            if name.lower() == "authorization" or not (self._everything or name.lower() in _HARMLESS):
                del headers[name]
        if self._key:
            headers["Authorization"] = f"Bearer {self._key.secret}"


def _no_response(error: BaseException) -> Response:
    for cause in _causes(error):
        if isinstance(cause, _TooLongError):
            return Response(200, f"it sends more than {_LONGEST:,} bytes", {}, lasting=True)
        if isinstance(cause, ConnectionRefusedError):
            return Response(0, "the connection is refused", {}, lasting=True)
        if isinstance(cause, socket.gaierror):
            return Response(0, "there is no host of that name", {}, lasting=True)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Response(0, f"its certificate is not trusted, {cause.verify_message}", {}, lasting=True)
    return Response(0, "the connection was cut", {})


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and all that it came of."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for member in error.exceptions:
                yield from _causes(member)
        error = error.__cause__ or error.__context__
