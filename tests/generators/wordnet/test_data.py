from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clipcoder
from clipcoder.errors import InvalidInputError
from clipcoder.generators.wordnet.data import WordNet, load_wordnet


def glosses(wordnet: WordNet, word: str) -> list[str]:
    return [wordnet.synset(sense.synset).gloss for sense in wordnet.senses(word)]


def test_a_synset_knows_its_neighbours(wordnet: WordNet) -> None:
    bicycle = wordnet.by_wnid("n02834778")
    assert bicycle is not None
    assert bicycle.lemmas == ("bicycle", "bike", "wheel", "cycle")
    assert bicycle.lexname == "artifact"
    assert bicycle.tags > 0
    assert not bicycle.is_instance
    assert "handlebar" in {wordnet.synset(part).lemmas[0] for part in bicycle.parts}
    assert [wordnet.synset(up).lemmas[0] for up in bicycle.hypernyms] == ["wheeled vehicle"]
    assert bicycle.row in wordnet.hyponyms(bicycle.hypernyms[0])
    assert '"' not in bicycle.gloss


def test_members_substances_and_instances(wordnet: WordNet) -> None:
    forest, tusk, tower = map(wordnet.by_wnid, ("n08438533", "n01465713", "n03266906"))
    assert forest
    assert tusk
    assert tower
    assert "tree" in {wordnet.synset(member).lemmas[0] for member in forest.members}
    assert [wordnet.synset(substance).lemmas[0] for substance in tusk.substances] == ["ivory"]
    assert tower.lemmas == ("Eiffel Tower",)
    assert tower.is_instance


def test_hyponyms_mirror_hypernyms(wordnet: WordNet) -> None:
    for row in range(0, len(wordnet), 501):
        assert all(row in wordnet.synset(kind).hypernyms for kind in wordnet.hyponyms(row))
        assert all(row in wordnet.hyponyms(up) for up in wordnet.synset(row).hypernyms)


def test_everything_descends_from_entity(wordnet: WordNet) -> None:
    (entity,) = [row for row in range(len(wordnet)) if not wordnet.synset(row).hypernyms]
    assert wordnet.synset(entity).lemmas == ("entity",)
    for row in range(1, len(wordnet), 501):
        steps = wordnet.ancestors(row)
        assert entity in steps
        assert list(steps.values()) == sorted(steps.values())


@pytest.mark.parametrize("wnid", ["n00000001", "n1440764", "tench", "", "n99999999"])
def test_an_unknown_wnid_is_none(wordnet: WordNet, wnid: str) -> None:
    assert wordnet.by_wnid(wnid) is None


@pytest.mark.parametrize(
    ("typed", "entry"),
    [("TABBY_CAT", "tabby cat"), ("jack o lantern", "jack-o'-lantern"), ("seahorse", "sea horse"),
     ("gerenuks", "gerenuk"), ("sea horses", "sea horse"), ("wolves", "wolf"), ("aardwolves", "aardwolf"),
     ("crème brûlée", "creme brulee")],
)  # fmt: skip
def test_spellings_and_plurals_find_the_entry(wordnet: WordNet, typed: str, entry: str) -> None:
    assert set(glosses(wordnet, entry)) <= set(glosses(wordnet, typed))
    assert glosses(wordnet, entry)


def test_the_most_usual_sense_comes_first(wordnet: WordNet) -> None:
    senses = wordnet.senses("dog")
    assert [sense.rank for sense in senses] == list(range(1, len(senses) + 1))
    assert senses[0].tags > 10
    assert len({sense.synset for sense in senses}) == len(senses)


def test_a_plural_with_an_entry_of_its_own_is_not_reduced(wordnet: WordNet) -> None:
    assert glosses(wordnet, "scissors")[0].startswith("an edge tool")


@settings(max_examples=60, deadline=None)
@given(word=st.text())
def test_any_text_can_be_looked_up(wordnet: WordNet, word: str) -> None:
    assert all(0 <= sense.synset < len(wordnet) for sense in wordnet.senses(word))


def test_the_package_is_read_once() -> None:
    assert load_wordnet() is load_wordnet()


def test_the_licence_ships_beside_the_data() -> None:
    folder = Path(clipcoder.__file__).parent / "assets" / "wordnet"
    assert "Princeton" in (folder / "LICENSE").read_text()
    assert (folder / "nouns.npz").stat().st_size < 4_000_000


def _pickled() -> bytes:
    file = io.BytesIO()
    np.savez(file, offsets=np.array([{}], dtype=object))
    return file.getvalue()


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 cut short", _pickled()])
def test_another_file_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"build_wordnet\.py"):
        WordNet(io.BytesIO(content))
