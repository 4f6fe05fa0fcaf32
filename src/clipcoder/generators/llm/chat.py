"""Asking an endpoint with patience: in its own dialect, again where that helps, and within the budget."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

from clipcoder.generators.llm.budget import Budget, most_tokens
from clipcoder.generators.llm.completion import Completion, read_completion
from clipcoder.generators.llm.dialect import Dialect
from clipcoder.generators.llm.endpoint import OPENAI_URL, Key
from clipcoder.generators.llm.language_model import LanguageModel
from clipcoder.generators.llm.refusals import Response, exhausted_error, lasting_error, pause_before
from clipcoder.generators.llm.secrecy import discreet_logs
from clipcoder.generators.llm.wire import Wire

_MENDABLE: Final = frozenset((400, 404, 422))
"""Of HTTP: what an endpoint answers to fields that it does not know."""
READINGS: Final = 3
"""Times that a question is asked whose answers cannot be read."""
_POLL: Final = 0.02  # seconds
_LONG_REST: Final = 5.0  # seconds, from which on whoever watches may wonder

log = logging.getLogger(__name__)


class StoppedError(Exception):
    """A question was not asked any more, for the chat has been stopped."""


class Chat:
    """Asks one model, several questions at a time, on one event loop; a context manager that hangs up.

    Args:
        model: the model.
        key: what opens its endpoint, if anything.
        budget: what may be spent.
        dialect: what is known of the endpoint; what is learned is in the attribute of that name.

    Raises:
        MissingExtraError: the official client is not installed.
    """

    def __init__(self, model: LanguageModel, key: Key | None, budget: Budget, dialect: Dialect) -> None:
        self.dialect = dialect
        self._model, self._key, self._budget = model, key, budget
        self._wire = Wire(model, key)
        self._logs = discreet_logs(key)
        self._stopped = asyncio.Event()
        self._open_at = 0.0  # on the loop's clock; the endpoint wants no request before

    async def __aenter__(self) -> Self:
        self._logs.__enter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._wire.close()
        finally:
            self._logs.__exit__(None, None, None)

    def stop(self) -> None:
        """Send nothing any more; what is on its way may still arrive."""
        self._stopped.set()

    async def ask(self, prompt: str) -> Completion:
        """Return the model's answer, after as many attempts as it takes and is sensible.

        Returns:
            The answer; one that cannot be read says in ``trouble`` what the last one looked like.

        Raises:
            BudgetSpentError: there is no budget left for it.
            LanguageModelError: the endpoint refuses, or does not answer.
            StoppedError: ``stop`` was called before the question left.
        """
        for _ in range(READINGS):
            completion = await self._in_some_dialect(prompt)
            if not completion.trouble:
                break
        return completion

    async def _in_some_dialect(self, prompt: str) -> Completion:
        """Ask as the endpoint understands it; what it has understood once is the way for all that follow."""
        dialects = [self.dialect]
        for dialect in dialects:
            model = self._model
            body = dialect.body(model.name, prompt, model.temperature, model.max_answer_tokens)
            answer = await self._patiently(body)
            if isinstance(answer, Completion):
                if not answer.trouble:
                    self.dialect = self.dialect.learned(dialect)
                return answer
            if answer.filtered:
                return Completion("", "content_filter")
            refusal = answer
            dialects += [other for other in dialect.others(answer.body) if other not in dialects]
        raise lasting_error(refusal, self._model, self._key)

    async def _patiently(self, body: dict[str, Any]) -> Completion | Response:
        """Send a request until there is an answer, or a refusal that another dialect may mend."""
        attempt = 0
        while True:
            attempt += 1
            answer = await self._send(body)
            if isinstance(answer, Completion) or answer.status in _MENDABLE:
                return answer
            if not answer.passing:
                raise lasting_error(answer, self._model, self._key)
            pause = pause_before(attempt, answer.headers)
            if pause is None or attempt > self._model.retries:
                raise exhausted_error(answer, self._model, attempt)
            await self._rest(pause, everybody=answer.status == 429)

    async def _send(self, body: dict[str, Any]) -> Completion | Response:
        """Send a request, if the budget allows it, and settle what it has cost."""
        reserved = most_tokens(body, self._model.max_answer_tokens)
        await self._wait_for_turn()
        while not self._budget.take(reserved):
            await asyncio.sleep(_POLL)
            await self._wait_for_turn()
        try:
            response = await self._wire.exchange(body)
        except BaseException:
            self._budget.settle_lost(reserved)
            raise
        if response.status == 200 and not response.lasting:
            completion = read_completion(response.body)
            self._budget.settle_answered(reserved, completion)
            return completion
        if response.lost:
            self._budget.settle_lost(reserved)
        else:
            self._budget.settle_refused(reserved)
        return response

    async def _wait_for_turn(self) -> None:
        while (seconds := self._open_at - asyncio.get_running_loop().time()) > 0:
            await self._rest(seconds)
        if self._stopped.is_set():
            raise StoppedError

    async def _rest(self, seconds: float, *, everybody: bool = False) -> None:
        if everybody:
            until = asyncio.get_running_loop().time() + seconds
            said_already = until <= self._open_at + seconds / 2
            if seconds >= _LONG_REST and not said_already:
                where = self._model.endpoint
                log.info("%s wants to be asked again in %g seconds (status 429)", where, seconds)
            self._open_at = max(self._open_at, until)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)
            raise StoppedError


def first_dialect(model: LanguageModel) -> Dialect:
    """Return what to try first: OpenAI itself has long left the older name behind.

    >>> first_dialect(LanguageModel("llama3.2", base_url="http://localhost:11434/v1")).limit
    'max_tokens'
    """
    return Dialect("max_completion_tokens" if model.endpoint == OPENAI_URL else "max_tokens")
