"""Distil the sentence encoder into a table: a text is the sum of the vectors of its pieces.

The targets are the teacher's embeddings, centred and cut to their main directions; those of nouns are drawn
towards their definitions. Word pieces come from the teacher's vocabulary, without those that no text here
uses; pairs of neighbouring pieces are the most frequent ones of names.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from clipcoder.encoders.starter.text_space import unit
from clipcoder.encoders.starter.word_table import MAX_PIECES, WordTable, packed
from training.corpus import PROMPT, Name
from training.settings import Settings

FloatArray = npt.NDArray[np.float32]
Pair = tuple[int, int]

_THING_WEIGHT: Final = 3.0  # what a photo can show counts more
_PROMPT_PIECES: Final = len(PROMPT.format("").split())


def distilled(
    tokenizer: Tokenizer,
    names: Sequence[Name],
    texts: Sequence[str],
    embeddings: FloatArray,
    settings: Settings,
) -> WordTable:
    """Train the table.

    Args:
        tokenizer: see ``pruned_tokenizer``.
        names: nouns; their prompts and definitions are among the texts.
        texts: all texts, each once.
        embeddings: the teacher's, shape (n_texts, 384).
        settings: of the text tower.
    """
    place = {text: i for i, text in enumerate(texts)}
    targets = principal(embeddings, settings.text_dim)
    weights = np.ones(len(texts), dtype=np.float32)
    targets = drawn_to_definitions(targets, names, place, settings.gloss_weight)
    weights[[place[name.prompt] for name in names if name.is_thing]] = _THING_WEIGHT

    pieces = piece_ids(tokenizer, texts)
    pairs = frequent_pairs(
        [(pieces[place[n.prompt]], weights[place[n.prompt]]) for n in names], settings.n_pairs
    )
    rows = with_pairs(pieces, pairs, tokenizer.get_vocab_size())
    table = _fit(rows, tokenizer.get_vocab_size() + len(pairs), targets, weights, settings)
    numbers, scales = packed(table)
    return WordTable(tokenizer, numbers, scales, np.array(pairs, dtype=np.int32).reshape(-1, 2))


def principal(embeddings: FloatArray, dim: int) -> FloatArray:
    """Centre the embeddings and return their ``dim`` main directions as unit rows."""
    centred = embeddings - embeddings.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    return unit(centred @ directions[:, ::-1][:, :dim])


def drawn_to_definitions(
    targets: FloatArray, names: Sequence[Name], place: dict[str, int], gloss_weight: float
) -> FloatArray:
    """Add to each name's target ``gloss_weight`` times the direction of its definitions."""
    drawn = targets.copy()
    for name in names:
        known = [
            (place[definition], weight) for definition, weight in name.definitions if definition in place
        ]
        if known:
            meaning = sum(weight * targets[i] for i, weight in known)
            drawn[place[name.prompt]] += gloss_weight * unit(meaning)
    return unit(drawn)


def pruned_tokenizer(file: Path, texts: Sequence[str]) -> Tokenizer:
    """Return the tokenizer with only those pieces that the texts use, and single characters for all else."""
    spec = json.loads(file.read_text(encoding="utf-8"))
    spec["truncation"] = spec["padding"] = spec["post_processor"] = None
    full = Tokenizer.from_str(json.dumps(spec))
    used = {
        piece
        for encoding in full.encode_batch(list(texts), add_special_tokens=False)
        for piece in encoding.tokens
    }
    vocabulary = [piece for piece in spec["model"]["vocab"] if piece in used or _is_character(piece)]
    unknown = spec["model"]["unk_token"]
    spec["model"]["vocab"] = {
        piece: i for i, piece in enumerate([unknown, *(p for p in vocabulary if p != unknown)])
    }
    spec["added_tokens"] = []
    return Tokenizer.from_str(json.dumps(spec))


def _is_character(piece: str) -> bool:
    character = piece.removeprefix("##")
    return len(character) == 1 and character.isascii()


def piece_ids(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Return the ids of each text's pieces, as the table sees them."""
    return [e.ids[:MAX_PIECES] for e in tokenizer.encode_batch(list(texts), add_special_tokens=False)]


def frequent_pairs(prompts: Sequence[tuple[list[int], float]], n_pairs: int) -> list[Pair]:
    """Return the pairs of pieces within names that weigh most, in ascending order."""
    counts: Counter[Pair] = Counter()
    for pieces, weight in prompts:
        for pair in pairwise(pieces[_PROMPT_PIECES:]):
            counts[pair] += float(weight)
    return sorted(pair for pair, _ in counts.most_common(n_pairs))


def with_pairs(pieces: Sequence[list[int]], pairs: Sequence[Pair], n_pieces: int) -> list[list[int]]:
    """Return each text's rows of the table: its pieces and the known pairs of them."""
    row = {pair: n_pieces + i for i, pair in enumerate(pairs)}
    return [ids + [row[pair] for pair in pairwise(ids) if pair in row] for ids in pieces]


def _fit(
    rows: list[list[int]], n_rows: int, targets: FloatArray, weights: FloatArray, settings: Settings
) -> FloatArray:
    """Minimise the weighted cosine distance between sums of rows and targets."""
    torch.manual_seed(settings.seed)
    table = torch.nn.EmbeddingBag(n_rows, settings.text_dim, mode="sum")
    torch.nn.init.normal_(table.weight, std=0.01)
    steps = settings.epochs * len(list(_batches(len(rows), settings.batch_size)))
    optimiser = torch.optim.Adam(table.parameters(), lr=settings.learning_rate, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=steps, pct_start=0.1
    )
    goals, importance = torch.from_numpy(targets), torch.from_numpy(weights)
    shuffler = np.random.default_rng(settings.seed)
    for _ in range(settings.epochs):
        order = shuffler.permutation(len(rows))
        for batch in _batches(len(rows), settings.batch_size):
            chosen = order[batch]
            sums = table(*_bags([rows[i] for i in chosen]))
            cosines = torch.nn.functional.cosine_similarity(sums, goals[chosen], dim=1)
            loss = (importance[chosen] * (1 - cosines)).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    fitted: FloatArray = table.weight.detach().numpy()
    return fitted


def _batches(n: int, size: int) -> Iterator[slice]:
    """Yield whole batches; what is left over waits for the next epoch's order, unless it is all there is."""
    size = min(size, n)
    return (slice(start, start + size) for start in range(0, n - size + 1, size))


def _bags(rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    ends = np.cumsum([len(bag) for bag in rows])
    return torch.tensor([i for bag in rows for i in bag]), torch.from_numpy(np.r_[0, ends[:-1]])
