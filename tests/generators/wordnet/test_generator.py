from __future__ import annotations

import pytest
from bag_of_words import BagOfWords
from hypothesis import given, settings
from hypothesis import strategies as st

from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.generators.base import SNIPPET_KINDS, Generator, SnippetKind
from clipcoder.generators.names import search_key
from clipcoder.generators.sentences import render
from clipcoder.generators.wordnet.data import WordNet
from clipcoder.generators.wordnet.generator import WordNetGenerator
from clipcoder.generators.wordnet.glosses import content_words

PETS = ["tabby cat", "Siamese cat", "beagle", "goldfish", "hamster"]
NAMES = [
    *PETS,
    "car_side",
    "coins",
    "xyzzy",
    "",
    "猫",
    "crane (machine)",
    "Eiffel Tower",
    "cup of tea",
    "dog",
]


def everything(generator: WordNetGenerator, name: str, other: str = "dog") -> dict[str, list[str]]:
    return {
        kind: generator.generate(kind, name, other=other if kind == "one_to_one" else None)
        for kind in SNIPPET_KINDS
    }


def test_it_is_a_generator() -> None:
    assert isinstance(WordNetGenerator(PETS), Generator)


def test_attributes_are_kind_traits_and_parts() -> None:
    attributes = WordNetGenerator(["bicycle"]).generate("attribute", "bicycle")
    assert attributes[0] == "is a wheeled vehicle"
    assert "has two wheels and is moved by foot pedals" in attributes
    assert "has a handlebar" in attributes


def test_attributes_come_from_near_hypernyms_too() -> None:
    assert "has retractile claws" in WordNetGenerator(["jaguar"]).generate("attribute", "jaguar")


def test_a_hypernym_that_is_a_class_is_not_named() -> None:
    assert "is a kind of big cat" in WordNetGenerator(["jaguar"]).generate("attribute", "jaguar")
    assert "is a kind of big cat" not in WordNetGenerator(["jaguar", "big cat"]).generate(
        "attribute", "jaguar"
    )


def test_no_attribute_says_only_what_an_earlier_one_said() -> None:
    attributes = WordNetGenerator(NAMES, max_attributes=50).generate("attribute", "car_side")
    words = [content_words(attribute) for attribute in attributes]
    assert all(not words[at] <= words[before] for at in range(len(words)) for before in range(at))


def test_analogues_are_sisters_but_no_class() -> None:
    free = WordNetGenerator(["jaguar"]).generate("analogue", "jaguar")
    assert free[:2] == ["lion", "tiger"]
    taken = WordNetGenerator(["jaguar", "lions", "Panthera tigris"]).generate("analogue", "jaguar")
    assert {"lion", "tiger"}.isdisjoint(taken)
    assert len(taken) == len(free)


def test_analogues_are_neither_above_nor_below_a_class(wordnet: WordNet) -> None:
    generator = WordNetGenerator(["beagle", "poodle", "horse", "wading bird"], max_analogues=30)
    classes = {
        synset.row for name in ("poodle", "horse", "wading bird") if (synset := generator.synset(name))
    }
    above = {up for row in classes for up in wordnet.ancestors(row)}
    for name in ("beagle", "horse"):
        for analogue in generator.generate("analogue", name):
            rows = {sense.synset for sense in wordnet.senses(analogue)[:1]}
            assert rows.isdisjoint(classes | above)
            assert all(classes.isdisjoint(wordnet.ancestors(row)) for row in rows)


def test_analogues_of_a_kind_of_another_class_are_none_of_its_kinds(wordnet: WordNet) -> None:
    analogues = WordNetGenerator(["dog", "poodle"], max_analogues=50).generate("analogue", "poodle")
    assert "corgi" in WordNetGenerator(["poodle"], max_analogues=50).generate("analogue", "poodle")
    assert "wolf" in analogues
    assert not {"corgi", "spitz", "Newfoundland"} & set(analogues)


def test_what_holds_for_every_tool_is_no_attribute() -> None:
    attributes = WordNetGenerator(["cup of coffee"], max_attributes=50).generate("attribute", "cup of coffee")
    assert "can be used to hold things" in attributes  # of a container
    assert not any("accomplishing some end" in text for text in attributes)  # of an instrumentality


def test_an_instance_has_instances_for_analogues() -> None:
    assert WordNetGenerator(["Eiffel Tower"]).generate("analogue", "Eiffel Tower") == [
        "CN Tower",
        "Space Needle",
    ]


def test_synonyms_are_the_other_words() -> None:
    assert WordNetGenerator(["gnu"]).generate("synonym", "gnu") == ["wildebeest"]
    assert WordNetGenerator(["gnu", "wildebeest"]).generate("synonym", "gnu") == []


def test_synonyms_keep_the_rest_of_the_name() -> None:
    assert "automobile side" in WordNetGenerator(["car_side"]).generate("synonym", "car_side")


def test_other_names_of_the_user_are_synonyms_and_say_what_is_meant() -> None:
    generator = WordNetGenerator(["my bike, mountain bike", "xyzzy, plugh"])
    assert generator.synset("my bike, mountain bike") == WordNetGenerator([]).synset("mountain bike")
    assert generator.generate("synonym", "my bike, mountain bike")[0] == "mountain bike"
    assert generator.generate("synonym", "xyzzy, plugh") == ["plugh"]


def test_latin_and_misleading_words_are_no_synonyms() -> None:
    assert WordNetGenerator(["tench"]).generate("synonym", "tench") == []
    assert "machine" not in WordNetGenerator(["car"], max_synonyms=9).generate("synonym", "car")


def test_one_to_one_leaves_out_what_both_have() -> None:
    generator = WordNetGenerator(["bicycle", "tricycle"])
    differences = generator.generate("one_to_one", "bicycle", other="tricycle")
    assert "is a wheeled vehicle" not in differences
    assert "has two wheels and is moved by foot pedals" in differences
    assert generator.generate("one_to_one", "bicycle", other="bicycle") == []


def test_one_to_one_against_the_unknown_is_all_there_is() -> None:
    generator = WordNetGenerator(["bicycle"], max_attributes=5, max_one_to_one=5)
    assert generator.generate("one_to_one", "bicycle", other="xyzzy") == generator.generate(
        "attribute", "bicycle"
    )


def test_one_to_one_needs_the_other() -> None:
    with pytest.raises(InvalidInputError, match="other="):
        WordNetGenerator(PETS).generate("one_to_one", "beagle")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="'attribute'"):
        WordNetGenerator(PETS).generate("attributes", "beagle")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["xyzzy", "", "猫", "()", "\u0000", "of the"])
def test_an_unknown_name_has_no_texts(name: str) -> None:
    generator = WordNetGenerator([name, "dog"])
    assert generator.synset(name) is None
    assert everything(generator, name) == {kind: [] for kind in SNIPPET_KINDS}


def test_a_class_outside_the_set_is_looked_up_by_itself() -> None:
    generator = WordNetGenerator(["bicycle"])
    assert generator.generate("attribute", "gerenuk")[0] == "is a slender East African antelope"
    assert "gerenuk" not in generator.generate("synonym", "gerenuk")


def test_limits_hold() -> None:
    generator = WordNetGenerator(["car"], max_attributes=2, max_analogues=3, max_synonyms=1, max_one_to_one=0)
    counts = {kind: len(snippets) for kind, snippets in everything(generator, "car").items()}
    assert counts == {"attribute": 2, "analogue": 3, "synonym": 1, "one_to_one": 0}


def test_the_encoder_is_asked_once_for_the_whole_set() -> None:
    encoder = BagOfWords()
    generator = WordNetGenerator(NAMES, encoder)
    for name in NAMES:
        everything(generator, name)
    assert len(encoder.calls) == 1


def test_the_encoder_changes_the_sense() -> None:
    lifting = WordNetGenerator(["crane"], BagOfWords({"crane": "lifts"}), similarity_weight=5)
    assert lifting.generate("attribute", "crane")[0] == "that lifts and moves heavy objects"


@pytest.mark.parametrize(
    ("domain", "gloss"), [("a type of bird", "wading bird"), ("machine", "lifts and moves heavy objects")]
)
def test_a_domain_chooses_the_sense(domain: str, gloss: str) -> None:
    synset = WordNetGenerator(["crane"], domain=domain).synset("crane")
    assert synset is not None
    assert gloss in synset.gloss


def test_a_remark_of_a_name_goes_before_the_domain() -> None:
    generator = WordNetGenerator(["crane (machine)"], domain="a type of bird")
    synset = generator.synset("crane (machine)")
    assert synset is not None
    assert "lifts" in synset.gloss


@settings(max_examples=30, deadline=None)
@given(order=st.permutations(NAMES), name=st.sampled_from(NAMES), copies=st.integers(0, 2))
def test_order_and_repetition_of_classes_do_not_matter(order: list[str], name: str, copies: int) -> None:
    shuffled = WordNetGenerator([*order, *[name] * copies])
    assert everything(shuffled, name) == everything(WordNetGenerator(NAMES), name)


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(
        st.text(max_size=20) | st.sampled_from(["jack-o'-lantern", "a (b) c", "sea_lion", "ears"]), max_size=4
    ),
    kind=st.sampled_from(SNIPPET_KINDS),
)
def test_any_names_give_distinct_snippets_that_render(names: list[str], kind: SnippetKind) -> None:
    generator = WordNetGenerator(names)
    for name in names:
        snippets = generator.generate(kind, name, other=names[-1])
        assert len({search_key(snippet) for snippet in snippets}) == len(snippets)
        sentences = [text for snippet in snippets for text in render(kind, name, snippet)]
        assert all(text.isprintable() for text in sentences if name.isprintable())


def test_caltech_names_go_through(caltech_names: list[str]) -> None:
    """Caltech-101 is the benchmark: no rule may be fitted to its names, so only soundness is asked for."""
    generator = WordNetGenerator(caltech_names)
    assert len(caltech_names) == 100
    for name in caltech_names:
        texts = everything(generator, name, other=caltech_names[0])
        assert all(snippet.strip() for snippets in texts.values() for snippet in snippets)
        assert bool(texts["attribute"]) == (generator.synset(name) is not None)


def test_every_imagenet_class_has_attributes(imagenet_wnids: dict[str, list[str]]) -> None:
    generator = WordNetGenerator(list(imagenet_wnids))
    assert [name for name in imagenet_wnids if not generator.generate("attribute", name)] == []
    classes = {search_key(name) for name in imagenet_wnids}
    kinds: tuple[SnippetKind, ...] = ("analogue", "synonym")
    for kind in kinds:
        told = {search_key(s) for name in imagenet_wnids for s in generator.generate(kind, name)}
        assert told.isdisjoint(classes)
