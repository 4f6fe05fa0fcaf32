"""What is said of several classes."""

from __future__ import annotations

from clipcoder.knowledge.checking.sharing import shared
from clipcoder.knowledge.entries import ClassKnowledge


def known(
    name: str, attributes: list[str], analogues: tuple[str, ...] = (), synonyms: tuple[str, ...] = ()
) -> ClassKnowledge:
    return ClassKnowledge(name, "thing", tuple(attributes), analogues, synonyms)


def found(*classes: ClassKnowledge) -> list[str]:
    return [str(finding) for finding in shared(classes)]


def test_a_few_shared_attributes_pass() -> None:
    own = [f"side {number}" for number in range(33)]
    assert found(known("owl", ["red wing", *own]), known("jay", ["red wing"])) == []


def test_of_more_each_is_told_with_its_classes() -> None:
    own = [f"side {number}" for number in range(20)]
    classes = known("owl", ["red wing", *own]), known("jay", ["The red wings"]), known("emu", ["Red Wing"])
    assert found(*classes) == [
        "*: 4.5 % of the attributes are said of several classes, more than 3 %",
        "owl: also said of 'emu': 'red wing'",
    ]


def test_a_synonym_is_of_one_class() -> None:
    classes = known("owl", [], synonyms=("hooter",)), known("jay", [], synonyms=("Hooter",))
    assert found(*classes) == ["owl: synonym of 'jay' too: 'hooter'"]


def test_an_analogue_is_no_other_class_under_another_name() -> None:
    classes = known("owl", [], synonyms=("hooter",)), known("jay", [], analogues=("the hooter", "crow"))
    assert found(*classes) == ["jay: analogue is a synonym of the class 'owl': 'the hooter'"]


def test_nothing_is_shared_by_nobody() -> None:
    assert found() == []
