"""An OpenAI-compatible endpoint on this very machine: it answers as it is told, and notes what it is asked.

    with serving() as server:
        server.script += [status(429, {"retry-after-ms": "1"}), says("not JSON")]
        LanguageModel("tiny", base_url=server.base_url)
        ...
        assert server.prompts[0] == server.prompts[1]

An act is a function of the request that says what goes back (``Act``). Those in ``script`` are taken one
after the other, each for one request; ``act`` is for all others: ``well`` unless it is told otherwise, three
plausible phrases that depend on the prompt alone. ``server.requests`` has all requests in the order in which
they came, headers included; ``server.most_at_once`` tells how many were there at the same time.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from clipcoder.generators.llm.generator import LanguageModelGenerator

SECRET = "sk-0123456789abcdef"
"""A key that must turn up nowhere but in the header that it belongs to."""

NewGenerator = Callable[..., LanguageModelGenerator]
"""Of the fixture ``new_generator``: takes the settings of a ``LanguageModel``."""

_SHAPES = ("long", "short", "striped", "pointed", "hooked", "curved", "spotted", "broad", "shiny", "pale")
_PARTS = (
    "beak",
    "tail",
    "ears",
    "handle",
    "stem",
    "wings",
    "lid",
    "wheels",
    "petals",
    "legs",
    "roof",
    "mane",
)


@dataclass(frozen=True)
class Request:
    """What the endpoint was asked."""

    path: str
    headers: Mapping[str, str]
    """With their names in lower case."""
    body: dict[str, Any]
    at: float = 0.0
    """When it came, in seconds on a clock that only goes forward."""

    @property
    def prompt(self) -> str:
        return str(self.body["messages"][-1]["content"])

    @property
    def structured(self) -> bool:
        return "response_format" in self.body


@dataclass(frozen=True)
class Reaction:
    """What the endpoint sends back."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str = "OK"
    sent: int | None = None
    """After so many bytes of the body the connection is cut."""
    delay: float = 0.0
    """Seconds before anything is sent."""


Act = Callable[[Request], Reaction]


def phrases(prompt: str) -> list[str]:
    """Return three phrases that depend on the prompt alone."""
    digest = hashlib.sha256(prompt.encode()).digest()
    return [
        f"{_SHAPES[a % len(_SHAPES)]} {_PARTS[b % len(_PARTS)]}"
        for a, b in zip(digest[:3], digest[3:6], strict=True)
    ]


def well(request: Request) -> Reaction:
    """Answer as one should."""
    return _completion(json.dumps({"texts": phrases(request.prompt)}), prompt=request.prompt)


def says(text: str | None, *, finish: str = "stop", usage: bool = True, refusal: str | None = None) -> Act:
    """Answer in these words."""
    return lambda request: _completion(text, finish, request.prompt if usage else None, refusal)


def status(
    status_code: int, headers: Mapping[str, str] | None = None, message: str = "no", **error: Any
) -> Act:
    """Answer with an error, as OpenAI words it."""
    body = json.dumps({"error": {"message": message, "type": None, "code": None, **error}}).encode()
    return lambda _: Reaction(body, status_code, headers or {})


def raw(body: bytes, code: int = 200, headers: Mapping[str, str] | None = None) -> Act:
    """Answer with these bytes."""
    return lambda _: Reaction(body, code, headers or {})


def cut(after: int = 20) -> Act:
    """Answer well, but let the connection break after so many bytes of the body."""
    return lambda request: Reaction(well(request).body, sent=after)


def slow(seconds: float, act: Act = well) -> Act:
    """Take so long for an answer."""
    return lambda request: _later(act(request), seconds)


def without_structure(request: Request) -> Reaction:
    """Answer well, but refuse to answer in a given form."""
    if request.structured:
        return status(400, message="unknown field response_format")(request)
    return well(request)


def echo(code: int = 200) -> Act:
    """Send the Authorization header back everywhere: in the body, in a header, in the status line."""

    def act(request: Request) -> Reaction:
        secret = request.headers.get("authorization", "")
        if code == 200:
            reaction = _completion(f"- long beak\n- {secret}\n", prompt=request.prompt)
        else:
            reaction = status(code, message=f"you sent {secret}, {secret}")(request)
        return Reaction(reaction.body, code, {"x-echo": secret}, reason=f"Got {secret}")

    return act


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for something that is sure to happen."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


class LoopbackModel(ThreadingHTTPServer):
    """The endpoint."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.act: Act = well
        self.script: list[Act] = []
        self.requests: list[Request] = []
        self.most_at_once = 0
        self.answered: list[str] = []
        """The prompts whose answers have left as a whole."""
        self.lock = threading.Lock()
        self.now = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def prompts(self) -> list[str]:
        return [request.prompt for request in self.requests]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that go away."""


@contextmanager
def serving() -> Iterator[LoopbackModel]:
    """Run an endpoint as long as the block does."""
    server = LoopbackModel()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Answers(BaseHTTPRequestHandler):
    server: LoopbackModel
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # headers and body in one packet, for two wait for each other

    def do_POST(self) -> None:
        server = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = Request(
            self.path, {name.lower(): value for name, value in self.headers.items()}, body, time.monotonic()
        )
        with server.lock:
            server.requests.append(request)
            act = server.script.pop(0) if server.script else server.act
            server.now += 1
            server.most_at_once = max(server.most_at_once, server.now)
        try:
            reaction = act(request)
            time.sleep(reaction.delay)
            self._send(reaction)
            server.answered.append(request.prompt)
        finally:
            with server.lock:
                server.now -= 1

    def _send(self, reaction: Reaction) -> None:
        self.send_response(reaction.status, reaction.reason)
        content = {"Content-Type": "application/json", "Content-Length": str(len(reaction.body))}
        for key, value in {**content, **reaction.headers}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(reaction.body[: reaction.sent])
        self.wfile.flush()
        self.close_connection = self.close_connection or reaction.sent is not None

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on standard error."""


def _completion(
    text: str | None, finish: str = "stop", prompt: str | None = None, refusal: str | None = None
) -> Reaction:
    message = {"role": "assistant", "content": text, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    document: dict[str, Any] = {"id": "1", "object": "chat.completion", "choices": [choice]}
    if prompt is not None:
        counts = len(prompt.split()), len((text or "").split())
        document["usage"] = {
            "prompt_tokens": counts[0],
            "completion_tokens": counts[1],
            "total_tokens": sum(counts),
        }
    return Reaction(json.dumps(document).encode())


def _later(reaction: Reaction, seconds: float) -> Reaction:
    return Reaction(
        reaction.body,
        reaction.status,
        reaction.headers,
        reaction.reason,
        reaction.sent,
        reaction.delay + seconds,
    )
