from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.generators.base import SNIPPET_KINDS, Question, Reply, SnippetKind
from clipcoder.generators.quality import sift
from clipcoder.source import Source

SET = ["owl", "dog", "Bengal_tiger", "can", "A380"]
SOURCE = Source("llm", "model")


def sifted(
    kind: SnippetKind, *snippets: str, about: str = "owl", classes: list[str] = SET, limit: int | None = None
) -> tuple[list[str], dict[str, str]]:
    """Return what is kept and the reason of each remark."""
    other = "dog" if kind == "one_to_one" else ""
    reply, remarks = sift(Reply(Question(kind, about, other), snippets, SOURCE), classes, limit)
    assert reply.question == Question(kind, about, other)
    assert reply.source == SOURCE
    for remark in remarks:
        assert remark.dropped == (remark.snippet not in reply.snippets or remark.reason == "said twice")
    return list(reply.snippets), {remark.snippet: remark.reason for remark in remarks}


@pytest.mark.parametrize("kind", SNIPPET_KINDS)
def test_good_snippets_stay_as_they_are_and_in_order(kind: SnippetKind) -> None:
    assert sifted(kind, "tufted thing", "barn thing", "Eagle") == (
        ["tufted thing", "barn thing", "Eagle"],
        {},
    )


@pytest.mark.parametrize(
    ("kind", "snippet", "reason"),
    [
        ("attribute", "", "no words"),
        ("attribute", "4", "no words"),
        ("synonym", "--", "no words"),
        ("attribute", "I'm sorry, but I can't help with that", "a refusal"),
        ("synonym", "As an AI, I have none", "a refusal"),
        ("attribute", "There is no definitive answer to this question", "no answer"),
        ("attribute", " ".join(["word"] * 16), "too long"),
        ("one_to_one", "w" * 101, "too long"),
        ("synonym", "one two three four five six seven", "too long"),
        ("analogue", "w" * 61, "too long"),
        ("attribute", "большие круглые глаза", "in another script"),
        ("attribute", "大きな丸い目", "in another script"),
        ("synonym", "Owl", "the class's own name"),
        ("synonym", "the owls", "the class's own name"),
        ("analogue", "An owl (bird)", "the class's own name"),
        ("attribute", "is an owl", "the class's own name"),
        ("one_to_one", "owl", "the class's own name"),
        ("analogue", "Dogs", "the name of the class 'dog'"),
        ("synonym", "bengal tiger", "the name of the class 'Bengal_tiger'"),
        ("one_to_one", "a dog", "the name of the class 'dog'"),
        ("synonym", "It is also called hooter", "a sentence, not a name"),
        ("analogue", "An eagle has talons", "a sentence, not a name"),
        ("attribute", "Dog: floppy ears", "about the class 'dog'"),
        ("one_to_one", "for the dog: floppy ears", "about the class 'dog'"),
    ],
)  # fmt: skip
def test_what_is_no_help_is_left_out(kind: SnippetKind, snippet: str, reason: str) -> None:
    kept, remarks = sifted(kind, "tufted thing", snippet, "barn thing")
    assert kept == ["tufted thing", "barn thing"]
    assert [*remarks.values()] == [reason]


@pytest.mark.parametrize(
    ("kind", "snippet"),
    [
        ("attribute", "cannot fly by day"),
        ("attribute", "has " + "a " * 14),
        ("attribute", "can be brown"),
        ("attribute", "β-carotene colour"),
        ("attribute", "œil rond, très grand"),
        ("attribute", "face: round"),
        ("one_to_one", "unlike a dog, has feathers"),
        ("synonym", "747"),
        ("analogue", "watering can of tin") ,
        ("analogue", "barn owl"),
        ("attribute", "a bird"),
    ],
)  # fmt: skip
def test_what_is_a_help_stays_without_a_remark(kind: SnippetKind, snippet: str) -> None:
    assert sifted(kind, snippet) == ([" ".join(snippet.split())], {})


def test_classes_named_in_a_script_take_answers_in_it() -> None:
    assert sifted("attribute", "большие глаза", about="сова", classes=["сова", "кот"])[0] == ["большие глаза"]
    assert sifted("attribute", "大きな目", about="フクロウ", classes=["フクロウ"])[0] == ["大きな目"]
    assert sifted("attribute", "大きな目", about="сова", classes=["сова"])[0] == []


def test_another_name_of_the_class_itself_is_a_synonym() -> None:
    classes = ["tench, Tinca tinca", "dog"]
    assert sifted("synonym", "Tinca tinca", about=classes[0], classes=classes) == (["Tinca tinca"], {})


def test_what_says_the_same_is_taken_once() -> None:
    said = ("Large, round eyes", "large round eyes!", "the large round eyes", "large eyes")
    kept, remarks = sifted("attribute", *said)
    assert kept == ["Large, round eyes", "large eyes"]
    assert remarks == {"large round eyes!": "said twice", "the large round eyes": "said twice"}


def test_another_class_within_a_snippet_is_remarked_on_and_kept() -> None:
    kept, remarks = sifted("attribute", "hunts a dog", "head like a dog or a Bengal tiger")
    assert kept == ["hunts a dog", "head like a dog or a Bengal tiger"]
    assert [*remarks.values()] == ["names the class 'dog'", "names the classes 'dog' and 'Bengal_tiger'"]


def test_one_to_one_texts_may_name_the_other_class_but_no_third() -> None:
    assert sifted("one_to_one", "smaller than a dog or an A380")[1] == {
        "smaller than a dog or an A380": "names the class 'A380'"
    }


def test_names_lose_their_explanation_and_descriptions_their_label() -> None:
    said = ("Eagle - a bird of prey", "hawk: smaller", "Buzzard (Buteo buteo)", "(kite)")
    assert sifted("analogue", *said) == (["Eagle", "hawk", "Buzzard", "(kite)"], {})
    assert sifted("attribute", "Owl: round face", "owls: owl: flat face")[0] == ["round face", "flat face"]


def test_a_long_description_loses_its_explanation_unless_it_is_about_another_class() -> None:
    story = " ".join(["which", "helps"] * 10)
    said = (f"Large eyes: {story}", f"owl: tufted ears - {story}", "ears: pointed", f"(small) {story}")
    kept, remarks = sifted("attribute", *said, f"Dog: {story}")
    assert kept == ["Large eyes", "tufted ears", "ears: pointed"]
    assert [*remarks.values()] == ["too long", "about the class 'dog'"]


def test_what_is_above_the_limit_is_counted_once() -> None:
    said = ("one", "two", "two", "three", "four like a dog")
    kept, remarks = sifted("attribute", *said, limit=2)
    assert kept == ["one", "two"]
    assert remarks == {"two": "said twice", "three": "the first of 2 above the limit of 2"}
    assert sifted("attribute", *said, limit=4)[0] == ["one", "two", "three", "four like a dog"]
    assert sifted("attribute", "one", limit=0)[0] == []


def test_a_long_snippet_is_shortened_in_its_remark_and_hostile_ones_take_no_time() -> None:
    for unit in ("word ", "a\u0315\u0300", "owl: ", "(", " - ", "字"):
        _, remarks = sifted("attribute", unit * 100_000)
        assert all(len(snippet) <= 100 for snippet in remarks)
        assert sifted("synonym", unit * 100_000)[0] == []


def test_a_failed_reply_stays_one() -> None:
    failed = Reply(Question("attribute", "owl"), (), SOURCE, "no answer")
    assert sift(failed, SET) == (failed, [])


WORDS = st.sampled_from(
    ["owl", "Owls", "a", "the", "dog", "dogs:", "owl:", "can", "is", "has", "eyes", "large", "(x)", "-",
     "-dog", "глаза", "目", "4", "I cannot", ",", "A380", "Bengal tiger"]
)  # fmt: skip
SNIPPETS = st.lists(st.lists(WORDS, max_size=6).map(" ".join) | st.text(max_size=12), max_size=8)


@given(st.sampled_from(SNIPPET_KINDS), SNIPPETS, st.none() | st.integers(0, 4))
def test_sifting_twice_changes_nothing(kind: SnippetKind, snippets: list[str], limit: int | None) -> None:
    question = Question(kind, "owl", "dog" if kind == "one_to_one" else "")
    once, _ = sift(Reply(question, tuple(snippets), SOURCE), SET, limit)
    twice, remarks = sift(once, SET, limit)
    assert twice == once
    assert not any(remark.dropped for remark in remarks)


@given(st.sampled_from(SNIPPET_KINDS), SNIPPETS, st.permutations(SET))
def test_the_order_of_the_classes_does_not_matter(
    kind: SnippetKind, snippets: list[str], order: list[str]
) -> None:
    reply = Reply(Question(kind, "owl", "dog" if kind == "one_to_one" else ""), tuple(snippets), SOURCE)
    assert sift(reply, order) == sift(reply, SET)
