"""What libraries fetch, they fetch quietly, and whatever goes wrong is one sentence."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from huggingface_hub.errors import OfflineModeIsEnabled

from clipcoder.encoders.pytorch.hub import fetching, quiet_libraries
from clipcoder.errors import InvalidInputError, ModelUnavailableError


def test_the_error_behind_those_of_the_libraries_is_what_is_told() -> None:
    def fetch() -> None:
        try:
            raise OfflineModeIsEnabled("offline")
        except OfflineModeIsEnabled as error:
            raise FileNotFoundError(f"Failed to download file. Last error: {error}")  # noqa: B904 - as they do

    told = r"'a/b' from the hub: HF_HUB_OFFLINE is set"
    with pytest.raises(ModelUnavailableError, match=told), fetching("a/b", "the hub"):
        fetch()


def test_errors_that_are_not_of_the_network_are_told_too() -> None:
    with pytest.raises(ModelUnavailableError, match="the disk is full"), fetching("a/b", "the hub"):
        raise OSError(28, "No space left on device")


def test_errors_of_ours_go_through() -> None:
    with pytest.raises(InvalidInputError, match="mine"), fetching("a/b", "the hub"):
        raise InvalidInputError("mine")


def test_libraries_are_quiet_inside_and_as_they_were_after(caplog: pytest.LogCaptureFixture) -> None:
    names = ("huggingface_hub", "onnxscript")
    before = [logging.getLogger(name).level for name in names]
    with quiet_libraries():
        for name in names:
            logging.getLogger(name).warning("listen")
        logging.getLogger().handle(_record("/site-packages/open_clip/factory.py"))
        logging.getLogger().handle(_record("/my/program.py"))
    assert [record.getMessage() for record in caplog.records] == ["from /my/program.py"]
    assert [logging.getLogger(name).level for name in names] == before


def test_threads_that_load_at_the_same_time_leave_everything_as_it_was() -> None:
    logger = logging.getLogger("huggingface_hub")
    before, inside, left = logger.level, Event(), Event()

    def second() -> None:
        with quiet_libraries():
            inside.set()
            left.wait(5)

    with ThreadPoolExecutor(1) as threads:
        with quiet_libraries():
            done = threads.submit(second)
            inside.wait(0.2)  # it comes in now, if nothing keeps it from that
        left.set()
        done.result()
    assert logger.level == before


def test_the_programs_logging_is_not_set_up(monkeypatch: Any) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    with quiet_libraries():
        logging.warning("on the root logger, which would install a handler")
    assert logging.root.handlers == []


def _record(path: str) -> logging.LogRecord:
    return logging.LogRecord("root", logging.WARNING, path, 1, f"from {path}", None, None)
