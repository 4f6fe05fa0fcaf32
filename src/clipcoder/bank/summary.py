"""What a bank holds, counted: texts by class and kind, where they came from, and which classes are poor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Final

from clipcoder.bank.entries import BankText, PairText
from clipcoder.bank.pair_bank import PairBank
from clipcoder.bank.text_bank import TextBank
from clipcoder.kinds import TEXT_KINDS, TextKind
from clipcoder.source import Source

_POOR: Final = 0.5
"""A class with less than this part of the median number of texts is poor in them."""


@dataclass(frozen=True, slots=True)
class SourceCount:
    """How many texts came from one source."""

    source: Source
    texts: int


@dataclass(frozen=True, slots=True)
class ClassCount:
    """How many texts a class has.

    Attributes:
        name: the class.
        kinds: the number of texts of every kind, those of which it has none too.
    """

    name: str
    kinds: dict[TextKind, int]

    @property
    def texts(self) -> int:
        """The number of its texts."""
        return sum(self.kinds.values())


@dataclass(frozen=True, slots=True)
class TextSummary:
    """What a text bank holds.

    Attributes:
        classes: the counts of each class, in the order of the bank.
        sources: where the texts came from, in the order in which they come first.
        median: how many texts a class has, half of all classes more and half of them fewer.
        poor: the classes with fewer than half as many, poorest first; those without any lead.
    """

    classes: tuple[ClassCount, ...]
    sources: tuple[SourceCount, ...]
    median: float
    poor: tuple[ClassCount, ...]

    @property
    def texts(self) -> int:
        """The number of texts."""
        return sum(count.texts for count in self.classes)

    @property
    def kinds(self) -> dict[TextKind, int]:
        """The number of texts of every kind."""
        return {kind: sum(count.kinds[kind] for count in self.classes) for kind in TEXT_KINDS}


@dataclass(frozen=True, slots=True)
class PairCount:
    """How many texts tell two classes apart.

    Attributes:
        first: the earlier class of the bank.
        second: the later one.
        forth: the number of texts that say how the first differs from the second.
        back: the number of texts that say how the second differs from the first.
    """

    first: str
    second: str
    forth: int
    back: int

    @property
    def one_sided(self) -> bool:
        """Whether a direction is missing, so that the pair has no say in the rerank."""
        return not (self.forth and self.back)


@dataclass(frozen=True, slots=True)
class PairSummary:
    """What a pair bank holds.

    Attributes:
        class_names: the classes.
        pairs: the counts of each pair that has texts, by class.
        sources: where the texts came from, in the order in which they come first.
        alone: the classes that are told apart from no other.
    """

    class_names: tuple[str, ...]
    pairs: tuple[PairCount, ...]
    sources: tuple[SourceCount, ...]
    alone: tuple[str, ...]

    @property
    def texts(self) -> int:
        """The number of texts."""
        return sum(pair.forth + pair.back for pair in self.pairs)

    @property
    def one_sided(self) -> tuple[PairCount, ...]:
        """The pairs of which one direction is missing."""
        return tuple(pair for pair in self.pairs if pair.one_sided)


def summarize_texts(bank: TextBank) -> TextSummary:
    """Count what a text bank holds.

    >>> summary = summarize_texts(TextBank.from_texts({"cat": ["soft", "striped", "small"], "dog": ["loud"]}))
    >>> summary.texts, summary.median, [count.name for count in summary.poor]
    (4, 2.0, [])
    """
    held = Counter((t.class_name, t.kind) for t in bank.texts)
    counts = [ClassCount(n, {kind: held[n, kind] for kind in TEXT_KINDS}) for n in bank.class_names]
    middle = float(median(count.texts for count in counts))
    poor = [count for count in counts if count.texts < _POOR * middle or not count.texts]
    return TextSummary(
        tuple(counts), _sources(bank.texts), middle, tuple(sorted(poor, key=lambda count: count.texts))
    )


def summarize_pairs(bank: PairBank) -> PairSummary:
    """Count what a pair bank holds.

    >>> bank = PairBank.from_texts({"crow": {"swan": ["black"]}, "swan": {"crow": ["big"]}}, ("crow", "swan"))
    >>> summarize_pairs(bank).pairs
    (PairCount(first='crow', second='swan', forth=1, back=1),)
    """
    position = {name: i for i, name in enumerate(bank.class_names)}
    held = Counter((position[t.class_name], position[t.other]) for t in bank.texts)
    pairs = sorted({(min(pair), max(pair)) for pair in held})
    paired = {i for pair in pairs for i in pair}
    names = bank.class_names
    return PairSummary(
        names,
        tuple(PairCount(names[a], names[b], held[a, b], held[b, a]) for a, b in pairs),
        _sources(bank.texts),
        tuple(name for i, name in enumerate(names) if i not in paired),
    )


def _sources(texts: Iterable[BankText | PairText]) -> tuple[SourceCount, ...]:
    counts = Counter(t.source for t in texts)
    return tuple(SourceCount(source, count) for source, count in counts.items())
