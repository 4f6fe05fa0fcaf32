"""Which language model to ask, where it is, and how much it may cost."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from math import isfinite
from typing import Final

from clipcoder.errors import InvalidInputError, LanguageModelError
from clipcoder.generators.llm.endpoint import (
    OPENAI_BASE_URL,
    OPENAI_KEY,
    OPENAI_URL,
    Key,
    check_way,
    checked_url,
    read_key,
)

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class LanguageModel:
    """A model behind an OpenAI-compatible endpoint: OpenAI's own, Ollama, vLLM, llama.cpp, or a hosted one.

    Keys come from the environment and are written nowhere. Without ``base_url`` the model is at OpenAI, or at
    the address in the variable ``OPENAI_BASE_URL``, and the key is in ``OPENAI_API_KEY``. To an endpoint that
    ``base_url`` names, nothing from the environment is sent but the key that ``key_from`` names, if any; over
    plain http a key goes no further than a private network.

    Attributes:
        name: the model, as its endpoint calls it.
        base_url: where another endpoint is, such as ``"http://localhost:11434/v1"`` for Ollama.
        key_from: the environment variable that holds the key.
        concurrency: how many requests are on their way at once.
        timeout: seconds that an answer may take in all.
        retries: how many times a request is sent again after "too many requests", a server's error, a
            time-out or a cut connection; with pauses that grow, or of the length that the endpoint asks for.
        temperature: how much chance there is in answers; None leaves it to the endpoint.
        max_answer_tokens: the longest answer, in tokens, a model's reasoning included.
        max_requests: how many requests may be sent, counting all that leave, also those that are refused.
        max_tokens: how many tokens all questions and answers may take.

    Raises:
        InvalidInputError: a setting that cannot be.

    >>> LanguageModel("llama3.2", base_url="http://localhost:11434/v1/").endpoint
    'http://localhost:11434/v1'
    """

    name: str
    base_url: str | None = None
    key_from: str | None = None
    concurrency: int = 8
    timeout: float = 60.0
    retries: int = 5
    temperature: float | None = None
    max_answer_tokens: int = 2000
    max_requests: int | None = None
    max_tokens: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise InvalidInputError(
                f"name (--llm) must be a model's name, such as 'llama3.2', but it is {self.name!r}"
            )
        if not self.name.isprintable():
            raise InvalidInputError(f"name (--llm) must hold signs that can be read, but it is {self.name!r}")
        if self.base_url is not None:
            object.__setattr__(self, "base_url", checked_url(self.base_url, "base_url (--base-url)"))
        for setting, least in (("concurrency", 1), ("retries", 0), ("max_answer_tokens", 1)):
            _check_count(setting, getattr(self, setting), least)
        for setting in ("max_requests", "max_tokens"):
            if getattr(self, setting) is not None:
                _check_count(setting, getattr(self, setting), 0)
        if not (isfinite(self.timeout) and self.timeout > 0):
            raise InvalidInputError(
                f"timeout (--timeout) must be more than 0 seconds, but it is {self.timeout!r}"
            )
        if self.temperature is not None:
            if not 0 <= self.temperature <= 2:
                raise InvalidInputError(
                    f"temperature (--temperature) must lie between 0 and 2, but it is {self.temperature!r}"
                )
            object.__setattr__(self, "temperature", float(self.temperature))  # 0 and 0.0: one answer
        if self.key_from is not None and not _VARIABLE.fullmatch(self.key_from):
            raise _misnamed_key()

    @property
    def endpoint(self) -> str:
        """Where the model is: scheme, host, port and path.

        Raises:
            InvalidInputError: the variable ``OPENAI_BASE_URL`` holds no usable address.
        """
        if self.base_url is not None:
            return self.base_url
        return checked_url(os.environ.get(OPENAI_BASE_URL) or OPENAI_URL, OPENAI_BASE_URL)

    def read_key(self) -> Key | None:
        """Return the key for the endpoint out of the environment; None where the endpoint gets none.

        Raises:
            LanguageModelError: a key that is needed is not there, or may not be sent to that endpoint.
        """
        variable = self.key_from or (OPENAI_KEY if self.base_url is None else None)
        key = read_key(variable) if variable else None
        if variable and key is None and (self.key_from or self.endpoint == OPENAI_URL):
            if not variable.isupper():
                raise _misnamed_key()
            raise LanguageModelError(
                f"the key for {self.endpoint} must be in the environment variable {variable}, which is not "
                "set; set it, or name another endpoint as base_url (--base-url)"
            )
        check_way(self.endpoint, key)
        return key


def _check_count(setting: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        option = f"{setting} (--{setting.replace('_', '-')})"
        raise InvalidInputError(f"{option} must be a whole number of at least {least}, but it is {value!r}")


def _misnamed_key() -> InvalidInputError:
    """Return the error for what may be a key in place of its variable, so that it is not repeated."""
    return InvalidInputError(
        "key_from (--key-from) must name an environment variable that is set to the key, not be the key "
        "itself, but no variable is called what it says; set one, such as HOSTED_KEY, and name that"
    )
