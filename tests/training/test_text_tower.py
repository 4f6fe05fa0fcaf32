"""Distillation on a handful of texts: what the table learns, and that the same seed gives the same table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the text tower is trained with torch: `make test-training`")

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from training.corpus import Name
from training.settings import Settings
from training.text_tower import (
    distilled,
    drawn_to_definitions,
    frequent_pairs,
    principal,
    pruned_tokenizer,
    with_pairs,
)

from clipcoder.encoders.starter.text_space import unit

PIECES = ["[PAD]", "[UNK]", *"abcdefghijklmnopqrstuvwxyz", *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz"),
          "a", "photo", "of", "white", "shark", "whale", "big", "fish", "never"]  # fmt: skip
TEXTS = ["a photo of a white shark", "a photo of a whale", "big fish", "white whale", "fish"]
NAMES = [
    Name(TEXTS[0], (("big fish", 1.0),), is_thing=True),
    Name(TEXTS[1], (), is_thing=True),
]
SETTINGS = Settings(text_dim=4, n_pairs=1, epochs=300, learning_rate=0.05)


@pytest.fixture
def tokenizer_file(tmp_path: Path) -> Path:
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(PIECES))}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = BertNormalizer(), BertPreTokenizer()
    tokenizer.enable_padding()
    tokenizer.enable_truncation(8)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path / "tokenizer.json"


@pytest.fixture
def embeddings() -> np.ndarray:
    return unit(np.random.default_rng(3).normal(size=(len(TEXTS), 6)).astype(np.float32))


def test_pruning_drops_unused_words_and_keeps_characters(tokenizer_file: Path) -> None:
    tokenizer = pruned_tokenizer(tokenizer_file, TEXTS)
    vocabulary = tokenizer.get_vocab()
    assert "never" not in vocabulary
    assert {"whale", "z", "##z"} <= set(vocabulary)
    assert tokenizer.encode("never white", add_special_tokens=False).tokens == [
        "n",
        "##e",
        "##v",
        "##e",
        "##r",
        "white",
    ]
    assert json.loads(tokenizer.to_str())["truncation"] is None


def test_the_table_learns_its_targets(tokenizer_file: Path, embeddings: np.ndarray) -> None:
    words = distilled(pruned_tokenizer(tokenizer_file, TEXTS), NAMES, TEXTS, embeddings, SETTINGS)
    targets = drawn_to_definitions(
        principal(embeddings, 4), NAMES, {text: i for i, text in enumerate(TEXTS)}, SETTINGS.gloss_weight
    )
    cosines = (words(TEXTS) * targets).sum(axis=1)
    assert cosines.min() > 0.9
    assert words.pairs.tolist() == [
        [words.tokenizer.token_to_id("white"), words.tokenizer.token_to_id("shark")]
    ]


def test_the_same_seed_gives_the_same_table_and_another_does_not(
    tokenizer_file: Path, embeddings: np.ndarray
) -> None:
    tokenizer = pruned_tokenizer(tokenizer_file, TEXTS)
    short = Settings(text_dim=4, n_pairs=1, epochs=3)
    one, two = (distilled(tokenizer, NAMES, TEXTS, embeddings, short) for _ in range(2))
    other = distilled(tokenizer, NAMES, TEXTS, embeddings, Settings(text_dim=4, n_pairs=1, epochs=3, seed=1))
    np.testing.assert_array_equal(one.packed, two.packed)
    np.testing.assert_array_equal(one.scales, two.scales)
    assert (one.packed != other.packed).any()


def test_a_name_is_drawn_to_its_definition_by_hand() -> None:
    targets = np.array([[1, 0], [0, 1]], np.float32)
    drawn = drawn_to_definitions(
        targets, [Name("n", (("d", 0.2), ("lost", 1.0)), False)], {"n": 0, "d": 1}, 3.0
    )
    np.testing.assert_allclose(drawn, [unit(np.float32([1, 3])), [0, 1]], atol=1e-6)


def test_pairs_are_counted_behind_the_prompt_and_by_weight() -> None:
    prompt = [7, 8, 9, 7]
    names = [([*prompt, 1, 2], 1.0), ([*prompt, 3, 4], 3.0), ([*prompt, 1, 2], 1.0)]
    assert frequent_pairs(names, 1) == [(3, 4)]
    assert frequent_pairs(names, 9) == [(1, 2), (3, 4)]
    assert with_pairs([[1, 2, 3, 4]], [(1, 2), (3, 4)], 10) == [[1, 2, 3, 4, 10, 11]]
