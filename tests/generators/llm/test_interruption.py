"""Ctrl-C, errors and kill -9: no paid answer is lost but those on their way, and nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from zlib import crc32

import pytest

from asker import CONCURRENCY, NAMES, write_bank
from clipcoder.bank import TextBank
from clipcoder.errors import LanguageModelError
from clipcoder.generators.base import Question
from clipcoder.generators.llm import crew
from clipcoder.generators.llm.answers import answer_files
from clipcoder.generators.llm.budget import BudgetSpentError
from clipcoder.generators.llm.crew import Crew
from clipcoder.generators.llm.wire import Wire
from loopback_model import LoopbackModel, NewGenerator, serving, slow, status, wait_until, well

QUESTIONS = [Question("attribute", name) for name in NAMES]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert "clipcoder-llm" not in {thread.name for thread in threading.enumerate()}


def run_to_its_end(program: str, cache: Path) -> subprocess.CompletedProcess[str]:
    """Run Python beside this process, with the answers that this one keeps."""
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=Path(__file__).parent,
        env={**os.environ, "CLIPCODER_CACHE": str(cache)},
    )


def interrupted(server: LoopbackModel, cache: Path, grace: float, asked: int) -> list[str]:
    """Press Ctrl-C a moment after so many requests have left, and return what was seen of it.

    In a process of its own, for this one may have engines in it that do not take signals well.
    """
    program = (
        "import os, signal, threading, time\n"
        "from asker import QUESTIONS, asking\n"
        "from clipcoder.generators.llm import crew\n"
        f"crew.GRACE = {grace}\n"
        f"generator = asking({server.base_url!r})\n"
        "replies = generator.replies(QUESTIONS)\n"
        "def press():\n"
        f"    while generator.usage.requests < {asked}:\n"
        "        time.sleep(0.01)\n"
        "    time.sleep(0.2)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=press, daemon=True).start()\n"
        "started = time.monotonic()\n"
        "try:\n"
        "    list(replies)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', time.monotonic() - started < 20, generator.usage.estimated)\n"
    )
    return run_to_its_end(program, cache).stdout.split()


def test_ctrl_c_sends_nothing_more_and_keeps_what_is_on_its_way(server: LoopbackModel, cache: Path) -> None:
    server.script = [well]
    server.act = slow(0.4)
    assert interrupted(server, cache, grace=5.0, asked=5) == ["interrupted", "True", "False"]
    assert len(server.requests) == len(answer_files()) == 1 + CONCURRENCY


def test_ctrl_c_does_not_wait_for_what_does_not_come(server: LoopbackModel, cache: Path) -> None:
    """What was on its way may have been paid for."""
    server.script = [well]
    server.act = slow(30.0)
    assert interrupted(server, cache, grace=0.05, asked=5) == ["interrupted", "True", "True"]


def test_ctrl_c_during_a_long_pause_is_heard(server: LoopbackModel, cache: Path) -> None:
    server.act = status(429, {"retry-after": "60"})
    assert interrupted(server, cache, grace=5.0, asked=1) == ["interrupted", "True", "False"]
    assert len(server.requests) == 1


def test_who_wants_no_more_replies_is_asked_for_no_more_money(
    server: LoopbackModel, new_generator: NewGenerator
) -> None:
    server.act = slow(0.02)
    with closing(new_generator(concurrency=2).replies(QUESTIONS)) as replies:  # type: ignore[type-var]
        next(replies)
    assert len(server.requests) <= 3
    assert len(answer_files()) == len(server.requests)
    gc.collect()
    assert not [thing for thing in gc.get_objects() if type(thing) is Crew], "nothing of it stays in memory"


def test_an_error_stops_the_rest_and_keeps_what_is_on_its_way(
    server: LoopbackModel, new_generator: NewGenerator
) -> None:
    server.script = [well, status(401), slow(0.2), slow(0.2)]
    with pytest.raises(LanguageModelError, match="wants a key"):
        list(new_generator(concurrency=3).replies(QUESTIONS))
    assert len(server.requests) == 4
    assert len(answer_files()) == 3


def test_a_spent_budget_leaves_what_is_on_its_way_all_its_time(
    server: LoopbackModel, new_generator: NewGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "GRACE", 0.01)
    server.script = [well, status(500), slow(0.5)]
    replies = new_generator(concurrency=2, max_requests=3).replies(QUESTIONS[:3])
    assert next(replies).snippets
    with pytest.raises(BudgetSpentError, match="of 3 questions 2 have answers"):
        list(replies)
    assert len(answer_files()) == 2


def test_who_holds_replies_when_python_ends_does_not_wait_for_ever(
    server: LoopbackModel, cache: Path
) -> None:
    """What is on its way then is kept."""
    server.act = slow(0.3)
    program = (
        "import time\n"
        "from asker import held_replies\n"
        f"replies = held_replies({server.base_url!r})\n"
        "print(next(replies).snippets)\n"
        "time.sleep(0.1)"
    )
    ended = run_to_its_end(program, cache)
    assert (ended.stdout.count("("), ended.stderr) == (1, "")
    assert len(answer_files()) == len(server.requests) < len(QUESTIONS)


def test_a_forked_process_does_not_wait_for_the_answers_of_another(
    server: LoopbackModel, cache: Path
) -> None:
    """In a process of its own, for this one may have engines in it that do not take a fork."""
    program = (
        "import multiprocessing\n"
        "from asker import held_replies\n"
        "from clipcoder.errors import LanguageModelError\n"
        "def read_on(replies):\n"
        "    try:\n"
        "        list(replies)\n"
        "    except LanguageModelError as error:\n"
        "        print(error, flush=True)\n"
        f"replies = held_replies({server.base_url!r})\n"
        "next(replies)\n"
        "child = multiprocessing.get_context('fork').Process(target=read_on, args=(replies,))\n"
        "child.start()\n"
        "child.join(20)\n"
        "print(child.exitcode, len(list(replies)) > 0)\n"
    )
    ended = run_to_its_end(program, cache)
    said, outcome = ended.stdout.splitlines()
    assert "not to one forked from it" in said
    assert outcome == "0 True"


def test_ctrl_c_while_the_thread_starts_leaves_none(
    server: LoopbackModel, new_generator: NewGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        if thread.name == "clipcoder-llm":
            raise KeyboardInterrupt

    server.act = slow(0.05)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt) as caught:
            next(new_generator().replies(QUESTIONS))
    assert caught.tb, "whoever looks at the traceback holds what was interrupted"
    assert len(answer_files()) == len(server.requests) <= 1


def test_a_thread_that_cannot_start_is_no_deadlock(
    server: LoopbackModel, new_generator: NewGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(asyncio, "new_event_loop", fail)
    with pytest.raises(OSError, match="Too many open files"):
        next(new_generator().replies(QUESTIONS))
    assert server.requests == []


def test_whatever_ends_the_thread_ends_the_wait(
    server: LoopbackModel, new_generator: NewGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: Crew) -> None:
        raise MemoryError

    monkeypatch.setattr(Crew, "_ask_all", fail)
    with pytest.raises(MemoryError):
        next(new_generator().replies(QUESTIONS))


def test_it_can_be_asked_where_an_event_loop_runs(server: LoopbackModel, new_generator: NewGenerator) -> None:
    """As in a notebook."""

    async def cell() -> int:
        return len(list(new_generator().replies(QUESTIONS[:3])))

    assert asyncio.run(cell()) == 3


def test_an_error_in_hanging_up_takes_no_reply(
    server: LoopbackModel, new_generator: NewGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def close(self: Wire) -> None:
        raise OSError("already gone")

    monkeypatch.setattr(Wire, "close", close)
    assert len(list(new_generator().replies(QUESTIONS))) == len(QUESTIONS)


def test_an_error_of_a_later_question_does_not_take_earlier_replies(
    server: LoopbackModel, new_generator: NewGenerator
) -> None:
    server.script = [well, slow(0.2), status(401)]
    replies = new_generator(concurrency=2).replies(QUESTIONS)
    assert next(replies).snippets
    assert next(replies).snippets
    with pytest.raises(LanguageModelError, match="wants a key"):
        next(replies)


def test_kill_9_at_ten_moments_loses_no_answer_but_those_on_their_way(cache: Path, tmp_path: Path) -> None:
    chance, processes = random.Random(4), multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["asker", "openai"])
    target = tmp_path / "bank.json"
    with serving() as server:
        server.act = lambda request: slow(0.01 + 0.02 * (crc32(request.prompt.encode()) % 3))(request)
        for _ in range(10):
            before, kept_before = len(server.answered), {prompt_in(path) for path in answer_files()}
            first = len(server.requests)
            process = processes.Process(target=write_bank, args=(server.base_url, target))
            process.start()
            wait_until(partial(answered, server, before + chance.randint(1, 12)))
            time.sleep(chance.random() * 0.03)
            process.kill()
            process.join()
            assert process.exitcode == -signal.SIGKILL, "it was killed at work"
            assert not kept_before.intersection(server.prompts[first:]), "what is kept is not asked for again"
            wait_until(lambda: server.now == 0)
            lost = set(server.answered[before:]) - {prompt_in(path) for path in answer_files()}
            assert len(lost) <= CONCURRENCY
            assert not target.exists()
        write_bank(server.base_url, target)
        assert len(server.requests) <= 3 * len(NAMES) + 10 * CONCURRENCY
        bank = TextBank.load(target)
        server.requests.clear()
        server.act = well
        write_bank(server.base_url, tmp_path / "again.json")
        assert server.requests == []
    assert (tmp_path / "again.json").read_bytes() == target.read_bytes()
    assert len({(text.class_name, text.kind) for text in bank.texts}) == 4 * len(NAMES)


def answered(server: LoopbackModel, count: int) -> bool:
    return len(server.answered) >= count


def prompt_in(path: Path) -> str:
    return str(json.loads(path.read_bytes())["prompt"])
