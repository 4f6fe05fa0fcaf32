"""What a language model will cost, told before the first request, and what it has cost, told at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from clipcoder.cli.inputs import tell

if TYPE_CHECKING:
    from clipcoder.generators.base import Question
    from clipcoder.generators.llm.budget import Usage
    from clipcoder.generators.llm.generator import LanguageModelGenerator, Plan


def costs(plan: Plan) -> str:
    """Say what a plan costs.

    >>> from clipcoder.generators.llm.generator import Plan
    >>> costs(Plan(questions=30, answered=10, requests=20, prompt_tokens=4000, answer_tokens=40000))
    '20 requests of about 4,000 tokens, and at most 40,000 of answers; 10 of 30 questions have answers'
    """
    return (
        f"{plan.requests:,} requests of about {plan.prompt_tokens:,} tokens, and at most "
        f"{plan.answer_tokens:,} of answers; {plan.answered:,} of {plan.questions:,} questions have answers"
    )


def dry_run(model: LanguageModelGenerator | None, questions: Sequence[Question]) -> str:
    """Say what questions would cost, and what may come on top of that."""
    if model is None:
        return "no requests: nobody is asked who is paid"
    plan = model.plan(questions)
    again = plan.requests and any(question.kind == "analogue" for question in questions)
    return costs(plan) + (
        "; analogues too near another class are asked for again, up to 3 times a class" if again else ""
    )


@contextmanager
def accounted(model: LanguageModelGenerator | None, questions: Sequence[Question]) -> Iterator[None]:
    """Tell what these questions will cost, and what has been used once the block ends or is left.

    Raises:
        LanguageModelError: they cannot be asked: no budget, no key.
        MissingExtraError: they cannot be asked, for the official client is not installed.
    """
    if model is None:
        yield
        return
    plan = model.check_ready(questions)
    if plan.requests:
        tell(f"asking {model.model.name} at {model.model.endpoint}: {costs(plan)}")
    try:
        yield
    except BaseException as error:
        if model.usage.tokens:
            tell(_used(model.usage))
        if isinstance(error, KeyboardInterrupt):
            from clipcoder.generators.llm.refusals import KEPT

            tell(f"stopped; {KEPT}")
        raise
    tell(_used(model.usage))


def _used(usage: Usage) -> str:
    about = "about " if usage.estimated else ""
    return (
        f"{usage.requests:,} requests made; {about}{usage.prompt_tokens:,} tokens of questions and "
        f"{usage.answer_tokens:,} of answers used"
    )
