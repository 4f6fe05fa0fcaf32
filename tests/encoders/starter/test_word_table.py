"""A table of four words, worked out by hand, and the packing of numbers into half bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from clipcoder.encoders.starter.word_table import MAX_PIECES, WordTable, packed, unpacked

# Rows: [UNK], great, white, shark, and the pair "great white".
VECTORS = np.array([[0, 0], [7, 0], [0, 7], [7, 7], [-7, 0]], np.float32)


def toy_words() -> WordTable:
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0, "great": 1, "white": 2, "shark": 3}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    numbers, scales = packed(VECTORS)
    return WordTable(tokenizer, numbers, scales, np.array([[1, 2]], np.int32))


@pytest.fixture
def words() -> WordTable:
    return toy_words()


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("great", [1, 0]),
        ("white great", [1, 1]),  # not the known pair: that has an order
        ("great white", [0, 1]),  # the pair's vector cancels "great"
        ("great white shark", [1, 2]),
    ],
)
def test_a_text_is_the_sum_of_its_pieces_and_known_pairs(
    words: WordTable, text: str, direction: list[float]
) -> None:
    (row,) = words([text])
    np.testing.assert_allclose(row, np.array(direction) / np.linalg.norm(direction), atol=1e-3)


def test_a_pair_does_not_reach_from_one_text_into_the_next(words: WordTable) -> None:
    apart = words(["great", "white"])
    np.testing.assert_array_equal(apart, np.vstack([words(["great"]), words(["white"])]))


def test_texts_without_known_words_keep_their_places(words: WordTable) -> None:
    rows = words(["", "great", "zzz", "", "white", ""])
    np.testing.assert_allclose(rows[[1, 4]], np.eye(2), atol=1e-3)
    np.testing.assert_allclose(rows[[0, 2, 3, 5]], np.full((4, 2), np.sqrt(0.5)), atol=1e-3)


def test_no_text_is_no_row(words: WordTable) -> None:
    assert words([]).shape == (0, 2)


def test_a_table_without_pairs(words: WordTable) -> None:
    without = WordTable(words.tokenizer, words.packed[:4], words.scales[:4], np.zeros((0, 2), np.int32))
    np.testing.assert_allclose(without(["great white"])[0], np.sqrt([0.5, 0.5]), atol=1e-3)


def test_long_texts_are_cut(words: WordTable) -> None:
    long = " ".join(["great"] * MAX_PIECES + ["white"] * 500)
    np.testing.assert_allclose(words([long])[0], [1, 0], atol=1e-3)


@given(st.lists(st.sampled_from(["great", "white", "shark", "zzz", "great white shark", ""]), max_size=6))
def test_batches_change_nothing(texts: list[str]) -> None:
    words = toy_words()
    together = words(texts)
    alone = np.concatenate([np.zeros((0, 2), np.float32), *(words([text]) for text in texts)])
    np.testing.assert_allclose(together, alone, atol=1e-6)


@given(st.integers(0, 10_000))
def test_packing_loses_at_most_half_a_step_or_the_ends(seed: int) -> None:
    table = np.random.default_rng(seed).normal(size=(5, 8)).astype(np.float32)
    numbers, scales = packed(table)
    again = unpacked(numbers, scales)
    inside = (table > -8 * scales[:, None]) & (table < 7 * scales[:, None])
    assert (np.abs(again - table) <= (0.5 + 1e-3) * scales[:, None])[inside].all()
    assert ((again - table) ** 2).sum() < 0.05 * (table**2).sum()


def test_packing_takes_half_a_byte_a_number_and_keeps_zeros() -> None:
    numbers, scales = packed(np.zeros((3, 6), np.float32))
    assert numbers.shape == (3, 3)
    assert numbers.dtype == np.uint8
    assert not unpacked(numbers, scales).any()
