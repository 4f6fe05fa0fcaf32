"""The random-words control: the form of a bank without its knowledge."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from clipcoder.bank import TextBank, random_words
from clipcoder.source import Source

BANK = TextBank.from_texts(
    {
        "tabby_cat": {
            "name": ["a photo of a tabby cat"],
            "synonym": ["a photo of a mouser"],
            "attribute": [
                f"a photo of a tabby cat, which has {what}" for what in ("soft fur", "green eyes", "tail")
            ],
            "analogue": ["a photo of a tabby cat, similar to a lynx", "a tabby cat", "a photo"],
        },
        "cup (tea)": ["a cup of tea with porcelain handles"],
    }
)


def test_naming_texts_stay_and_every_describing_text_has_a_control():
    control = random_words(BANK, seed=1)
    assert control.class_names == BANK.class_names
    assert control.text_kind.tolist() == BANK.text_kind.tolist()
    for old, new in zip(BANK.texts, control.texts, strict=True):
        assert (new == old) == (old.kind in {"name", "synonym"})
        assert new.source == (old.source if new == old else Source("random words 1"))


def test_the_frame_and_the_class_name_stay_and_the_content_goes():
    texts = [t.text for t in random_words(BANK, seed=1).texts]
    assert re.fullmatch(r"a photo of a tabby cat, which has [a-z]{4} [a-z]{3}", texts[2])
    assert re.fullmatch(r"a photo of a tabby cat, similar to a [a-z]{4}", texts[5])
    assert re.fullmatch(r"a cup of tea with [a-z]{9} [a-z]{7}", texts[8])
    assert not {"fur", "soft", "green", "eyes", "lynx", "porcelain", "handles"} & set(" ".join(texts).split())


def test_a_text_without_content_gets_some():
    texts = [t.text for t in random_words(BANK, seed=1).texts]
    assert re.fullmatch(r"a tabby cat [a-z]{5}", texts[6])
    assert re.fullmatch(r"a photo [a-z]{5}", texts[7])


def test_texts_of_one_form_stay_different():
    crowd = TextBank.from_texts(
        {"cat": [f"a cat with a {a}{b}{c}" for a in "xyz" for b in "aeiou" for c in "bdg"]}
    )
    assert len({t.text for t in random_words(crowd, seed=0).texts}) == len(crowd)


@given(st.integers(0, 99))
def test_the_same_seed_gives_the_same_words_whatever_the_order_of_classes(seed: int):
    backwards = TextBank(BANK.class_names[::-1], BANK.texts)
    there, back = (random_words(bank, seed).by_class for bank in (BANK, backwards))
    assert there == {name: back[name] for name in there}


def test_another_seed_gives_other_words():
    assert random_words(BANK, seed=1).texts[2].text != random_words(BANK, seed=2).texts[2].text


def test_half_of_the_texts_have_english_words_and_half_have_letters():
    many = TextBank.from_texts({"cat": [f"a cat with a {'w' * 12} {i}" for i in range(200)]})
    sevens = [t.text for t in random_words(many, seed=3).texts]
    letters = sum(
        len(text.split()[4]) == 12 for text in sevens
    )  # the longest English word on the list has 11
    assert 70 < letters < 130
