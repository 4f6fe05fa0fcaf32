"""Published models: a hub on this very machine serves them, and whatever keeps them away is one sentence."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import pty
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub import constants, file_download

from clipcoder.encoders import load_encoder
from clipcoder.encoders.hub import client as hub_client
from clipcoder.encoders.hub import published as hub
from clipcoder.encoders.hub.catalog import ModelFacts
from clipcoder.encoders.hub.published import MODEL_NAMES, fetch, held, pinned_names, update
from clipcoder.errors import ClipcoderError, InvalidInputError, ModelUnavailableError, UnknownNameError
from clipcoder.paths import CACHE_VARIABLE
from loopback_hub import LoopbackHub, serving
from tiny_clip import TinyClip

NAME, REPOSITORY = "ViT-B-32/laion2b_s34b_b79k", "immich-app/ViT-B-32__laion2b-s34b-b79k"
ADVICE = "; without a network, use 'starter' or a local folder as 'onnx:FOLDER'"
GRAPH, TEXT_GRAPH = "visual/model.onnx", "textual/model.onnx"
CHUNK = 1 << 14
WHAT_IS_WANTED = {
    "config.json": b"{}",
    "visual/preprocess_cfg.json": b'{"size": [8, 8]}',
    GRAPH: random.Random(0).randbytes(4 * CHUNK),
    "visual/onnx__MatMul_12_weight": random.Random(1).randbytes(100),
    "textual/tokenizer.json": random.Random(2).randbytes(200),
    "textual/tokenizer_config.json": b'{"pad_token": "<pad>"}',
    TEXT_GRAPH: random.Random(3).randbytes(300),
}
FILES = {
    **WHAT_IS_WANTED,
    "README.md": b"a model",
    "visual/model.rknn": b"of no use here",
    "visual/fp16/model.armnn": b"of no use here",
    "visual/fp16/model.onnx": b"of no use here",
    "model.onnx": b"of no use here",
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty caches, no way to any hub but the test's own, and a client that neither waits nor hoards."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "clipcoder"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", CHUNK)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    only_hub(monkeypatch, f"http://127.0.0.1:{_closed_port()}")
    return tmp_path / "cache"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackHub]:
    with serving(REPOSITORY) as loopback:
        loopback.publish(FILES)
        only_hub(monkeypatch, loopback.address)
        yield loopback


def only_hub(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Do what HF_ENDPOINT does to a fresh process."""
    monkeypatch.setattr(constants, "ENDPOINT", address)
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    for module in (constants, file_download):  # where older clients have it, and newer ones
        monkeypatch.setattr(module, "HUGGINGFACE_CO_URL_TEMPLATE", template, raising=False)


def leave_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    only_hub(monkeypatch, f"http://127.0.0.1:{_closed_port()}")


def leave_room(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(hub_client, "bytes_free", lambda snapshot: free)


def refusal(name: str = NAME, fetching: Callable[[str], object] = fetch) -> str:
    """The one sentence of a model that cannot be had."""
    with pytest.raises(ModelUnavailableError) as caught:
        fetching(name)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"cannot fetch the model '{name}' from {constants.ENDPOINT}/")
    assert message.endswith(ADVICE)
    return message


def complete(folder: Path, files: dict[str, bytes] | None = None) -> bool:
    """Whether a folder holds exactly what was published and is wanted."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items()} == (files or WHAT_IS_WANTED)


def changed(**files: bytes) -> dict[str, bytes]:
    return {
        **FILES,
        **{name.replace("__", "/").replace("_onnx", ".onnx"): data for name, data in files.items()},
    }


def leftovers(cache: Path) -> list[Path]:
    return list(cache.rglob("*.incomplete"))


def pins(tmp_path: Path) -> Path:
    return tmp_path / "clipcoder" / "pins.json"


def in_another_process(
    tmp_path: Path, served: LoopbackHub, stderr: int | None = None
) -> subprocess.Popen[str]:
    """Fetch the model in a process of its own, and print its folder."""
    code = (
        "from huggingface_hub import constants; "
        f"constants.DOWNLOAD_CHUNK_SIZE = {CHUNK}; "
        f"from clipcoder.encoders.hub.published import fetch; print(fetch({NAME!r}))"
    )
    places = {"HF_HUB_CACHE": str(tmp_path / "cache"), CACHE_VARIABLE: str(tmp_path / "clipcoder")}
    environment = {**os.environ, **places, "HF_ENDPOINT": served.address}
    command = [sys.executable, "-c", code]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True)


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class TestFetching:
    def test_a_published_model_encodes_like_the_folder_it_is(
        self, served: LoopbackHub, tmp_path: Path
    ) -> None:
        folder = TinyClip(batch=1).write(tmp_path / "published")
        files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        served.publish(files)
        encoder, local = load_encoder(NAME), load_encoder(f"onnx:{folder}")
        assert encoder.name == NAME
        np.testing.assert_array_equal(encoder.encode_texts(["a cat"]), local.encode_texts(["a cat"]))

    def test_everything_that_is_needed_comes_and_nothing_else(self, served: LoopbackHub) -> None:
        assert complete(fetch(NAME))

    def test_what_is_there_is_found_without_asking_anybody(self, served: LoopbackHub) -> None:
        folder = fetch(NAME)
        served.requests.clear()
        assert fetch(NAME) == folder
        assert served.requests == []

    def test_any_other_repository_can_be_named(self, served: LoopbackHub) -> None:
        assert complete(fetch(f"hub:{REPOSITORY}"))

    def test_a_repository_of_another_layout_is_refused_before_anything_is_fetched(
        self, served: LoopbackHub
    ) -> None:
        served.publish({"config.json": b"{}", "model.safetensors": b"weights"})
        assert f"it has no visual/preprocess_cfg.json and no {GRAPH} and no" in refusal()
        assert served.asked("GET", "config.json") == []

    @pytest.mark.parametrize("name", ["hub:", "hub:owner", "hub:../../etc", "hub:a/b/c", "hub:a/b?c"])
    def test_what_names_no_repository_is_refused(self, name: str) -> None:
        with pytest.raises(InvalidInputError, match=re.escape(f"got {name!r}")):
            fetch(name)

    def test_a_name_that_nobody_published_is_refused_without_asking(self, served: LoopbackHub) -> None:
        with pytest.raises(UnknownNameError, match="did you mean 'ViT-B-32/laion2b_s34b_b79k'"):
            fetch("ViT-B-32/laion2b-s34b-b79k")
        assert served.requests == []

    def test_the_starter_is_not_on_the_hub(self) -> None:
        with pytest.raises(UnknownNameError, match="unknown published model 'starter'"):
            fetch("starter")

    def test_nothing_is_printed_where_nobody_watches(self, served: LoopbackHub, tmp_path: Path) -> None:
        served.faults.cuts = [CHUNK]  # of which the client would warn
        process = in_another_process(tmp_path, served, stderr=subprocess.PIPE)
        folder, said = process.communicate(timeout=60)
        assert complete(Path(folder.strip()))
        assert said == ""

    def test_those_who_watch_see_how_far_each_file_is(self, served: LoopbackHub, tmp_path: Path) -> None:
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, 100))
        process = in_another_process(tmp_path, served, stderr=theirs)
        process.communicate(timeout=60)
        os.close(theirs)
        shown = os.read(ours, 1 << 16).decode()
        os.close(ours)
        assert f"{GRAPH}: 100%" in shown
        assert "65.5k/65.5k" in shown

    def test_all_five_models_of_openai_are_among_the_names(self) -> None:
        known = {"RN50", "ViT-B-32", "ViT-B-16", "ViT-L-14", "ViT-L-14-336"}
        assert {f"{architecture}/openai" for architecture in known} <= set(MODEL_NAMES)


class TestRevisions:
    def test_the_first_fetch_pins_the_model(self, served: LoopbackHub) -> None:
        folder = fetch(NAME)
        served.publish(changed(visual__model_onnx=b"newer"))
        assert fetch(NAME) == folder

    def test_a_pin_outlives_the_models_cache(self, served: LoopbackHub, cache: Path) -> None:
        folder = fetch(NAME)
        served.publish(changed(visual__model_onnx=b"newer"))
        shutil.rmtree(cache)
        assert fetch(NAME) == folder
        assert complete(folder)

    def test_a_revision_can_be_named_in_two_ways(self, served: LoopbackHub) -> None:
        old = served.publish(FILES, "v1")
        served.publish(changed(visual__model_onnx=b"newer"))
        assert fetch(NAME, revision="v1").name == fetch(f"{NAME}@v1").name == old
        assert fetch(f"hub:{REPOSITORY}@{old}").name == old

    def test_a_revision_for_one_call_leaves_the_pin_alone(self, served: LoopbackHub) -> None:
        pinned = fetch(NAME)
        newer = served.publish(changed(visual__model_onnx=b"newer"), "v2")
        assert fetch(NAME, revision="v2").name == newer
        assert fetch(NAME) == pinned

    def test_a_revision_is_no_first_use(self, served: LoopbackHub) -> None:
        served.publish(FILES, "v1")
        fetch(NAME, revision="v1")
        newer = served.publish(changed(visual__model_onnx=b"newer"))
        assert fetch(NAME).name == newer

    def test_the_catalogue_pins_harder(self, served: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
        fetch(NAME)
        commit = served.publish(changed(visual__model_onnx=b"newer"))
        facts = ModelFacts(NAME, REPOSITORY, "OpenCLIP", "English", "MIT", 512, 224, 77, 1, revision=commit)
        monkeypatch.setattr(hub, "model_facts", lambda name: facts)
        assert fetch(NAME).name == commit
        assert update(NAME)[1] == commit

    def test_an_update_moves_the_pin(self, served: LoopbackHub) -> None:
        before = fetch(NAME).name
        newer = served.publish(changed(visual__model_onnx=b"newer"))
        assert update(NAME) == (before, newer)
        assert fetch(NAME).name == newer
        assert update(NAME) == (newer, newer)

    def test_an_update_can_move_the_pin_back(self, served: LoopbackHub) -> None:
        before = fetch(NAME).name
        newer = served.publish(changed(visual__model_onnx=b"newer"))
        update(NAME)
        assert update(f"{NAME}@{before}") == (newer, before)

    def test_an_update_that_fails_leaves_the_pin_alone(self, served: LoopbackHub) -> None:
        folder = fetch(NAME)
        served.publish(changed(visual__model_onnx=b"newer"))
        served.faults.wrong_bytes = {GRAPH}
        refusal(fetching=update)
        assert fetch(NAME) == folder

    def test_an_update_without_a_network_is_refused(
        self, served: LoopbackHub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in WHAT_IS_WANTED:
            huggingface_hub.hf_hub_download(REPOSITORY, name)
        served.publish(changed(visual__model_onnx=b"newer"))
        pinned = fetch(NAME).name
        leave_the_network(monkeypatch)
        assert "the hub cannot be reached (" in refusal(fetching=update)
        assert fetch(NAME).name == pinned

    def test_a_first_update_is_a_first_fetch(self, served: LoopbackHub) -> None:
        assert update(NAME) == (None, served.revisions["main"])

    def test_a_pinned_commit_that_is_gone_is_said_to_be(self, served: LoopbackHub, cache: Path) -> None:
        fetch(NAME)
        served.commits.clear()
        shutil.rmtree(cache)
        assert "no such revision (any more); clipcoder models --update NAME" in refusal()
        newest = served.publish(changed(visual__model_onnx=b"newer"))
        assert update(NAME)[1] == newest

    def test_a_pinned_commit_that_is_gone_is_still_found_here(self, served: LoopbackHub) -> None:
        folder = fetch(NAME)
        served.commits.clear()
        assert fetch(NAME) == folder


class TestWithoutANetwork:
    def test_what_is_in_the_cache_is_found(
        self, served: LoopbackHub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = fetch(NAME)
        leave_the_network(monkeypatch)
        assert fetch(NAME) == folder

    def test_a_hub_that_is_switched_off_is_not_missed(
        self, served: LoopbackHub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = fetch(NAME)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
        assert fetch(NAME) == folder

    @pytest.mark.parametrize("revision", ["v1", "main"])
    def test_a_tag_or_branch_is_what_it_was(
        self, served: LoopbackHub, monkeypatch: pytest.MonkeyPatch, revision: str
    ) -> None:
        served.publish(FILES, "v1")
        folder = fetch(NAME, revision=revision)
        leave_the_network(monkeypatch)
        assert fetch(NAME, revision=revision) == folder

    def test_what_another_program_fetched_is_found_and_pinned(
        self, served: LoopbackHub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in WHAT_IS_WANTED:
            huggingface_hub.hf_hub_download(REPOSITORY, name)
        here = held(NAME)
        assert here and not here.pinned
        leave_the_network(monkeypatch)
        assert complete(fetch(NAME))
        here = held(NAME)
        assert here and here.pinned

    @pytest.mark.parametrize("lost", [GRAPH, "visual/onnx__MatMul_12_weight"])
    def test_half_a_model_is_not_taken_for_a_whole_one(
        self, served: LoopbackHub, monkeypatch: pytest.MonkeyPatch, lost: str
    ) -> None:
        hub_client.remove(fetch(NAME) / lost)
        assert held(NAME) is None
        leave_the_network(monkeypatch)
        assert "the hub cannot be reached (" in refusal()

    def test_a_machine_without_the_model_says_what_else_works(self) -> None:
        assert "the hub cannot be reached (" in refusal()

    def test_a_hub_that_is_switched_off_is_said_to_be(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
        assert "HF_HUB_OFFLINE is set, and the cache does not hold all of it" in refusal()


class TestBrokenDownloads:
    def test_a_connection_that_is_cut_is_taken_up_where_it_stopped(
        self, served: LoopbackHub, cache: Path
    ) -> None:
        served.faults.cuts = [CHUNK, 2 * CHUNK]
        assert complete(fetch(NAME))
        assert [r.first_byte for r in served.asked("GET", GRAPH)] == [0, CHUNK, 3 * CHUNK]
        assert leftovers(cache) == []

    def test_the_next_run_goes_on_where_the_last_one_gave_up(self, served: LoopbackHub) -> None:
        served.faults.cuts = [3 * CHUNK, *[0] * 20]
        assert "the download broke off (" in refusal()
        served.faults.cuts.clear()
        served.requests.clear()
        assert complete(fetch(NAME))
        assert [r.first_byte for r in served.asked("GET", GRAPH)] == [3 * CHUNK]

    def test_the_next_run_goes_on_where_a_killed_one_was(self, served: LoopbackHub, tmp_path: Path) -> None:
        stalled, go_on = threading.Event(), threading.Event()

        def stall(file: str) -> None:
            if file == TEXT_GRAPH:
                stalled.set()
                go_on.wait(30)

        served.faults.while_serving = stall
        process = in_another_process(tmp_path, served)
        assert stalled.wait(30)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        go_on.set()
        served.requests.clear()
        assert complete(fetch(NAME))
        assert {
            r.path.rpartition("/resolve/")[2][41:] for r in served.asked("GET") if "/resolve/" in r.path
        } <= {
            TEXT_GRAPH,
            "textual/tokenizer.json",
            "textual/tokenizer_config.json",
        }

    def test_half_a_file_on_disk_is_completed(self, served: LoopbackHub, cache: Path) -> None:
        half = _part(cache, GRAPH)
        half.write_bytes(FILES[GRAPH][: 2 * CHUNK])
        assert complete(fetch(NAME))
        assert [r.first_byte for r in served.asked("GET", GRAPH)] == [2 * CHUNK]

    def test_a_hub_that_sends_it_all_again_does_no_harm(self, served: LoopbackHub, cache: Path) -> None:
        served.faults.deaf_to_ranges = True
        _part(cache, GRAPH).write_bytes(FILES[GRAPH][:CHUNK])
        assert complete(fetch(NAME))

    def test_more_than_a_file_on_disk_is_thrown_away(self, served: LoopbackHub, cache: Path) -> None:
        _part(cache, GRAPH).write_bytes(FILES[GRAPH] + b"more")
        assert complete(fetch(NAME))

    @pytest.mark.parametrize("wrong", [GRAPH, "config.json", "visual/onnx__MatMul_12_weight"])
    def test_bytes_with_another_checksum_are_removed(
        self, served: LoopbackHub, cache: Path, wrong: str
    ) -> None:
        served.publish({**FILES, "config.json": b'{"embed_dim": 5}'})
        served.faults.wrong_bytes = {wrong}
        expected = f": the bytes of {wrong} have another checksum than announced, and were removed; try again"
        assert expected in refusal()
        assert held(NAME) is None
        served.faults.wrong_bytes = set()
        assert complete(fetch(NAME), {**WHAT_IS_WANTED, "config.json": b'{"embed_dim": 5}'})
        assert leftovers(cache) == []

    def test_half_a_file_of_other_bytes_is_found_out_and_replaced(
        self, served: LoopbackHub, cache: Path
    ) -> None:
        _part(cache, GRAPH).write_bytes(bytes(CHUNK))
        assert "another checksum" in refusal()
        assert complete(fetch(NAME))

    def test_a_run_that_stops_between_two_files_loses_none(self, served: LoopbackHub) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(hub_client, "download", _interrupted_at(TEXT_GRAPH))
            with pytest.raises(KeyboardInterrupt):
                fetch(NAME)
        assert held(NAME) is None
        served.requests.clear()
        assert complete(fetch(NAME))
        assert served.asked("GET", GRAPH) == []

    def test_two_processes_at_once_fetch_everything_once(self, served: LoopbackHub, tmp_path: Path) -> None:
        processes = [in_another_process(tmp_path, served) for _ in range(2)]
        folders = [Path(process.communicate(timeout=60)[0].strip()) for process in processes]
        assert folders[0] == folders[1] == fetch(NAME)
        assert complete(folders[0])
        assert len(served.asked("GET", GRAPH)) == len(served.asked("GET", TEXT_GRAPH)) == 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "code", "reason"),
        [
            (404, "RepoNotFound", "there is no such repository, or it is private"),
            (401, "RepoNotFound", "there is no such repository, or it is private"),
            (403, "GatedRepo", "its owner asks for consent: give it on that page"),
            (404, "RevisionNotFound", "it has no such revision"),
            (418, "", "the hub answered with status 418"),
            (500, "", "the hub answered with status 500"),
            (503, "", "the hub answered with status 503"),
        ],
    )
    def test_a_hub_that_refuses_is_quoted(
        self, served: LoopbackHub, status: int, code: str, reason: str
    ) -> None:
        served.faults.status, served.faults.error_code = status, code
        assert reason in refusal()
        served.faults.status = 200
        assert complete(fetch(NAME))

    def test_a_hub_in_trouble_is_not_missed_where_everything_is_here(self, served: LoopbackHub) -> None:
        served.publish(FILES, "v1")
        folder = fetch(NAME, revision="v1")
        served.faults.status = 500
        assert fetch(NAME, revision="v1") == folder

    def test_a_repository_that_is_not_there_is_named(self, served: LoopbackHub) -> None:
        assert f"{served.address}/immich-app/RN50__openai: there is no" in refusal("RN50/openai")

    def test_too_small_a_disk_is_said_to_be_one_before_anything_is_fetched(
        self, served: LoopbackHub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        leave_room(monkeypatch, CHUNK)
        assert f": 0.00 GB are to come, and '{constants.HF_HUB_CACHE}' has room for 0.00;" in refusal()
        assert served.asked("HEAD") == []

    def test_what_came_before_needs_no_more_room(
        self, served: LoopbackHub, monkeypatch: pytest.MonkeyPatch, cache: Path
    ) -> None:
        _part(cache, GRAPH).write_bytes(FILES[GRAPH][: 3 * CHUNK])
        leave_room(monkeypatch, 2 * CHUNK)
        assert complete(fetch(NAME))

    def test_a_disk_that_fills_up_keeps_what_came(
        self, served: LoopbackHub, monkeypatch: pytest.MonkeyPatch, cache: Path
    ) -> None:
        original = file_download.http_get

        def fill(url: str, file: BinaryIO, **options: Any) -> None:
            if options.get("displayed_filename") != GRAPH:
                return original(url, file, **options)
            file.write(FILES[GRAPH][:CHUNK])
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(file_download, "http_get", fill)
            assert ": the disk is full;" in refusal()
        assert complete(fetch(NAME))
        assert [r.first_byte for r in served.asked("GET", GRAPH)] == [CHUNK]

    def test_a_cache_that_cannot_be_written_is_named(self, served: LoopbackHub, cache: Path) -> None:
        cache.write_text("a file where the folder should be")
        assert f"'{cache}" in refusal()
        assert "cannot be written: " in refusal()

    def test_a_cache_that_cannot_be_written_serves_what_it_has(
        self, served: LoopbackHub, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        folder = fetch(NAME)
        shutil.rmtree(tmp_path / "clipcoder")
        (tmp_path / "clipcoder").write_text("a file where the folder should be")
        assert fetch(NAME) == folder
        assert f"cannot write '{pins(tmp_path)}'" in caplog.text

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (OSError("Consistency check\n failed"), "broke off (Consistency check failed); try again"),
            (EOFError(), "broke off (EOFError); try again"),
        ],
    )
    def test_a_download_that_breaks_off_says_why(
        self, served: LoopbackHub, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
    ) -> None:
        monkeypatch.setattr(hub_client, "download", _raising(error))
        assert reason in refusal()

    def test_the_error_is_one_that_the_command_line_prints(self) -> None:
        assert issubclass(ModelUnavailableError, ClipcoderError)


class TestFilesThatChanged:
    @pytest.mark.parametrize(
        "content", [FILES[GRAPH][:-1], bytes(reversed(FILES[GRAPH]))], ids=["truncated", "swapped"]
    )
    def test_a_file_that_is_not_what_it_was_is_found_out(self, served: LoopbackHub, content: bytes) -> None:
        folder = fetch(NAME)
        (folder / GRAPH).resolve().write_bytes(content)
        with pytest.raises(InvalidInputError, match=r"is not what it was when .* was fetched") as caught:
            fetch(NAME)
        victim = re.search(r"delete '(.+)', and it is fetched again", str(caught.value))
        assert victim
        Path(victim[1]).unlink()
        assert complete(fetch(NAME))

    def test_a_file_that_was_only_touched_is_read_again_once(
        self, served: LoopbackHub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = fetch(NAME)
        os.utime(folder / GRAPH, ns=(1, 1))
        read: list[Path] = []
        original = hub.SeenFile.read
        monkeypatch.setattr(hub.SeenFile, "read", lambda path: read.append(path) or original(path))
        fetch(NAME)
        fetch(NAME)
        assert read == [folder / GRAPH]

    def test_what_another_program_left_is_compared_with_what_the_hub_says(self, served: LoopbackHub) -> None:
        for name in WHAT_IS_WANTED:
            path = Path(huggingface_hub.hf_hub_download(REPOSITORY, name))
        path.resolve().write_bytes(b"damaged")
        with pytest.raises(InvalidInputError, match=re.escape(str(path))):
            fetch(NAME)

    @pytest.mark.parametrize("content", ["{", "[]", '{"a/b": {"commit": 3}}', '{"a/b": {"seen": {"c": 1}}}'])
    def test_damaged_pins_do_not_pass_for_none(
        self, served: LoopbackHub, tmp_path: Path, content: str
    ) -> None:
        fetch(NAME)
        pins(tmp_path).write_text(content)
        with pytest.raises(InvalidInputError, match=r"pins\.json' must hold the pins .* delete it"):
            fetch(NAME)

    def test_pins_can_be_read_by_people(self, served: LoopbackHub, tmp_path: Path) -> None:
        commit = fetch(NAME).name
        entry = json.loads(pins(tmp_path).read_text())[REPOSITORY]
        assert entry["commit"] == commit
        assert entry["seen"][commit].keys() == WHAT_IS_WANTED.keys()


class TestWhatIsHere:
    def test_nothing_is_here_at_first(self) -> None:
        assert held(NAME) is None
        assert pinned_names() == ()

    def test_what_was_fetched_is_here_with_its_size(self, served: LoopbackHub) -> None:
        folder = fetch(NAME)
        here = held(NAME)
        assert here == hub.Held(folder.name, folder, sum(map(len, WHAT_IS_WANTED.values())), True)

    def test_repositories_beyond_the_catalogue_are_listed(
        self, served: LoopbackHub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with serving("someone/theirs") as theirs:
            theirs.publish(FILES)
            only_hub(monkeypatch, theirs.address)
            fetch("hub:someone/theirs")
        only_hub(monkeypatch, served.address)
        fetch(NAME)
        assert pinned_names() == ("hub:someone/theirs",)

    def test_an_unknown_name_is_refused(self) -> None:
        with pytest.raises(UnknownNameError, match="did you mean"):
            held("ViT-B-32")


def _part(cache: Path, name: str) -> Path:
    """Where the first bytes of a file wait for the rest."""
    folder = cache / f"models--{REPOSITORY.replace('/', '--')}" / "blobs"
    folder.mkdir(parents=True)
    return folder / f"{hashlib.sha256(FILES[name]).hexdigest()}.incomplete"


def _raising(error: BaseException) -> Callable[..., None]:
    def download(*arguments: object) -> None:
        raise error

    return download


def _interrupted_at(victim: str) -> Callable[..., None]:
    original = hub_client.download

    def download(snapshot: hub_client.Snapshot, name: str, file: hub_client.HubFile) -> None:
        if name == victim:
            raise KeyboardInterrupt
        original(snapshot, name, file)

    return download
