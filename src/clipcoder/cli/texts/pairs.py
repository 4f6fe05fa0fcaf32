"""Which pairs of classes are worth texts that tell them apart."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Final, Literal

from clipcoder.cli import sources
from clipcoder.cli.inputs import tell
from clipcoder.cli.progress import progress

if TYPE_CHECKING:
    from clipcoder.arrays import FloatArray
    from clipcoder.bank import TextBank
    from clipcoder.encoders.base import Encoder

PairChoice = Literal["all", "confusable"]

SMALL: Final = 10
"""Up to so many classes all pairs are taken where nobody says which: 45 pairs, 90 requests."""


def pairs_of(
    bank: TextBank, encoder: Encoder, choice: PairChoice | None, images: Sequence[str], neighbours: int
) -> list[tuple[str, str]]:
    """Return the pairs to ask about.

    Args:
        bank: the classes, with texts to tell what lies near; no language model is needed for it.
        encoder: what encodes the texts and the images.
        choice: all pairs, or those that are easily confused; None: all of a small set.
        images: unlabelled images whose confusions count, as paths, folders or globs; without any, the nearest
            texts say what is confusable.
        neighbours: how many others are taken for each class.

    Raises:
        InvalidInputError: images were named, but there are none.
    """
    from clipcoder.bank.confusable import confused_pairs, nearest_pairs

    names = bank.class_names
    if not images and (choice == "all" or (choice is None and len(names) <= SMALL)):
        return list(combinations(names, 2))
    if not images:
        return nearest_pairs(bank, encoder, neighbours=neighbours)
    return confused_pairs(_scores(bank, encoder, images), names, per_class=neighbours)


def _scores(bank: TextBank, encoder: Encoder, images: Sequence[str]) -> FloatArray:
    """Return the scores, (n, C), of the images that can be read; others are named."""
    import numpy as np

    from clipcoder.encoders.ahead import encode_ahead
    from clipcoder.errors import InvalidInputError, UnreadableImageError
    from clipcoder.zero_shot import equidistant_scores

    found = sources.collect(images, sys.stdin)
    rows = []
    for _, outcome in progress(encode_ahead(encoder, found), len(found), "looking for confusions"):
        if isinstance(outcome, UnreadableImageError):
            tell(str(outcome))
        else:
            rows.append(outcome)
    if not rows:
        raise InvalidInputError("none of the --images can be read; name others, or leave --images out")
    texts = encoder.encode_texts([t.text for t in bank.texts])
    return equidistant_scores(
        np.stack(rows), texts, bank.text_class, bank.text_kind, n_classes=len(bank.class_names)
    )
