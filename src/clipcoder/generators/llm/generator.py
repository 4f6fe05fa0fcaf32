"""The language model as a source of neighbour texts (paper, section 3.3): asked at once, paid for once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from clipcoder.errors import InvalidInputError
from clipcoder.generators.base import Question, Reply, SnippetKind
from clipcoder.generators.catalog import PromptSet, load_prompts
from clipcoder.generators.llm.answers import Answer, Answers, Asked
from clipcoder.generators.llm.budget import Budget, BudgetSpentError, Usage
from clipcoder.generators.llm.chat import READINGS, Chat, first_dialect
from clipcoder.generators.llm.completion import Completion
from clipcoder.generators.llm.crew import Crew
from clipcoder.generators.llm.declining import is_refusal
from clipcoder.generators.llm.endpoint import Key
from clipcoder.generators.llm.language_model import LanguageModel
from clipcoder.generators.llm.parsing import parse_answer
from clipcoder.generators.llm.wire import check_client
from clipcoder.source import Source

_BYTES_A_TOKEN: Final = 4  # of English, about

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """What questions will cost.

    Attributes:
        questions: how many different ones there are.
        answered: how many of them have an answer that is kept.
        requests: how many have to be sent, if each is answered at once.
        prompt_tokens: about how many tokens these have.
        answer_tokens: the most that their answers can have.
    """

    questions: int
    answered: int
    requests: int
    prompt_tokens: int
    answer_tokens: int


class LanguageModelGenerator:
    """Asks a language model; a ``BatchGenerator``.

    Every answer is on the disk before it is used, so that a run that was cut off goes on where it stopped,
    and a second one costs nothing. The budget of the model is that of the generator, whatever it is asked
    and however often.

    Args:
        model: which one to ask, and how; a name means a model of OpenAI's.
        prompts: what to put to it; None means the generic prompts.

    >>> generator = LanguageModelGenerator(LanguageModel("llama3.2", base_url="http://localhost:11434/v1"))
    >>> generator.plan([Question("attribute", "owl"), Question("attribute", "owl")]).requests
    1
    """

    def __init__(self, model: LanguageModel | str, prompts: PromptSet | None = None) -> None:
        self.model = LanguageModel(model) if isinstance(model, str) else model
        self.prompts = prompts or load_prompts()
        self._answers = Answers()
        self._budget = Budget(self.model.max_requests, self.model.max_tokens)
        self._dialect = first_dialect(self.model)

    @property
    def usage(self) -> Usage:
        """What this generator has sent and spent so far."""
        return self._budget.usage

    def generate(self, kind: SnippetKind, class_name: str, *, other: str | None = None) -> list[str]:
        """Return the model's snippets about one class; ``replies`` is faster for many.

        Raises:
            UnknownNameError: ``kind`` is none of the four.
            InvalidInputError: ``other`` is missing for ``"one_to_one"``.
            LanguageModelError: see ``replies``.
        """
        (reply,) = self.replies([Question(kind, class_name, other or "")])
        return list(reply.snippets)

    def plan(self, questions: Iterable[Question]) -> Plan:
        """Say what questions would cost, without asking anybody or needing a key."""
        prompts = dict.fromkeys(map(self._prompt, questions))
        missing = prompts.keys() - self._kept(prompts).keys()
        return Plan(
            questions=len(prompts),
            answered=len(prompts) - len(missing),
            requests=len(missing),
            prompt_tokens=sum(-(-len(prompt.encode()) // _BYTES_A_TOKEN) for prompt in missing),
            answer_tokens=len(missing) * self.model.max_answer_tokens,
        )

    def check_ready(self, questions: Iterable[Question]) -> Plan:
        """Return what questions will cost, or say what keeps them from being asked, before any is.

        Raises:
            LanguageModelError: some have no answer yet, and the budget is too small or the key is missing.
            MissingExtraError: some have none, and the official client is not installed.
        """
        plan = self.plan(questions)
        if plan.requests:
            check_client()
            self._check_budget(plan.answered, plan.requests)
            _ = self._key
        return plan

    @cached_property
    def _key(self) -> Key | None:
        """The key, read when it is first needed: a warning about its way is given once."""
        return self.model.read_key()

    def replies(self, questions: Sequence[Question]) -> Iterator[Reply]:
        """Yield one reply a question, in their order, as answers come; an answer is kept before it is used.

        Who stops asking for more, or is interrupted, stops what has not been sent; what is on its way has a
        few seconds to arrive and is kept.

        Args:
            questions: what to ask; of equal ones the answer is paid for once. For one that is asked again
                (``unwanted``) a spent budget is no error but the reply's ``failure``.

        Raises:
            LanguageModelError: the budget does not allow it, the key is missing, the endpoint refuses or does
                not answer, or answers cannot be kept.
            MissingExtraError: the official client is not installed.
            InvalidInputError: a question without the other class that it needs.
            UnknownNameError: a question of no known kind.
        """
        prompts = [self._prompt(question) for question in questions]
        kept = self._kept(prompts)
        missing = [prompt for prompt in dict.fromkeys(prompts) if prompt not in kept]
        first = {prompt for question, prompt in zip(questions, prompts, strict=True) if not question.unwanted}
        self._check_budget(len(kept), len(first.intersection(missing)))
        try:
            with self._asking(kept, missing) as answer:
                for question, prompt in zip(questions, prompts, strict=True):
                    yield self._reply(question, prompt, answer)
        except BudgetSpentError as spent:
            plan = self.plan(questions)
            raise BudgetSpentError(
                f"{spent}; of {plan.questions:,} questions {plan.answered:,} have answers, which are kept, "
                f"and {plan.requests:,} are missing"
            ) from None

    @contextmanager
    def _asking(
        self, kept: Mapping[str, Answer], missing: Sequence[str]
    ) -> Iterator[Callable[[str], Answer]]:
        """Ask for what is missing in the background; yield what returns the answer to a prompt."""
        if not missing:
            yield kept.__getitem__
            return
        self._answers.prepare(len(missing))
        already = self.usage.estimated
        chat = Chat(self.model, self._key, self._budget, self._dialect)
        try:
            with Crew(chat, self._keep, missing, self.model.concurrency) as crew:
                yield lambda prompt: kept[prompt] if prompt in kept else crew.answer(prompt)
        finally:
            self._dialect = chat.dialect
            if self.usage.estimated and not already:
                log.warning(
                    "%s did not report the tokens of all requests; those count as the most they can be",
                    self.model.endpoint,
                )

    def _keep(self, prompt: str, completion: Completion) -> Answer:
        answer = Answer(completion, datetime.now(UTC).date().isoformat())
        if not completion.trouble:
            self._answers.keep(self._asked(prompt), answer)
        return answer

    def _kept(self, prompts: Iterable[str]) -> dict[str, Answer]:
        found = {prompt: self._answers.find(self._asked(prompt)) for prompt in dict.fromkeys(prompts)}
        return {prompt: answer for prompt, answer in found.items() if answer}

    def _asked(self, prompt: str) -> Asked:
        model = self.model
        return Asked(model.endpoint, model.name, prompt, model.temperature, model.max_answer_tokens)

    def _prompt(self, question: Question) -> str:
        prompt = self.prompts.prompt(question)
        try:
            prompt.encode()
        except UnicodeEncodeError as error:
            raise InvalidInputError(
                f"a class name must be valid Unicode, but {question.class_name!r} is not; type it anew"
            ) from error
        return prompt

    def _check_budget(self, kept: int, needed: int) -> None:
        left = self._budget.requests_left
        if left is not None and needed > left:
            raise BudgetSpentError(
                f"{needed:,} requests are needed (to {kept:,} more questions the answers are kept), but the "
                f"budget allows {left:,}; raise max_requests (--max-requests), or ask about fewer classes or "
                "kinds"
            )

    def _reply(self, question: Question, prompt: str, answer_to: Callable[[str], Answer]) -> Reply:
        origin = "llm", self.model.name, self.prompts.version(question.kind)
        try:
            answer = answer_to(prompt)
        except BudgetSpentError:
            if not question.unwanted:
                raise
            return Reply(question, (), Source(*origin), "not asked again, for the budget is spent")
        snippets = tuple(parse_answer(_whole_part(answer.completion)))
        failure = _failure(answer.completion, snippets)
        return Reply(question, () if failure else snippets, Source(*origin, answer.date), failure)


def _whole_part(completion: Completion) -> str:
    """Return an answer without the line or item that was cut off; of JSON, the parser sees to that."""
    text = completion.text
    if completion.finish != "length" or text.lstrip().startswith(("{", "[", "`")):
        return text
    return text.rpartition("\n")[0] or text.rpartition(",")[0]


def _failure(completion: Completion, snippets: Collection[str]) -> str:
    """Return why an answer is of no use; ``""`` where it is, and where there is nothing to say of a class."""
    if completion.trouble:
        return f"no readable answer in {READINGS} attempts: {completion.trouble}"
    if completion.finish == "content_filter":
        return "a filter of the endpoint held the answer back"
    if completion.finish == "refusal" or is_refusal(completion.text):
        return "the model declines to answer"
    if completion.finish == "length" and not snippets:
        return "the answer was cut off before it was of use; raise max_answer_tokens (--max-answer-tokens)"
    return ""
