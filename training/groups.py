"""Groups of ImageNet classes, such as birds or vehicles, by WordNet's hypernyms.

People ask for a bird more often than for a bulbul. A group gives such a name an anchor: its classes together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clipcoder.generators.wordnet.data import Synset, WordNet


@dataclass(frozen=True)
class Groups:
    """Synsets with several classes below them, and which: boolean members of shape (g, c)."""

    synsets: tuple[Synset, ...]
    members: npt.NDArray[np.bool_]


def groups(wordnet: WordNet, classes: Sequence[Synset], largest: int) -> Groups:
    """Return all synsets with 2 to ``largest`` classes below them, in the order of their rows."""
    below: dict[int, list[int]] = {}
    for i, synset in enumerate(classes):
        for ancestor in wordnet.ancestors(synset.row):
            below.setdefault(ancestor, []).append(i)
    rows = [row for row in sorted(below) if 2 <= len(below[row]) <= largest]
    members = np.zeros((len(rows), len(classes)), dtype=bool)
    for group, row in enumerate(rows):
        members[group, below[row]] = True
    return Groups(tuple(wordnet.synset(row) for row in rows), members)


def categories(members: npt.NDArray[np.bool_], smallest: int = 5, largest: int = 60) -> list[int]:
    """Return groups that cut the classes into categories: big ones first, none with a class of another.

    They are for validation, where each class counts for one category at most.
    """
    sizes = members.sum(axis=1)
    taken = np.zeros(members.shape[1], dtype=bool)
    chosen = []
    for group in np.argsort(-sizes, kind="stable"):
        if smallest <= sizes[group] <= largest and not (members[group] & taken).any():
            chosen.append(int(group))
            taken |= members[group]
    return chosen
