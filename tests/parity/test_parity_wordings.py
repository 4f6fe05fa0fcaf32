from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from small_case import records

from clipcoder.generators.base import Question, Reply
from clipcoder.source import Source
from parity.knowledge import Knowledge
from parity.wordings import Mistakes, Wordings

KNOWLEDGE = Knowledge(
    ["red_fox", "owl"],
    [["a tail"], []],
    [[], ["an eagle", "a cat"]],
    [["vixen"], []],
    {"owl": {"red_fox": ["wings"]}},
)


def texts(wordings: Wordings, kind: str, mistakes: Mistakes) -> list[str]:
    return [text for one in wordings.zero_shot if one.kind == kind for text in one.worded(mistakes)]


def test_each_sentence_knows_what_it_is_about() -> None:
    wordings = Wordings.of(KNOWLEDGE, records(KNOWLEDGE))
    assert [(one.kind, one.own, one.other) for one in wordings.zero_shot] == [
        *[("name", 0, -1), ("name", 1, -1)],
        ("attribute", 0, -1),
        *[("analogue", 1, -1), ("analogue", 1, -1)],
        ("synonym", 0, -1),
        ("one_to_one", 1, 0),
    ]
    assert [one.kind for one in wordings.few_shot] == [one.kind for one in wordings.zero_shot][:5]


def test_each_mistake_of_wording_is_a_switch() -> None:
    wordings = Wordings.of(KNOWLEDGE, records(KNOWLEDGE, joined=True))
    assert texts(wordings, "synonym", Mistakes()) == ["a photo of vixen"]
    assert texts(wordings, "synonym", Mistakes(none_for_synonyms=True)) == ["a photo of None"]
    assert texts(wordings, "attribute", Mistakes()) == ["red fox has a tail"]
    assert texts(wordings, "attribute", Mistakes(underscores=True)) == ["red_fox has a tail"]
    assert texts(wordings, "one_to_one", Mistakes()) == ["owl is not red fox, by wings.", "Because of it."]
    assert texts(wordings, "one_to_one", Mistakes(joined_prompts=True, underscores=True)) == [
        "owl is not red_fox, by wings.Because of it."
    ]


def test_all_sentences_are_listed_once_in_every_wording() -> None:
    wordings = Wordings.of(KNOWLEDGE, records(KNOWLEDGE, joined=True))
    listed = wordings.all()
    assert len(listed) == len(set(listed))
    for mistakes in (Mistakes(), Mistakes(True, True, True), Mistakes(underscores=True)):
        assert {text for worded in wordings.worded(mistakes) for text in worded} <= set(listed)
    assert set(wordings.prototypes) <= set(listed)


def test_records_in_another_order_are_refused() -> None:
    wrong = records(KNOWLEDGE)
    wrong["zero-shot"].reverse()
    with pytest.raises(AssertionError, match="where a text of kind name is due"):
        Wordings.of(KNOWLEDGE, wrong)


def test_replies_are_sorted_by_class_and_pair() -> None:
    def reply(kind: str, name: str, *snippets: str, other: str = "") -> Reply:
        return Reply(Question(kind, name, other), snippets, Source("test"))  # type: ignore[arg-type]

    replies = [
        *[reply("attribute", "owl", "wings"), reply("synonym", "red_fox", "vixen")],
        *[reply("one_to_one", "owl", "wings", other="red_fox"), reply("one_to_one", "red_fox", other="owl")],
    ]
    knowledge = Knowledge.of(["red_fox", "owl"], replies)
    assert [list(given) for given in knowledge.attributes] == [[], ["wings"]]
    assert [list(given) for given in knowledge.synonyms] == [["vixen"], []]
    assert knowledge.one_to_one == {"owl": {"red_fox": ("wings",)}}  # a pair without texts is none


def test_knowledge_is_written_in_the_published_form(tmp_path: Path) -> None:
    KNOWLEDGE.write(tmp_path, "woods")
    assert (tmp_path / "datasets/class_name/woods.txt").read_text().splitlines() == ["red_fox", "owl"]
    knowledge = tmp_path / "expert_knowledge"
    assert pickle.loads((knowledge / "attribute/woods.pkl").read_bytes()) == [["a tail"], []]
    assert pickle.loads((knowledge / "simile_class/woods.pkl").read_bytes()) == [[], ["an eagle", "a cat"]]
    assert json.loads((knowledge / "synonym/woods.json").read_text()) == [{"syno": ["vixen"]}, {"syno": []}]
    assert json.loads((knowledge / "ovo_attribute/woods.json").read_text()) == KNOWLEDGE.one_to_one
