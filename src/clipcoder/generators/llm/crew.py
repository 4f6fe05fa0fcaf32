"""Many questions at once, answered in the background, so that whoever asks can take the answers in order."""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from clipcoder.errors import LanguageModelError
from clipcoder.generators.llm.answers import Answer
from clipcoder.generators.llm.budget import BudgetSpentError
from clipcoder.generators.llm.chat import Chat, StoppedError
from clipcoder.generators.llm.completion import Completion

GRACE: Final = 5.0
"""Seconds that answers on their way have to arrive once nobody waits for them: they may be paid for."""


class Crew:
    """Asks a list of questions, a number of them at a time, in a thread that ends with the ``with`` block.

    Nothing is sent before the first answer is waited for. The first question goes alone: what is wrong with
    the key, the model or the address shows there, once. After an error nothing more is sent, and what is on
    its way arrives and is kept; so it is for a moment where nobody wants more answers, or is interrupted.

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
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(None if isinstance(error, Exception) else GRACE)

    def answer(self, prompt: str) -> Answer:
        """Wait for the answer to one of the questions.

        Raises:
            BudgetSpentError: there was no budget left for it.
            LanguageModelError: the endpoint refuses or does not answer, to this or another question; or the
                thread is that of another process.
        """
        if self._thread is None:  # not on entering, so that Ctrl-C at whatever moment ends in ``__exit__``
            self._begin()
        future = self._answers[prompt]
        if not (self._thread and self._thread.is_alive()) and not future.done():
            raise LanguageModelError("answers come to the process that has asked, not to one forked from it")
        return future.result()

    def _begin(self) -> None:
        atexit.register(self._end)  # where Python ends first, what is on its way is kept, too
        self._loop = loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(loop,), name="clipcoder-llm", daemon=True)
        self._thread.start()

    def _end(self, seconds: float | None = GRACE) -> None:
        """Send nothing more, wait for what is on its way (None: as long as that may take), and hang up."""
        atexit.unregister(self._end)
        try:
            self._call(self._chat.stop)
            self._join(seconds)
        finally:  # also when it is interrupted a second time
            self._call(self._cancel)
            self._join(None)

    def _call(self, function: Callable[[], object]) -> None:
        with suppress(RuntimeError):  # the loop has ended by itself
            if self._loop:
                self._loop.call_soon_threadsafe(function)

    def _join(self, seconds: float | None) -> None:
        with suppress(RuntimeError):  # it has not started; or it is this one, collecting garbage
            if self._thread:
                self._thread.join(seconds)

    def _cancel(self) -> None:
        if self._task:
            self._task.cancel()

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner, suppress(asyncio.CancelledError):
                runner.run(self._ask_all())
        except Exception as error:  # of hanging up
            self._error = self._error or error
        finally:  # whatever happens, nobody waits for ever
            for future in self._answers.values():
                if not future.done():
                    future.set_exception(self._error or StoppedError())

    async def _ask_all(self) -> None:
        self._task = asyncio.current_task()
        async with self._chat:
            first, *others = self._answers
            await self._ask_each(iter([first]))
            rest = iter(others)
            await asyncio.gather(*(self._ask_each(rest) for _ in range(min(self._size, len(others)))))

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
