"""Published models: a hub on this very machine serves them, and whatever keeps them away is one sentence."""

from __future__ import annotations

import errno
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub import constants
from tiny_clip import TinyClip

from clipcoder.encoders import hub, load_encoder
from clipcoder.encoders.hub import MODEL_NAMES, fetch
from clipcoder.errors import ClipcoderError, ModelUnavailableError, UnknownNameError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
NAME, REPOSITORY = "ViT-B-32/laion2b_s34b_b79k", "immich-app/ViT-B-32__laion2b-s34b-b79k"
ADVICE = "; without a network, use 'starter' or a local folder as 'onnx:FOLDER'"


class Hub(ThreadingHTTPServer):
    """Serves one folder as one repository, and remembers what it was asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.folder = folder
        self.files = {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*")) if p.is_file()}
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.server.asked.append(path)
        commits = [f"/api/models/{REPOSITORY}/revision/{revision}" for revision in ("main", "v2")]
        file = path.removeprefix(f"/{REPOSITORY}/resolve/{COMMIT}/")
        if path in commits:
            siblings = [{"rfilename": name} for name in self.server.files]
            self._answer(json.dumps({"id": REPOSITORY, "sha": COMMIT, "siblings": siblings}).encode())
        elif path == f"/api/models/{REPOSITORY}/tree/{COMMIT}":
            tree = [
                {"type": "file", "path": name, "size": p.stat().st_size, "oid": name}
                for name, p in self.server.files.items()
            ]
            self._answer(json.dumps(tree).encode())
        elif file in self.server.files:
            self._answer(self.server.files[file].read_bytes(), ETag=f'"{file.replace("/", "-")}"')
        else:
            self._answer(b"{}", status=404, **{"X-Error-Code": "RepoNotFound"})

    def do_HEAD(self) -> None:
        self.do_GET()

    def _answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), "X-Repo-Commit": COMMIT, **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on standard error."""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no way to any hub but the test's own."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    only_hub(monkeypatch, f"http://127.0.0.1:{_closed_port()}")
    return tmp_path / "cache"


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    folder = TinyClip(batch=1).write(tmp_path / "published")
    (folder / "textual/tokenizer_config.json").write_text('{"pad_token": "<pad>"}')
    (folder / "visual/model.rknn").write_bytes(b"of no use here")
    (folder / "README.md").write_text("a model")
    server = Hub(folder)
    only_hub(monkeypatch, server.address)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def only_hub(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Do what HF_ENDPOINT does to a fresh process."""
    monkeypatch.setattr(constants, "ENDPOINT", address)
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def download(*arguments: object, **options: object) -> str:
        raise error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)


def refusal(name: str = NAME) -> str:
    with pytest.raises(ModelUnavailableError) as caught:
        fetch(name)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"cannot fetch the model '{name}' from {constants.ENDPOINT}/immich-app/")
    assert message.endswith(ADVICE)
    return message


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_published_model_encodes_like_the_folder_it_is(served: Hub) -> None:
    encoder = load_encoder(NAME)
    local = load_encoder(f"onnx:{served.folder}")
    assert encoder.name == NAME
    np.testing.assert_array_equal(encoder.encode_texts(["a cat"]), local.encode_texts(["a cat"]))


def test_only_what_is_needed_is_fetched_and_only_once(served: Hub) -> None:
    folder = fetch(NAME)
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == set(served.files) - {"README.md", "visual/model.rknn"}
    served.asked.clear()
    assert fetch(NAME) == folder
    assert not [path for path in served.asked if "/resolve/" in path]


def test_what_is_in_the_cache_needs_no_network(served: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fetch(NAME)
    only_hub(monkeypatch, f"http://127.0.0.1:{_closed_port()}")
    assert fetch(NAME) == folder


def test_half_a_model_in_the_cache_is_not_taken_for_a_whole_one(
    served: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    (fetch(NAME) / "textual/model.onnx").unlink()
    only_hub(monkeypatch, f"http://127.0.0.1:{_closed_port()}")
    with pytest.raises(ClipcoderError, match=r"does not hold all of it|lacks textual/model\.onnx"):
        load_encoder(NAME)


def test_a_hub_in_trouble_is_quoted_with_its_status(served: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Answers, "do_GET", lambda self: self._answer(b"{}", status=418))
    assert "the hub answered with status 418" in refusal()


def test_a_revision_that_is_not_there_is_said_to_be(served: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"X-Error-Code": "RevisionNotFound"}
    monkeypatch.setattr(_Answers, "do_GET", lambda self: self._answer(b"{}", status=404, **answer))
    assert "it has no such revision" in refusal()


def test_a_revision_can_be_named_or_pinned(served: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch(NAME, revision="v2")
    assert f"/api/models/{REPOSITORY}/revision/v2" in served.asked
    served.asked.clear()
    monkeypatch.setitem(hub._REVISIONS, NAME, "v2")
    fetch(NAME)
    assert f"/api/models/{REPOSITORY}/revision/v2" in served.asked


def test_a_repository_that_is_not_there_is_named(served: Hub) -> None:
    assert f"{served.address}/immich-app/RN50__openai: there is no such repository" in refusal("RN50/openai")


def test_without_a_network_the_starter_and_folders_are_named() -> None:
    assert "the hub cannot be reached (" in refusal()


def test_a_hub_that_is_switched_off_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE is set, and the cache does not hold all of it" in refusal()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError("Consistency check\n failed"), "broke off (Consistency check failed); try again"),
        (EOFError(), "broke off (EOFError); try again"),
    ],
)
def test_a_download_that_breaks_off_says_why(
    monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    failing(monkeypatch, error)
    assert reason in refusal()


def test_ctrl_c_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        fetch(NAME)


def test_a_name_that_nobody_published_is_refused_without_asking(served: Hub) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'ViT-B-32/laion2b_s34b_b79k'"):
        fetch("ViT-B-32/laion2b-s34b-b79k")
    assert served.asked == []


def test_all_five_models_of_openai_are_among_the_names() -> None:
    known = {"RN50", "ViT-B-32", "ViT-B-16", "ViT-L-14", "ViT-L-14-336"}
    assert {f"{architecture}/openai" for architecture in known} <= set(MODEL_NAMES)


def test_the_error_is_one_that_the_command_line_prints() -> None:
    assert issubclass(ModelUnavailableError, ClipcoderError)
