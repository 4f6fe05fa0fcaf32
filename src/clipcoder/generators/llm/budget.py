"""How much may be asked, and how much has been: requests and tokens, never more than allowed.

Before a request leaves, the most that it can cost is set aside; when it has been answered, what it did cost
is counted instead. Each request that is sent counts as one, also one that is refused or sent again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from clipcoder.errors import LanguageModelError
from clipcoder.generators.llm.completion import Completion


@dataclass(frozen=True, slots=True)
class Usage:
    """What has been spent.

    Attributes:
        requests: how many were sent.
        prompt_tokens: in questions.
        answer_tokens: in answers.
        estimated: whether some tokens are no count of the endpoint's but the most that they can have been:
            one for each byte.
    """

    requests: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    estimated: bool = False

    @property
    def tokens(self) -> int:
        """Of questions and answers together."""
        return self.prompt_tokens + self.answer_tokens


class BudgetSpentError(LanguageModelError):
    """No request may be sent any more."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """What was set aside for a request: the most tokens that its question and its answer can have."""

    prompt_tokens: int
    answer_tokens: int

    @property
    def tokens(self) -> int:
        """Of question and answer together."""
        return self.prompt_tokens + self.answer_tokens


def most_tokens(body: Mapping[str, Any], max_answer_tokens: int) -> Reserved:
    """Return the most that a request can cost; no token is shorter than a byte.

    >>> most_tokens({"messages": "why?"}, 100)
    Reserved(prompt_tokens=20, answer_tokens=100)
    """
    return Reserved(len(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")), max_answer_tokens)


class Budget:
    """Counts what is spent by any number of threads and holds it below the limits.

    An answer that an endpoint makes longer than it was allowed to cannot be helped; it is the last one then.

    Args:
        max_requests: how many requests may be sent; None sets no limit.
        max_tokens: how many tokens all questions and answers may take; None sets no limit.

    >>> budget = Budget(max_requests=1, max_tokens=None)
    >>> budget.take(Reserved(20, 100))
    True
    >>> budget.requests_left
    0
    """

    def __init__(self, max_requests: int | None, max_tokens: int | None) -> None:
        self._max_requests, self._max_tokens = max_requests, max_tokens
        self._usage = Usage()
        self._set_aside = 0  # tokens of requests on their way
        self._lock = threading.Lock()

    @property
    def usage(self) -> Usage:
        """What has been spent so far; of requests that are on their way, not the tokens."""
        return self._usage

    @property
    def requests_left(self) -> int | None:
        """How many requests may still be sent; None: any number."""
        return None if self._max_requests is None else self._max_requests - self._usage.requests

    def take(self, reserved: Reserved) -> bool:
        """Set aside what a request may cost, which is about to be sent.

        Returns:
            False where there may be enough once the requests that are on their way have been answered.

        Raises:
            BudgetSpentError: there is not enough left, and there will not be.
        """
        with self._lock:
            if self.requests_left == 0:
                raise BudgetSpentError(
                    f"all requests of the budget ({self._max_requests:,}) are spent; raise max_requests "
                    "(--max-requests)"
                )
            if self._max_tokens is not None:
                left = self._max_tokens - self._usage.tokens
                if reserved.tokens > left:
                    raise BudgetSpentError(
                        f"of the tokens of the budget ({self._max_tokens:,}) {max(left, 0):,} are left, but "
                        f"the next request may take {reserved.tokens:,}; raise max_tokens (--max-tokens) or "
                        "lower max_answer_tokens (--max-answer-tokens)"
                    )
                if reserved.tokens > left - self._set_aside:
                    return False
            self._set_aside += reserved.tokens
            self._usage = replace(self._usage, requests=self._usage.requests + 1)
            return True

    def settle_refused(self, reserved: Reserved) -> None:
        """Count a request that was refused: it has cost no tokens."""
        self._settle(reserved, 0, 0, estimated=False)

    def settle_lost(self, reserved: Reserved) -> None:
        """Count a request of which nobody knows what became: it may have cost the most that it can."""
        self._settle(reserved, reserved.prompt_tokens, reserved.answer_tokens, estimated=True)

    def settle_answered(self, reserved: Reserved, completion: Completion) -> None:
        """Count a request that was answered: as the endpoint counts it, or else by the bytes of both."""
        prompt, answer = completion.prompt_tokens, completion.answer_tokens
        if prompt is None or answer is None:
            said = min(len(completion.text.encode()), reserved.answer_tokens)
            self._settle(reserved, reserved.prompt_tokens, said, estimated=True)
        else:
            self._settle(reserved, prompt, answer, estimated=False)

    def _settle(self, reserved: Reserved, prompt_tokens: int, answer_tokens: int, *, estimated: bool) -> None:
        with self._lock:
            self._set_aside -= reserved.tokens
            self._usage = replace(
                self._usage,
                prompt_tokens=self._usage.prompt_tokens + prompt_tokens,
                answer_tokens=self._usage.answer_tokens + answer_tokens,
                estimated=self._usage.estimated or estimated,
            )
