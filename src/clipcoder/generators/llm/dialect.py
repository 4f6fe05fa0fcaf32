"""How an endpoint wants to be asked, found out by asking: they all differ a little from one another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

Limit = Literal["max_tokens", "max_completion_tokens"]

_OTHER_LIMIT: Final[dict[Limit, Limit]] = {
    "max_tokens": "max_completion_tokens",
    "max_completion_tokens": "max_tokens",
}
_STRUCTURE: Final = {
    "type": "json_schema",
    "json_schema": {
        "name": "texts",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"texts": {"type": "array", "items": {"type": "string"}}},
            "required": ["texts"],
            "additionalProperties": False,
        },
    },
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """What an endpoint understands.

    Attributes:
        limit: what it calls the longest answer; OpenAI's newer models refuse the older name, others
            do not know the newer one.
        structured: whether answers can be asked for in the form ``{"texts": [...]}``.
    """

    limit: Limit = "max_tokens"
    structured: bool = True

    def body(
        self, model: str, prompt: str, temperature: float | None, max_answer_tokens: int
    ) -> dict[str, Any]:
        """Return the body of a request.

        >>> Dialect(structured=False).body("m", "a cat?", None, 100)
        {'model': 'm', 'messages': [{'role': 'user', 'content': 'a cat?'}], 'max_tokens': 100}
        """
        body: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": prompt}]}
        body[self.limit] = max_answer_tokens
        if temperature is not None:
            body["temperature"] = temperature
        if self.structured:
            body["response_format"] = _STRUCTURE
        return body

    def others(self, complaint: str) -> Iterator[Dialect]:
        """Yield what may be tried where an endpoint refuses a request, likeliest first.

        Args:
            complaint: what the endpoint says.

        >>> [other.limit for other in Dialect(structured=False).others("unsupported: 'max_tokens'")]
        ['max_completion_tokens']
        >>> list(Dialect().others("unknown field"))
        [Dialect(limit='max_tokens', structured=False)]
        """
        if re.search(rf"\b{self.limit}\b", complaint):
            yield replace(self, limit=_OTHER_LIMIT[self.limit])
        if self.structured:
            yield replace(self, structured=False)

    def learned(self, understood: Dialect) -> Dialect:
        """Return what holds from now on, after an endpoint has understood a request.

        A request may have been sent before others have found out something; that is not unlearned.
        """
        return replace(understood, structured=self.structured and understood.structured)
