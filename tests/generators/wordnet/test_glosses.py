from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipcoder.generators.wordnet.data import WordNet
from clipcoder.generators.wordnet.glosses import content_words, take_apart


@pytest.mark.parametrize(
    ("gloss", "genus", "traits"),
    [
        ("a mug intended for serving coffee", "is a mug", ("is intended for serving coffee",)),
        ("a large cat of Africa", "is a large cat", ()),
        ("a cup of glass or china", "is a cup of glass or china", ()),
        ("small birds with red tails", "is a small bird", ("has red tails",)),
        ("either of two large trees having soft needles", "is a large tree", ("has soft needles",)),
        ("a breed of slender hounds", "is a slender hound", ()),
        ("German breed of large strong dogs", "is a German breed of large strong dogs", ()),
        ("a pole on which a flag is raised", "is a pole", ("is where a flag is raised",)),
        ("a bus that is painted yellow", "is a bus", ("is painted yellow",)),
        ("birds that wade in water", "is a bird", ("that wade in water",)),
        ("holds loose papers", "that holds loose papers", ()),
        ("an eagle (Aquila) found chiefly in hills", "is an eagle", ("is found chiefly in hills",)),
        ("a hen; often kept for its eggs", "is a hen", ("is often kept for its eggs",)),
        ("a cat; in some classifications a genus of its own", "is a cat", ()),
        ("a fish noted for its taste", "is a fish", ()),
        ("protective glasses worn by welders", "is protective glasses", ("is worn by welders",)),
        ("green herbage: grown as lawns", "is a green herbage", ("is grown as lawns",)),
        ("someone who takes photographs", "", ("that takes photographs",)),
        (
            "a wall; used to divide or enclose an area or to support another",
            "is a wall",
            ("is used to divide or enclose an area or to support another",),
        ),
        ("", "", ()),
        ("()", "", ()),
    ],
)
def test_a_definition_becomes_predicates(gloss: str, genus: str, traits: tuple[str, ...]) -> None:
    assert take_apart(gloss) == (genus, traits)


def test_phrases_are_short(wordnet: WordNet) -> None:
    phrases = [
        p for row in range(0, len(wordnet), 97) for p in _phrases(take_apart(wordnet.synset(row).gloss, 9))
    ]
    assert len(phrases) > 500
    assert max(len(phrase.split()) for phrase in phrases) <= 9 + 2  # "is a" comes on top


def test_no_phrase_ends_in_its_middle(wordnet: WordNet) -> None:
    assert take_apart("a wall; used to divide or enclose an area or to support another", 9).traits == (
        "is used to divide or enclose an area",
    )
    last = {
        phrase.split()[-1]
        for row in range(0, len(wordnet), 97)
        for phrase in take_apart(wordnet.synset(row).gloss, 9).traits
    }
    assert last.isdisjoint({"and", "or", "such", "of", "to", "with", "a", "the"})


def test_most_animals_and_artifacts_have_a_phrase(wordnet: WordNet) -> None:
    synsets = [wordnet.synset(row) for row in range(0, len(wordnet), 23)]
    things = [synset for synset in synsets if synset.lexname in {"animal", "artifact"}]
    described = [synset for synset in things if any(_phrases(take_apart(synset.gloss)))]
    genera = sum(synset.gloss.startswith(("type genus", "a genus")) for synset in things)
    assert len(described) > 0.8 * (len(things) - genera)


def _phrases(definition: tuple[str, tuple[str, ...]]) -> list[str]:
    return [phrase for phrase in (definition[0], *definition[1]) if phrase]


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.sampled_from("abs ,;:()and withthatofin\n"), max_size=80))
def test_any_text_can_be_taken_apart(text: str) -> None:
    for phrase in _phrases(take_apart(text)):
        assert phrase == phrase.strip()
        assert ";" not in phrase


def test_content_words_ignore_number_and_case() -> None:
    assert content_words("A large eye") == content_words("large Eyes")
    assert content_words("which is of the") == frozenset()
