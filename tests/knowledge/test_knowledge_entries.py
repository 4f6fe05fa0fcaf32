"""Lines of the pack: what they hold, and one sentence for what they must not."""

from __future__ import annotations

import json

import pytest
from small_pack import entry, pair

from clipcoder.errors import InvalidInputError
from clipcoder.knowledge.entries import PairKnowledge, class_of, pair_of


def test_a_class_is_read_as_it_is_written() -> None:
    known = class_of(json.dumps(entry("owl", "bird", synonyms=["Eule"])))
    assert (known.class_name, known.sense, known.synonyms) == ("owl", "bird", ("Eule",))
    assert known.attributes[0] == "red side of owl"


def test_a_pair_has_two_directions() -> None:
    assert pair_of(json.dumps(pair("crow", "swan", ["black"], ["white"]))) == PairKnowledge(
        "crow", "swan", ("black",), ("white",)
    )


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "an object in JSON"),
        ("[]", "but has list"),
        (
            '{"class": "owl"}',
            "the keys class, sense, attributes, analogues, synonyms in this order, but has class",
        ),
        (json.dumps(dict(reversed(entry("owl").items()))), "in this order, but has synonyms, analogues"),
        (json.dumps(entry("owl") | {"sense": 1}), "sense must be a text, but it is 1"),
        (json.dumps(entry("owl", synonyms="Eule")), 'synonyms must be a list of texts, but it is "Eule"'),
        (json.dumps(entry("owl", attributes=["red", 1])), "attributes must be a list of texts"),
    ],
)
def test_another_form_is_refused(line: str, complaint: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        class_of(line)
    assert complaint in str(refused.value)
