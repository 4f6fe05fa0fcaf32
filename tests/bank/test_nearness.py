"""Classes and texts that lie near each other for an encoder."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.bank import TextBank, nearness
from clipcoder.bank.nearness import near_texts, nearest_classes
from toy_encoder import ColourEncoder

COLOURS = TextBank.from_texts(
    {"lime": ["yellow", "a green lime"], "hue": [], "leaf": ["green"], "brick": ["red"], "sea": ["blue"]}
)


def features(bank: TextBank) -> np.ndarray:
    return ColourEncoder().encode_texts([t.text for t in bank.texts])


def test_the_nearest_classes_come_first_with_the_texts_that_make_them_near() -> None:
    first, second = nearest_classes(COLOURS, features(COLOURS), 2)
    assert (first.first, first.second, first.cosine) == ("lime", "leaf", 0.9487)
    assert ([t.text for t in first.texts], first.text_cosine) == (["a green lime", "green"], 1.0)
    assert (second.first, second.second, second.cosine) == ("lime", "brick", 0.3162)
    assert ([t.text for t in second.texts], second.text_cosine) == (["yellow", "red"], 0.6)


def test_only_pairs_with_the_wanted_classes_come() -> None:
    pairs = [
        (near.first, near.second) for near in nearest_classes(COLOURS, features(COLOURS), 9, of=["brick"])
    ]
    assert pairs == [("lime", "brick"), ("leaf", "brick"), ("brick", "sea")]


def test_of_all_pairs_there_are_no_more_than_all() -> None:
    assert len(nearest_classes(COLOURS, features(COLOURS), 99)) == 6  # of four classes with texts


@pytest.mark.parametrize("texts", [{"red": ["red"]}, {"red": [], "blue": []}, {"red": ["red"], "blue": []}])
def test_fewer_than_two_classes_with_texts_have_no_pairs(texts: dict[str, list[str]]) -> None:
    bank = TextBank.from_texts(texts)
    assert nearest_classes(bank, features(bank)) == []


@given(seed=st.integers(0, 2**32 - 1), top=st.integers(1, 12))
def test_the_nearest_are_those_of_all_pairs(seed: int, top: int) -> None:
    rng = np.random.default_rng(seed)
    bank = TextBank.from_texts({f"class {c}": [str(i) for i in range(rng.integers(1, 4))] for c in range(6)})
    rows = rng.standard_normal((len(bank), 4)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    means = np.stack([rows[bank.text_class == c].mean(axis=0) for c in range(6)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    expected = np.sort((means @ means.T)[np.triu_indices(6, 1)])[::-1][:top]
    found = [near.cosine for near in nearest_classes(bank, rows, top)]
    assert found == pytest.approx(expected.tolist(), abs=1e-4)


def test_a_text_very_near_an_earlier_one_of_its_class_is_told() -> None:
    bank = TextBank.from_texts({"a": ["red", "blue", "tomato", "sky"], "b": ["red", "a red one"]})
    found = [(n.text.class_name, n.text.text, n.earlier.text) for n in near_texts(bank, features(bank))]
    assert found == [("a", "tomato", "red"), ("a", "sky", "blue"), ("b", "a red one", "red")]


def test_how_near_is_near_is_for_the_caller_to_say() -> None:
    bank = TextBank.from_texts({"a": ["red", "yellow"]})
    assert [near.likeness for near in near_texts(bank, features(bank), 0.5)] == [0.6]
    assert near_texts(bank, features(bank), 0.7) == []


def test_near_texts_do_not_depend_on_how_much_is_compared_together(monkeypatch) -> None:
    rows = np.random.default_rng(2).standard_normal((30, 3)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    bank = TextBank.from_texts({"a": [str(i) for i in range(11)], "b": [str(i) for i in range(19)]})
    whole = near_texts(bank, rows, 0.8)
    monkeypatch.setattr(nearness, "_ROWS_AT_ONCE", 4)
    assert near_texts(bank, rows, 0.8) == whole
