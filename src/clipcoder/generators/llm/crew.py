"""Many questions at once, answered in the background, so that whoever asks can take the answers in order."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from clipcoder.generators.llm.answers import Answer
from clipcoder.generators.llm.budget import BudgetSpentError
from clipcoder.generators.llm.chat import Chat, StoppedError
from clipcoder.generators.llm.completion import Completion

GRACE: Final = 5.0
"""Seconds that answers on their way have to arrive once nobody waits for the rest: they may be paid for."""


class Crew:
    """Asks a list of questions, a number of them at a time, in a thread that ends with the ``with`` block.

    The first question goes alone: what is wrong with the key, the model or the address shows there, once.
    After an error nothing more is sent, and what is on its way has a moment to arrive and be kept.

    Args:
        chat: asks a question.
        keep: called with each question and its answer, before anybody gets that.
        prompts: the questions, each once.
        size: how many are asked at a time.
    """

    def __init__(
        self, chat: Chat, keep: Callable[[str, Completion], Answer], prompts: Sequence[str], size: int
    ) -> None:
        self._chat, self._keep, self._size = chat, keep, size
        self._answers: dict[str, Future[Answer]] = {prompt: Future() for prompt in prompts}
        self._error: Exception | None = None
        self._started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = Future()
        self._thread = threading.Thread(target=self._run, name="clipcoder-llm", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        loop, task = self._started.result()
        try:
            _call(loop, self._chat.stop)
            self._thread.join(GRACE)
        finally:  # also when it is interrupted a second time
            _call(loop, task.cancel)
            self._thread.join()

    def answer(self, prompt: str) -> Answer:
        """Wait for the answer to one of the questions.

        Raises:
            BudgetSpentError: there was no budget left for it.
            LanguageModelError: the endpoint refuses or does not answer, to this or another question.
        """
        return self._answers[prompt].result()

    def _run(self) -> None:
        with suppress(asyncio.CancelledError):
            asyncio.run(self._ask_all())

    async def _ask_all(self) -> None:
        task = asyncio.current_task()
        assert task
        self._started.set_result((asyncio.get_running_loop(), task))
        try:
            async with self._chat:
                first, *others = self._answers
                await self._ask_each(iter([first]))
                rest = iter(others)
                await asyncio.gather(*(self._ask_each(rest) for _ in range(min(self._size, len(others)))))
        except Exception as error:  # of hanging up
            self._error = self._error or error
        finally:
            for future in self._answers.values():
                if not future.done():
                    future.set_exception(self._error or StoppedError())

    async def _ask_each(self, prompts: Iterator[str]) -> None:
        """Take questions from a list that others take from, too, until it is empty or something is wrong."""
        for prompt in prompts:
            future = self._answers[prompt]
            try:
                future.set_result(self._keep(prompt, await self._chat.ask(prompt)))
            except StoppedError:
                return
            except BudgetSpentError as error:
                future.set_exception(error)
            except Exception as error:
                self._error = self._error or error
                self._chat.stop()
                return


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
    with suppress(RuntimeError):  # the loop has ended by itself
        loop.call_soon_threadsafe(function)
