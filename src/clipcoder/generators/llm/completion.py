"""What an endpoint sends back with status 200, read with suspicion: a chat completion, or something else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

Finish = Literal["stop", "length", "refusal", "content_filter"]
"""How an answer ended: by itself, at the longest that was allowed, or with the model's or a filter's no."""

_MOST_TOKENS: Final = 10**12

FINISHES: Final[tuple[Finish, ...]] = get_args(Finish)


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer of an endpoint.

    Attributes:
        text: what the model said; ``""`` where nothing usable came.
        finish: how it ended.
        prompt_tokens: as the endpoint counts them; None where it does not.
        answer_tokens: the same for the answer, reasoning included.
        trouble: why it is no answer at all, so that asking again may help; ``""`` where it is one.
    """

    text: str
    finish: Finish = "stop"
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    trouble: str = ""


def read_completion(body: str) -> Completion:
    """Read the body of a response; whatever is in it, there is no error.

    >>> read_completion('{"choices": [{"message": {"content": "long neck"}, "finish_reason": "stop"}]}').text
    'long neck'
    >>> read_completion("<html>").trouble
    'it is no JSON'
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return Completion("", trouble="it is no JSON")
    usage = _object(document, "usage")
    tokens = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    choices = document.get("choices") if isinstance(document, dict) else None
    if not isinstance(choices, list) or not choices:
        return Completion("", "stop", *tokens, trouble=_said(document) or "it holds no choices")
    message = _object(choices[0], "message")
    finish = choices[0].get("finish_reason") if isinstance(choices[0], dict) else None
    if isinstance(message.get("refusal"), str) and message["refusal"].strip():
        return Completion(_sound(message["refusal"]), "refusal", *tokens)
    if finish == "content_filter":
        return Completion("", "content_filter", *tokens)
    text = _content(message.get("content"))
    if finish == "length":
        return Completion(text, "length", *tokens)
    return Completion(text, "stop", *tokens, trouble="" if text.strip() else "its message is empty")


def error_in(body: str) -> Mapping[str, Any]:
    """Return what an endpoint says of an error: ``message``, ``code`` and so on, as far as it says so.

    >>> error_in('{"error": {"message": "no such model", "code": null}}')["message"]
    'no such model'
    >>> error_in("Not Found")
    {'message': 'Not Found'}
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {"message": body.strip()}
    error = (
        document.get("error", document.get("detail", document)) if isinstance(document, dict) else document
    )
    return (
        error
        if isinstance(error, dict)
        else {"message": error if isinstance(error, str) else json.dumps(error)}
    )


def _said(document: object) -> str:
    """Return the error that some gateways send with status 200."""
    if not isinstance(document, dict) or "error" not in document:
        return ""
    return f"it says {str(error_in(json.dumps(document)).get('message') or 'that there is an error')[:200]!r}"


def _object(parent: object, name: str) -> dict[str, Any]:
    child = parent.get(name) if isinstance(parent, dict) else None
    return child if isinstance(child, dict) else {}


def _content(content: object) -> str:
    """Return the text of a message, which some endpoints send in parts."""
    if isinstance(content, list):
        return "".join(_content(part.get("text")) for part in content if isinstance(part, dict))
    return _sound(content) if isinstance(content, str) else ""


def _sound(text: str) -> str:
    """Return a text that can be written as UTF-8: JSON may hold halves of characters."""
    return text.encode("utf-8", "replace").decode()


def _count(value: object) -> int | None:
    """Return a number of tokens; None for what is none, such as the nought of those who do not count."""
    return value if type(value) is int and 1 <= value <= _MOST_TOKENS else None
