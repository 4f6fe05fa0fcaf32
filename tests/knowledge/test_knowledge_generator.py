"""The pack as a writer: what it says itself, what others say for it, and what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.generators.base import BatchGenerator, Question, SnippetKind
from clipcoder.knowledge.generator import KnowledgeGenerator
from clipcoder.knowledge.pack import Pack


class Chatty:
    """Says of everything which question it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def generate(self, kind: SnippetKind, class_name: str, *, other: str | None = None) -> list[str]:
        self.asked.append(class_name)
        return [f"{kind} of {class_name}" + (f" and {other}" if other else "")]


@pytest.fixture
def chatty() -> Chatty:
    return Chatty()


def generator(names: Sequence[str], pack: Pack, chatty: Chatty | None = None) -> KnowledgeGenerator:
    return KnowledgeGenerator(names, (lambda: chatty) if chatty else None, pack=pack)


def test_it_takes_batches(pack: Pack) -> None:
    assert isinstance(generator(["jay"], pack), BatchGenerator)


def test_what_the_pack_knows_it_says_itself(pack: Pack, chatty: Chatty) -> None:
    birds = generator(["Cranes", "jay"], pack, chatty)
    assert birds.generate("attribute", "Cranes")[0] == "red side of crane"
    assert birds.generate("synonym", "jay") == ["Häher", "crow's cousin"]
    assert str(birds.sources["Cranes"]) == "knowledge birds"
    assert (list(birds.notes()), chatty.asked) == ([], [])


def test_what_it_does_not_know_others_say_for_it(pack: Pack, chatty: Chatty) -> None:
    mixed = generator(["jay", "gizmo"], pack, chatty)
    questions = [
        Question("attribute", "gizmo"),
        Question("attribute", "jay"),
        Question("synonym", "stranger"),
    ]
    replies = list(mixed.replies(questions))
    assert [reply.question for reply in replies] == questions
    assert replies[0].snippets == ("attribute of gizmo",)
    assert [str(reply.source) for reply in replies] == ["wordnet", "knowledge birds", "wordnet"]
    assert chatty.asked == ["gizmo", "stranger"]


def test_the_wording_is_that_of_the_only_data_set(pack: Pack) -> None:
    assert generator(["rivers", "forest"], pack).prompts == "eurosat"
    assert generator(["rivers", "forest", "jay"], pack).prompts == "generic"
    assert generator(["jay", "crane"], pack).prompts == "generic"  # the catalogue has no birds


def test_without_others_it_says_nothing(pack: Pack) -> None:
    assert generator(["gizmo"], pack).generate("attribute", "gizmo") == []


def test_it_notes_what_it_does_not_know(pack: Pack) -> None:
    names = ["digger", "excavators", "crane", *map(str, range(10))]
    first, second = generator(names, pack).notes()
    assert first == (
        "11 of 13 classes are not in the knowledge pack and have what WordNet knows of them: "
        "crane, 0, 1, 2, 3, 4, 5, 6, ..."
    )
    assert second.startswith("'crane' may be 'tower crane' or 'crane lorry'; write one of these, or what it")


def test_the_name_of_the_pack_is_a_synonym_of_another_one(pack: Pack) -> None:
    assert generator(["digger"], pack).generate("synonym", "digger") == ["excavators"]
    assert generator(["Excavator"], pack).generate("synonym", "Excavator") == ["digger"]


def test_no_class_of_the_user_is_an_analogue_or_a_synonym(pack: Pack) -> None:
    names = ["digger", "excavators", "Back-hoes", "tower crane", "crane lorry"]
    machines = generator(names, pack)
    assert machines.generate("analogue", "digger") == ["bulldozer"]
    assert machines.generate("synonym", "digger") == machines.generate("synonym", "excavators") == []


def test_a_pair_has_the_differences_of_the_pack(pack: Pack) -> None:
    birds = generator(["jay", "crane"], pack)
    assert birds.pairs() == [("crane", "jay")]
    assert birds.generate("one_to_one", "jay", other="crane") == ["blue wings", "black bar"]
    assert birds.generate("one_to_one", "crane", other="jay") == ["long legs"]


def test_a_pair_without_differences_has_its_own_attributes(pack: Pack, chatty: Chatty) -> None:
    mixed = generator(["jay", "waxwing", "digger", "gizmo"], pack, chatty)
    assert mixed.pairs() == []
    own = ["red side of jay", "blue side of jay", "green side of jay", "white side of jay"]
    for other in ("waxwing", "digger", "gizmo"):
        assert mixed.generate("one_to_one", "jay", other=other) == own
    assert mixed.generate("one_to_one", "gizmo", other="jay") == ["one_to_one of gizmo and jay"]


def test_what_both_have_is_no_difference(pack: Pack) -> None:
    twice = generator(["crane", "CRANE!"], pack)
    assert twice.generate("one_to_one", "crane", other="CRANE!") == []


def test_what_cannot_be_asked_is_refused(pack: Pack) -> None:
    with pytest.raises(UnknownNameError, match="kind of snippet"):
        generator(["jay"], pack).generate("colour", "jay")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="give other="):
        generator(["jay"], pack).generate("one_to_one", "jay")
