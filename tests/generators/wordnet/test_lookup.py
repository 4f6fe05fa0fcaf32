from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipcoder.generators.wordnet.data import WordNet
from clipcoder.generators.wordnet.lookup import find


@pytest.mark.parametrize(
    ("name", "before", "found", "after"),
    [
        ("tabby cat", "", "tabby cat", ""),
        ("stripy tabby cat", "stripy", "tabby cat", ""),
        ("cougar body", "", "cougar", "body"),
        ("flamingo head", "", "flamingo", "head"),
        ("human body", "", "human body", ""),
        ("body", "", "body", ""),
        ("bottle of wine", "", "bottle", "of wine"),
        ("person riding a horse", "", "person", "riding a horse"),
        ("hotel swimming pool", "hotel", "swimming pool", ""),
        ("black and white cat", "black and white", "cat", ""),
        ("bright-red lorry", "bright red", "lorry", ""),
        ("zzyx cats", "zzyx", "cats", ""),
        ("motorcycle qqq", "", "motorcycle", "qqq"),
    ],
)
def test_the_head_noun_is_found_and_the_rest_kept(
    wordnet: WordNet, name: str, before: str, found: str, after: str
) -> None:
    match = find(wordnet, name)
    assert (match.before, match.found, match.after) == (before, found, after)
    assert match.senses
    assert match.is_whole == (not before and not after)


@pytest.mark.parametrize("name", ["", "xyzzy", "the", "of the", "猫", "𝔘𝔫", "-/-", "q w"])
def test_an_unknown_name_has_no_senses(wordnet: WordNet, name: str) -> None:
    match = find(wordnet, name)
    assert match.senses == ()


@settings(max_examples=60, deadline=None)
@given(
    name=st.lists(st.sampled_from(["red", "cat", "of", "side", "qzx", "sea", "horse", "-", "a"]), max_size=8)
)
def test_no_word_is_lost(wordnet: WordNet, name: list[str]) -> None:
    match = find(wordnet, " ".join(name))
    kept = match.rename(match.found).replace("-", " ").split()
    assert kept == [word for word in name if word != "-"]
