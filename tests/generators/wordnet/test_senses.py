from __future__ import annotations

from collections.abc import Sequence

import pytest
from bag_of_words import BagOfWords

from clipcoder.generators.base import TextEncoder
from clipcoder.generators.names import parse_name
from clipcoder.generators.wordnet.data import WordNet
from clipcoder.generators.wordnet.lookup import find
from clipcoder.generators.wordnet.senses import Query, choose_senses


def choose(
    wordnet: WordNet, names: Sequence[str], encoder: TextEncoder | None = None, weight: float = 0.5
) -> list[str]:
    parsed = [parse_name(name) for name in names]
    queries = [Query(one, find(wordnet, one.name)) for one in parsed]
    synsets = choose_senses(wordnet, queries, encoder, weight)
    return [synset.lexname if synset else "" for synset in synsets]


@pytest.mark.parametrize(
    ("name", "lexname"),
    [("turkey", "animal"), ("trunk", "artifact"), ("crane", "animal"), ("crane (machine)", "artifact"),
     ("crane, derrick", "artifact"), ("crane (bird)", "animal"), ("nail", "artifact"),
     ("bass (fish)", "animal")],
)  # fmt: skip
def test_a_photo_shows_a_thing_and_remarks_count(wordnet: WordNet, name: str, lexname: str) -> None:
    assert choose(wordnet, [name]) == [lexname]


def test_the_other_classes_count(wordnet: WordNet) -> None:
    machines = ["screwdriver", "laptop", "telescope", "bicycle", "sofa"]
    meals = ["cheeseburger", "doughnut", "omelet", "pancake", "sandwich"]
    assert choose(wordnet, ["crane"]) == ["animal"]
    assert choose(wordnet, ["crane", *machines])[0] == "artifact"
    assert choose(wordnet, ["cake"]) == ["artifact"]
    assert choose(wordnet, ["cake", *meals])[0] == "food"


def test_an_encoder_that_knows_the_context_decides(wordnet: WordNet) -> None:
    lifting = BagOfWords({"crane": "lifts"})
    wading = BagOfWords({"crane": "wading"})
    assert choose(wordnet, ["crane"], lifting, weight=5) == ["artifact"]
    assert choose(wordnet, ["crane"], wading, weight=5) == ["animal"]


def test_without_weight_the_encoder_does_not_count(wordnet: WordNet) -> None:
    assert choose(wordnet, ["crane"], BagOfWords({"crane": "lifts"}), weight=0) == choose(wordnet, ["crane"])


def test_all_names_and_definitions_are_encoded_in_one_call(wordnet: WordNet) -> None:
    encoder = BagOfWords()
    choose(wordnet, ["crane", "gerenuk", "turkey", "xyzzy"], encoder)
    (texts,) = encoder.calls
    assert {"crane", "turkey"} <= set(texts)
    assert "gerenuk" not in texts  # it has one sense
    assert len(texts) == len(set(texts))


def test_nothing_to_choose_asks_the_encoder_nothing(wordnet: WordNet) -> None:
    encoder = BagOfWords()
    assert choose(wordnet, [], encoder) == []
    assert choose(wordnet, ["xyzzy", ""], encoder) == ["", ""]
    assert encoder.calls == []


def test_most_imagenet_names_get_their_true_sense(
    wordnet: WordNet, imagenet_wnids: dict[str, list[str]]
) -> None:
    names = list(imagenet_wnids)
    parsed = [parse_name(name) for name in names]
    synsets = choose_senses(wordnet, [Query(one, find(wordnet, one.name)) for one in parsed])
    right = sum(
        s is not None and s.wnid in imagenet_wnids[name] for name, s in zip(names, synsets, strict=True)
    )
    assert right / len(names) > 0.90  # the most frequent sense alone is right for 0.79
