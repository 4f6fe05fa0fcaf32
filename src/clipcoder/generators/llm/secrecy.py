"""Keeping a key out of all that is said and written, also where an endpoint sends it back."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from clipcoder.generators.llm.endpoint import Key

_HIDDEN: Final = "[key]"
_SHORTEST: Final = 8
"""Characters; shorter ones are no secrets but words such as "none", which local servers are content with."""

_CONNECTION: Final = ("", ".connection", ".http11", ".http2", ".proxy", ".socks")
_TALKATIVE: Final = (
    *(f"{package}{part}" for package in ("httpcore", "httpcore2") for part in _CONNECTION),
    *("httpx", "httpx2", "openai", "openai._base_client", "openai._response", "openai._legacy_response"),
)
"""Loggers that may tell an answer's headers and status as they came."""


def redacted(text: str, key: Key | None) -> str:
    """Return a text without the key.

    >>> redacted("no such key: sk-12345678", Key("OPENAI_API_KEY", "sk-12345678"))
    'no such key: [key]'
    """
    if key is None or len(key.secret) < _SHORTEST:
        return text
    return text.replace(key.secret, _HIDDEN).replace(json.dumps(key.secret)[1:-1], _HIDDEN)


def redacted_json(body: str, key: Key | None) -> str:
    r"""Return JSON without the key, whichever of its letters are escaped; what is no JSON, like any text.

    >>> redacted_json(r'{"error": "no such key: \u0073k-12345678"}', Key("OPENAI_API_KEY", "sk-12345678"))
    '{"error": "no such key: [key]"}'
    """
    with suppress(ValueError, RecursionError):
        body = json.dumps(json.loads(body), ensure_ascii=False)
    return redacted(body.encode("utf-8", "replace").decode(), key)  # JSON may hold halves of characters


@contextmanager
def discreet_logs(key: Key | None) -> Iterator[None]:
    """Keep the key out of what the HTTP libraries log, whatever the level, as long as the block runs."""
    loggers = [logging.getLogger(name) for name in _TALKATIVE if key]
    redaction = _Redaction(key)
    for logger in loggers:
        logger.addFilter(redaction)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(redaction)


class _Redaction(logging.Filter):
    def __init__(self, key: Key | None) -> None:
        super().__init__()
        self._key = key

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        if redacted(said, self._key) != said:
            record.msg, record.args = redacted(said, self._key), None
        if record.exc_info:
            trace = logging.Formatter().formatException(record.exc_info)
            record.exc_text, record.exc_info = redacted(trace, self._key), None
        return True
