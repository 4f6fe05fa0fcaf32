"""A model hub on this very machine: it serves what it is given, notes what it is asked, and fails as told."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

IN_LARGE_FILE_STORAGE = (".onnx", "tokenizer.json", "_weight")


@dataclass
class Request:
    """What the hub was asked for."""

    method: str
    path: str
    first_byte: int


@dataclass
class Faults:
    """How the hub fails."""

    status: int = 200
    """Of every answer, where it is not 200."""
    error_code: str = ""
    """What goes with that status."""
    cuts: list[int] = field(default_factory=list)
    """After so many bytes the connection of a large file is cut; the first one first, each once."""
    wrong_bytes: set[str] = field(default_factory=set)
    """Files of which other bytes come than are announced."""
    deaf_to_ranges: bool = False
    """Whether the whole file comes, whatever part was asked for."""
    while_serving: Callable[[str], None] = lambda file: None
    """Called with the name of each file before its bytes leave."""


class LoopbackHub(ThreadingHTTPServer):
    """Serves commits of one repository."""

    daemon_threads = True

    def __init__(self, repository: str) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.repository = repository
        self.commits: dict[str, dict[str, bytes]] = {}
        self.revisions: dict[str, str] = {}
        self.requests: list[Request] = []
        self.faults = Faults()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def publish(self, files: Mapping[str, bytes], *revisions: str) -> str:
        """Add a commit, which becomes the newest; tags may name it too."""
        content = json.dumps({name: _sha256(data) for name, data in files.items()}).encode()
        commit = hashlib.sha1(content).hexdigest()
        self.commits[commit] = dict(files)
        self.revisions |= dict.fromkeys(["main", *revisions], commit)
        return commit

    def asked(self, method: str, ending: str = "") -> list[Request]:
        return [r for r in self.requests if r.method == method and r.path.endswith(ending)]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that go away."""


@contextmanager
def serving(repository: str) -> Iterator[LoopbackHub]:
    hub = LoopbackHub(repository)
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        thread.join()
        hub.server_close()


class _Answers(BaseHTTPRequestHandler):
    server: LoopbackHub
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # headers and body in one packet, for two wait for each other

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        first_byte = int(re.sub(r"\D", "", self.headers.get("Range", "").partition("-")[0]) or 0)
        self.server.requests.append(Request(self.command, path, first_byte))
        faults = self.server.faults
        if faults.status != 200:
            return self._send(b"{}", faults.status, {"X-Error-Code": faults.error_code})
        info = re.fullmatch(f"/api/models/{self.server.repository}(?:/revision/(.+))?", path)
        if info:
            return self._info(info[1] or "main")
        file = re.fullmatch(f"/{self.server.repository}/resolve/([^/]+)/(.+)", path)
        if file:
            return self._file(file[1], file[2], first_byte)
        return self._send(b"{}", 404, {"X-Error-Code": "RepoNotFound"})

    def do_HEAD(self) -> None:
        self.do_GET()

    def _info(self, revision: str) -> None:
        commit = self.server.revisions.get(revision, revision)
        if commit not in self.server.commits:
            return self._send(b"{}", 404, {"X-Error-Code": "RevisionNotFound"})
        siblings = [_sibling(name, data) for name, data in self.server.commits[commit].items()]
        about = {"id": self.server.repository, "sha": commit, "siblings": siblings}
        return self._send(json.dumps(about).encode())

    def _file(self, commit: str, name: str, first_byte: int) -> None:
        commit = self.server.revisions.get(commit, commit)
        data = self.server.commits.get(commit, {}).get(name)
        if data is None:
            return self._send(b"{}", 404, {"X-Error-Code": "EntryNotFound"})
        faults = self.server.faults
        headers = {"X-Repo-Commit": commit, "ETag": f'"{_git_sha1(data)}"'}
        if is_large(name):
            headers |= {"X-Linked-Etag": f'"{_sha256(data)}"', "X-Linked-Size": str(len(data))}
        if name in faults.wrong_bytes:
            data = bytes(reversed(data))
        if self.command == "GET":
            faults.while_serving(name)
        if first_byte and not faults.deaf_to_ranges:
            headers["Content-Range"] = f"bytes {first_byte}-{len(data) - 1}/{len(data)}"
            return self._send(data[first_byte:], 206, headers, cut=is_large(name))
        return self._send(data, 200, headers, cut=is_large(name))

    def _send(
        self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None, *, cut: bool = False
    ) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "GET":
            return
        cuts = self.server.faults.cuts
        if cut and cuts:
            self.wfile.write(body[: cuts.pop(0)])
            self.wfile.flush()
            self.close_connection = True
            return
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on standard error."""


def is_large(name: str) -> bool:
    return name.endswith(IN_LARGE_FILE_STORAGE)


def _sibling(name: str, data: bytes) -> dict[str, Any]:
    about: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": _git_sha1(data)}
    if is_large(name):
        about["lfs"] = {"sha256": _sha256(data), "size": len(data), "pointerSize": 130}
    return about


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _git_sha1(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
