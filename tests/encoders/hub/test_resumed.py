"""A large file in pieces: each piece comes once, whatever breaks off in between."""

from __future__ import annotations

import errno
import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from huggingface_hub import file_download

from clipcoder.encoders.hub.resumed import ResumedFile

CONTENT = random.Random(0).randbytes(1000)

Piece = tuple[bytes, Exception | None]


@pytest.fixture
def file(tmp_path: Path) -> ResumedFile:
    return ResumedFile(tmp_path / "models--a--b", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[Piece]], list[int]]:
    """Let the client's download bring one piece a call, and say from which byte on each was wanted."""

    def script(pieces: list[Piece]) -> list[int]:
        wanted: list[int] = []
        coming = iter(pieces)

        def http_get(url: str, target: BinaryIO, *, resume_size: int, **options: Any) -> None:
            wanted.append(resume_size)
            piece, error = next(coming)
            target.write(piece)
            if error:
                raise error

        monkeypatch.setattr(file_download, "http_get", http_get)
        return wanted

    return script


Serve = Callable[[list[Piece]], list[int]]


def test_a_file_in_one_piece_is_put_in_place(file: ResumedFile, serve: Serve) -> None:
    serve([(CONTENT, None)])
    assert file.to_come() == 1000
    file.complete("url", "name")
    assert file.whole.read_bytes() == CONTENT
    assert not file.part.exists()
    assert file.to_come() == 0


def test_what_is_there_is_not_fetched_again(file: ResumedFile, serve: Serve) -> None:
    wanted = serve([(CONTENT, None)])
    file.complete("url", "name")
    file.complete("url", "name")
    assert wanted == [0]


def test_a_broken_connection_is_taken_up_where_it_stopped(file: ResumedFile, serve: Serve) -> None:
    wanted = serve([(CONTENT[:300], EOFError()), (CONTENT[300:900], EOFError()), (CONTENT[900:], None)])
    file.complete("url", "name")
    assert wanted == [0, 300, 900]
    assert file.whole.read_bytes() == CONTENT


def test_a_connection_that_brings_nothing_is_given_up(file: ResumedFile, serve: Serve) -> None:
    wanted = serve([(CONTENT[:300], EOFError()), (b"", EOFError("nothing")), (CONTENT[300:], None)])
    with pytest.raises(EOFError, match="nothing"):
        file.complete("url", "name")
    assert (file.begun(), file.to_come()) == (300, 700)
    file.complete("url", "name")
    assert wanted == [0, 300, 300]
    assert file.whole.read_bytes() == CONTENT


def test_a_connection_that_breaks_again_and_again_is_given_up(file: ResumedFile, serve: Serve) -> None:
    wanted = serve([(CONTENT[i : i + 1], EOFError()) for i in range(100)])
    with pytest.raises(EOFError):
        file.complete("url", "name")
    assert wanted == list(range(8))


def test_a_full_disk_is_not_tried_again(file: ResumedFile, serve: Serve) -> None:
    wanted = serve([(CONTENT[:300], OSError(errno.ENOSPC, "No space left on device"))])
    with pytest.raises(OSError, match="No space left"):
        file.complete("url", "name")
    assert wanted == [0]
    assert file.begun() == 300


def test_the_whole_once_more_in_place_of_the_rest_is_begun_anew(file: ResumedFile, serve: Serve) -> None:
    wanted = serve([(CONTENT[:300], EOFError()), (CONTENT, OSError("too large")), (CONTENT, None)])
    file.complete("url", "name")
    assert wanted == [0, 300, 0]
    assert file.whole.read_bytes() == CONTENT
