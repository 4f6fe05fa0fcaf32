"""What could tell two classes apart: kinds of texts that they lack, and texts that WordNet has for them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from clipcoder.bank import BankText, PairBank, TextBank
from clipcoder.bank.entries import PairText
from clipcoder.bank.generators import wordnet_generator
from clipcoder.encoders.base import Encoder
from clipcoder.kinds import DESCRIBING_KINDS
from clipcoder.pipeline.telling import Pair

LackedKind = Literal["attribute", "one_to_one"]

Author = Literal["wordnet", "llm"]

_KINDS: Final = {"attribute": "attribute", "one_to_one": "one-to-one"}  # as the command line calls them


@dataclass(frozen=True)
class Lack:
    """A kind of texts that a bank does not have for two classes.

    Attributes:
        kind: ``"attribute"``: a class has none; ``"one_to_one"``: none say how the two differ, so that no
            rerank can decide between them.
        class_names: the classes without attributes, or both classes.
        source: who can write them: ``"wordnet"``, or ``"llm"``, a language model, where WordNet has nothing
            that helps.
    """

    kind: LackedKind
    class_names: tuple[str, ...]
    source: Author = "wordnet"

    @property
    def command(self) -> str:
        """The command that writes such texts."""
        names = shlex.quote(",".join(self.class_names))
        author = "" if self.source == "wordnet" else " --source llm --llm MODEL"
        return (
            f"clipcoder texts generate --classes {names} --kinds {_KINDS[self.kind]}{author} --out more.json"
        )

    def __str__(self) -> str:
        what = {"attribute": "attributes of", "one_to_one": "one-to-one texts for"}[self.kind]
        return f"{what} {' and '.join(self.class_names)}: {self.command}"


def lacks(bank: TextBank, pairs: PairBank | None, pair: Pair, *, reranks: bool) -> tuple[Lack, ...]:
    """Return which kinds of texts a pair of classes does not have.

    Args:
        bank: the texts of the classes.
        pairs: one-to-one texts, if there are any.
        pair: the two classes.
        reranks: whether one-to-one texts would be of use.

    >>> bank = TextBank.from_texts({"crow": ["black"], "swan": {"name": ["a swan"]}})
    >>> [str(lack) for lack in lacks(bank, None, ("crow", "swan"), reranks=False)]
    ['attributes of swan: clipcoder texts generate --classes swan --kinds attribute --out more.json']
    """
    described = {t.class_name for t in bank.texts if t.kind in DESCRIBING_KINDS}
    bare = tuple(name for name in pair if name not in described)
    found = [Lack("attribute", bare)] if bare else []
    ways = {(t.class_name, t.other) for t in pairs.texts} if pairs is not None else set()
    if reranks and not {pair, pair[::-1]} <= ways:
        found.append(Lack("one_to_one", pair))
    return tuple(found)


def wordnet_texts(
    bank: TextBank, known: PairBank | None, encoder: Encoder, pairs: Sequence[Pair], *, reranks: bool
) -> dict[Pair, list[BankText | PairText]]:
    """Return what WordNet has to say of pairs of classes that their banks do not, offline.

    Args:
        bank: all classes, and the texts that are there.
        known: the one-to-one texts that are there, if there are any.
        encoder: chooses among the senses of names.
        pairs: the pairs to look up.
        reranks: whether one-to-one texts would be of use.
    """
    generator = wordnet_generator(bank.class_names, encoder)
    names = tuple(dict.fromkeys(name for pair in pairs for name in pair))
    about = TextBank.from_generator(
        names, generator, kinds=("attribute", "analogue"), source="wordnet"
    ).by_class
    between = PairBank.from_generator(names, generator, pairs=pairs, source="wordnet")
    present = {(t.class_name, t.text) for t in bank.texts}
    told = {(t.class_name, t.other, t.text) for t in known.texts} if known is not None else set()
    found: dict[Pair, list[BankText | PairText]] = {}
    for pair in pairs:
        found[pair] = [
            t for name in pair for t in about[name] if t.kind in DESCRIBING_KINDS and t.key not in present
        ]
        if reranks:
            found[pair] += (
                t for t in between.texts if {t.class_name, t.other} == set(pair) and t.key not in told
            )
    return found
