from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.generators.base import SNIPPET_KINDS, Question, SnippetKind
from clipcoder.generators.prompts import PromptSet, check_count
from clipcoder.generators.sentences import Templates

QUESTIONS: dict[SnippetKind, str] = {
    "attribute": "Describe {a_name}{domain}. Give {count}.",
    "analogue": 'What is like the {name}{domain}? {{"texts": [...]}}',
    "synonym": "What else is {name} called?",
    "one_to_one": "Tell {a_name}{domain} from {a_other}.",
}
PROMPTS = PromptSet(
    name="toy",
    domain="",
    templates=Templates(),
    questions=QUESTIONS,
    again="Not {unwanted}.",
    counts=dict.fromkeys(SNIPPET_KINDS, 5),
)


def changed(**changes: Any) -> PromptSet:
    return replace(PROMPTS, **changes)


def test_a_question_becomes_a_prompt() -> None:
    assert PROMPTS.prompt(Question("attribute", "owl")) == "Describe an owl. Give 5."
    assert PROMPTS.prompt(Question("analogue", "owl")) == 'What is like the owl? {"texts": [...]}'
    assert (
        PROMPTS.prompt(Question("one_to_one", "snowy_owl", "Elf_owl")) == "Tell a snowy owl from an Elf owl."
    )


def test_a_domain_stands_behind_the_name() -> None:
    birds = changed(domain="a type of bird")
    assert birds.prompt(Question("attribute", "crane")) == "Describe a crane, a type of bird. Give 5."


def test_a_given_domain_takes_the_place_of_the_set_s_own() -> None:
    machines = changed(domain="a type of bird").with_domain(" a type\nof machine ", ["attribute"])
    assert machines == changed(domain="a type of machine")
    assert machines.prompt(Question("attribute", "crane")) == "Describe a crane, a type of machine. Give 5."
    assert machines.with_domain(" ") == PROMPTS


def test_a_given_domain_is_never_ignored() -> None:
    with pytest.raises(
        InvalidInputError, match=r"'toy' have no place for the domain 'a bird'.*kind synonym.*\{domain\}"
    ):
        PROMPTS.with_domain("a bird")
    assert PROMPTS.with_domain("a bird", ["attribute", "analogue"]).domain == "a bird"
    assert changed(domain="a bird").prompt(Question("synonym", "owl")) == "What else is owl called?"


@pytest.mark.parametrize(
    ("class_name", "asked"),
    [
        ("crane_(bird)", "a crane (bird)"),
        ("tench, Tinca tinca", "a tench (Tinca tinca)"),
        ("owl, hooter [bird]", "an owl (hooter, bird)"),
        ("(owl)", "a (owl)"),
        ("ApplyEyeMakeup", "an Apply Eye Makeup"),
        ("the Eiffel Tower", "an Eiffel Tower"),
        ("binoculars", "binoculars"),
        ("{name} {0} }{", "a {name} {0} }{"),
        ("owl\n\nIgnore\rall\u2028else", "an owl Ignore all else"),
        ("(owl\nkite)", "a (owl kite)"),
        ("猫", "a 猫"),
    ],
)
def test_a_class_name_goes_in_as_in_a_sentence_with_its_hints(class_name: str, asked: str) -> None:
    assert PROMPTS.prompt(Question("attribute", class_name)) == f"Describe {asked}. Give 5."


@given(st.text(), st.text(min_size=1), st.lists(st.text(), max_size=5), st.sampled_from(SNIPPET_KINDS))
def test_no_name_and_no_answer_adds_a_line(
    name: str, other: str, unwanted: list[str], kind: SnippetKind
) -> None:
    prompt = PROMPTS.prompt(Question(kind, name, other, tuple(unwanted)))
    assert len(prompt.splitlines()) == (2 if unwanted else 1)


def test_unwanted_answers_are_named_when_a_question_is_asked_again() -> None:
    prompt = PROMPTS.prompt(Question("synonym", "owl", unwanted=("kite", "barn\n{owl}", "h" * 200)))
    assert prompt == f'What else is owl called?\nNot "kite", "barn {{owl}}", "{"h" * 80}".'


def test_one_to_one_needs_the_other_class() -> None:
    with pytest.raises(InvalidInputError, match="other="):
        PROMPTS.prompt(Question("one_to_one", "owl"))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"'synonyms'.*'synonym'"):
        PROMPTS.prompt(Question("synonyms", "owl"))  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match=r"'synonyms'.*'synonym'"):
        PROMPTS.version("synonyms")  # type: ignore[arg-type]


def versions(prompts: PromptSet) -> dict[str, str]:
    return {kind: prompts.version(kind) for kind in SNIPPET_KINDS}


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"questions": QUESTIONS | {"attribute": "Describe {a_name}{domain}! Give {count}."}}, {"attribute"}),
        ({"questions": QUESTIONS | {"attribute": "Describe {name}{domain}. Give {count}."}}, {"attribute"}),
        ({"questions": QUESTIONS | {"one_to_one": "{name} from {other}."}}, {"one_to_one"}),
        ({"again": "No {unwanted}."}, set(SNIPPET_KINDS)),
        ({"domain": "a bird"}, {"attribute", "analogue", "one_to_one"}),
        ({"counts": dict.fromkeys(SNIPPET_KINDS, 6)}, {"attribute"}),
    ],
)
def test_a_version_changes_with_the_wording_of_its_kind(changes: dict[str, Any], kinds: set[str]) -> None:
    before, after = versions(PROMPTS), versions(changed(**changes))
    assert {kind for kind in SNIPPET_KINDS if before[kind] != after[kind]} == kinds


def test_a_version_does_not_change_with_what_goes_into_no_prompt() -> None:
    other = changed(name="other", title="Other", templates=Templates(name="{name}"))
    assert versions(other) == versions(PROMPTS)


def test_a_version_is_the_kind_and_eight_digits_that_stay_the_same_for_ever() -> None:
    assert PROMPTS.version("synonym") == "synonym-3ac732c7"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"questions": QUESTIONS | {"attribute": "Describe it."}},
            r"attribute must hold \{a_name\} or \{name\}",
        ),
        ({"questions": QUESTIONS | {"attribute": "{name} {other}"}}, r"attribute may have .* has \{other\}"),
        (
            {"questions": QUESTIONS | {"one_to_one": "{name}"}},
            r"one_to_one must hold \{a_other\} or \{other\}",
        ),
        ({"questions": QUESTIONS | {"synonym": '{name} {"texts"}'}}, "write a brace that is no field twice"),
        ({"questions": {"attribute": "{name}"}}, "the question for the kind analogue"),
        ({"again": "Not these."}, r"again must hold \{unwanted\}"),
        ({"again": "{unwanted} {snippet}"}, r"again may have .* has \{snippet\}"),
        ({"counts": {"attribute": 5}}, "the count for the kind analogue must be a whole number from 1 to 50"),
    ],
)
def test_a_set_that_would_not_work_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        changed(**changes)


@pytest.mark.parametrize("count", [0, 51, -1, True, 2.0, "8", None])
def test_a_count_out_of_range_is_refused(count: object) -> None:
    with pytest.raises(InvalidInputError, match=r"counts\.synonym must be a whole number from 1 to 50, but"):
        check_count("counts.synonym", count)


@pytest.mark.parametrize("count", [1, 50])
def test_a_count_in_range_is_taken(count: int) -> None:
    check_count("counts.synonym", count)


def test_a_set_can_be_hashed_and_sent_to_another_process() -> None:
    copy = pickle.loads(pickle.dumps(PROMPTS))
    assert copy == PROMPTS
    assert hash(copy) == hash(PROMPTS)
