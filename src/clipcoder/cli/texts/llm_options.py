"""The options by which a command is told which language model to ask, and what that may cost."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from clipcoder.errors import InvalidInputError

if TYPE_CHECKING:
    from clipcoder.generators.llm import LanguageModel


@dataclass(frozen=True)
class LanguageModelChoice:
    """What the options say.

    Attributes:
        name: the model; None where none was named.
        settings: the arguments of ``LanguageModel`` that were given.
    """

    name: str | None
    settings: dict[str, Any]

    @property
    def limited(self) -> bool:
        """Whether they set a limit to what is spent."""
        return not self.settings.keys().isdisjoint(("max_requests", "max_tokens"))

    def check_unused(self) -> None:
        """Refuse options of a model that is not asked.

        Raises:
            InvalidInputError: there are some.
        """
        if self.name is not None or self.settings:
            named = "--llm" if self.name is not None else f"--{next(iter(self.settings)).replace('_', '-')}"
            raise InvalidInputError(f"{named} needs --source llm or both, which ask a language model")

    def model(self) -> LanguageModel:
        """Return the model with its settings.

        Raises:
            InvalidInputError: no model is named, or a setting cannot be.
        """
        if self.name is None:
            raise InvalidInputError(
                "name the language model to ask, such as --llm gpt-5-mini, or --llm llama3.2 "
                "--base-url http://localhost:11434/v1"
            )
        from clipcoder.generators.llm import LanguageModel

        return LanguageModel(self.name, **self.settings)


def llm_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options, and hand them over as one argument, ``llm``."""

    @functools.wraps(command)
    def with_choice(*args: Any, llm: str | None, **kwargs: Any) -> Any:
        values = {name: kwargs.pop(name) for name in _SETTINGS}
        settings = {name: value for name, value in values.items() if value is not None}
        return command(*args, llm=LanguageModelChoice(llm, settings), **kwargs)

    for option in reversed(_OPTIONS):
        with_choice = option(with_choice)
    return with_choice


_SETTINGS: Final = (
    "base_url",
    "key_from",
    "concurrency",
    "timeout",
    "retries",
    "temperature",
    "max_answer_tokens",
    "max_requests",
    "max_tokens",
)

_OPTIONS: Final = (
    click.option("--llm", metavar="MODEL", help="The language model to ask, as its endpoint calls it."),
    click.option(
        "--base-url",
        metavar="URL",
        help="Its endpoint, if not OpenAI's: Ollama, vLLM, llama.cpp, or a hosted one.",
    ),
    click.option(
        "--key-from",
        metavar="VARIABLE",
        help="The environment variable with the key for --base-url, which gets none otherwise; OpenAI's is "
        "OPENAI_API_KEY.",
    ),
    click.option("--concurrency", type=click.IntRange(min=1), help="Requests at once; 8, if not said."),
    click.option("--timeout", type=float, metavar="SECONDS", help="How long an answer may take; 60 s."),
    click.option(
        "--retries", type=click.IntRange(min=0), help="How often a request that fails is sent again; 5."
    ),
    click.option(
        "--temperature", type=float, help="How much chance is in answers; the endpoint's, if not said."
    ),
    click.option(
        "--max-answer-tokens",
        type=click.IntRange(min=1),
        help="The longest answer, reasoning included; 2000.",
    ),
    click.option("--max-requests", type=click.IntRange(min=0), help="Send no more requests than that."),
    click.option("--max-tokens", type=click.IntRange(min=0), help="Use no more tokens than that."),
)
