"""The budget: reserved before, settled after, never exceeded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.generators.llm.budget import Budget, BudgetSpentError, Reserved, Usage, most_tokens
from clipcoder.generators.llm.completion import Completion

HUNDRED = Reserved(20, 80)


def test_without_limits_everything_is_counted_and_nothing_refused() -> None:
    budget = Budget(None, None)
    assert all(budget.take(HUNDRED) for _ in range(1000))
    assert budget.requests_left is None
    assert budget.usage.requests == 1000


def test_the_last_request_is_the_last() -> None:
    budget = Budget(2, None)
    assert budget.take(HUNDRED)
    assert budget.take(HUNDRED)
    with pytest.raises(
        BudgetSpentError, match=r"budget \(2\) are spent; raise max_requests \(--max-requests\)$"
    ):
        budget.take(HUNDRED)
    assert budget.usage.requests == 2


def test_what_a_request_may_cost_is_set_aside_until_it_is_answered() -> None:
    budget = Budget(None, 250)
    assert budget.take(HUNDRED)
    assert budget.take(HUNDRED)
    assert not budget.take(HUNDRED)
    budget.settle_answered(HUNDRED, Completion("a", prompt_tokens=5, answer_tokens=5))
    assert budget.take(HUNDRED)
    assert budget.usage == Usage(requests=3, prompt_tokens=5, answer_tokens=5)


def test_where_nothing_more_comes_free_waiting_has_an_end() -> None:
    budget = Budget(None, 150)
    assert budget.take(HUNDRED)
    assert not budget.take(HUNDRED)
    budget.settle_answered(HUNDRED, Completion("a", prompt_tokens=20, answer_tokens=40))
    with pytest.raises(
        BudgetSpentError, match=r"\(150\) 90 are left, but the next request may take 100; raise"
    ):
        budget.take(HUNDRED)


def test_a_request_too_large_for_what_is_spent_already_waits_for_no_other() -> None:
    budget = Budget(None, 100)
    assert budget.take(Reserved(1, 1))
    with pytest.raises(BudgetSpentError, match="100 are left, but the next request may take 101"):
        budget.take(Reserved(21, 80))


@pytest.mark.parametrize(
    ("settle", "usage"),
    [
        (lambda b: b.settle_refused(HUNDRED), Usage(1, 0, 0)),
        (lambda b: b.settle_lost(HUNDRED), Usage(1, 20, 80, estimated=True)),
        (lambda b: b.settle_answered(HUNDRED, Completion("a", "stop", 7, 9)), Usage(1, 7, 9)),
        (lambda b: b.settle_answered(HUNDRED, Completion("naïve")), Usage(1, 20, 6, estimated=True)),
        (lambda b: b.settle_answered(HUNDRED, Completion("a", "stop", 7)), Usage(1, 20, 1, estimated=True)),
        (lambda b: b.settle_answered(HUNDRED, Completion("a" * 999)), Usage(1, 20, 80, estimated=True)),
    ],
)
def test_each_end_of_a_request_has_its_price(settle: Callable[[Budget], None], usage: Usage) -> None:
    budget = Budget(None, 100)
    assert budget.take(HUNDRED)
    settle(budget)
    assert budget.usage == usage


def test_usage_adds_up_question_and_answer() -> None:
    assert Usage(1, 20, 6).tokens == 26


def test_an_estimate_stays_one() -> None:
    budget = Budget(None, None)
    budget.settle_lost(HUNDRED)
    budget.settle_answered(HUNDRED, Completion("a", "stop", 7, 9))
    assert budget.usage.estimated


def test_no_question_has_more_tokens_than_bytes() -> None:
    reserved = most_tokens({"messages": [{"role": "user", "content": "ein Käuzchen?"}]}, 50)
    assert reserved.prompt_tokens > len("ein Käuzchen?".encode())
    assert reserved.answer_tokens == 50
    assert reserved.tokens == reserved.prompt_tokens + 50


@given(
    limit=st.integers(0, 400),
    costs=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60), st.floats(0, 1)), max_size=30),
)
def test_tokens_never_exceed_the_limit_where_answers_keep_to_theirs(
    limit: int, costs: list[tuple[int, int, float]]
) -> None:
    budget, on_their_way = Budget(None, limit), []
    for prompt, answer, part in costs:
        reserved = Reserved(prompt, answer)
        try:
            while not budget.take(reserved):
                waiting, used = on_their_way.pop(0)
                budget.settle_answered(waiting, Completion("", "stop", waiting.prompt_tokens, used))
        except BudgetSpentError:
            break
        on_their_way.append((reserved, int(answer * part)))
    for waiting, used in on_their_way:
        budget.settle_answered(waiting, Completion("", "stop", waiting.prompt_tokens, used))
    assert budget.usage.tokens <= limit


def test_many_threads_take_no_more_than_there_is() -> None:
    budget, start, taken = Budget(50, 10_000), threading.Barrier(8), []

    def take() -> None:
        start.wait()
        for _ in range(20):
            try:
                taken.append(budget.take(HUNDRED))
            except BudgetSpentError:
                return

    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(take)
    assert taken.count(True) == budget.usage.requests == 50
