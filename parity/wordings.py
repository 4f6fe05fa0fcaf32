"""The sentences of a case, as the published code makes them and as they are meant.

Three of its mistakes are mistakes of wording, each a switch here: a synonym lands in a parameter that nobody
reads, so that its sentence is about "None"; underscores of class names stay in sentences of attributes,
analogues and pairs; and of the prompts for pairs of DTD two run together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import chain, product
from typing import Any, Final

from parity.knowledge import Knowledge

KINDS: Final[Mapping[str, str]] = {"name": "name", "att": "attribute", "ana": "analogue", "syno": "synonym"}
"""The kinds of text that score, by what the published code calls them."""

_RUN_TOGETHER: Final = re.compile(r"(?<=\.)(?=[A-Z])")


@dataclass(frozen=True)
class Mistakes:
    """The mistakes of wording that are made."""

    none_for_synonyms: bool = False
    underscores: bool = False
    joined_prompts: bool = False


@dataclass(frozen=True)
class Sentence:
    """Sentences that one phrase gives, as published and as meant; ``other`` is -1 but for pairs."""

    kind: str
    own: int
    other: int
    published: tuple[str, ...]
    meant: tuple[str, ...]

    def worded(self, mistakes: Mistakes) -> tuple[str, ...]:
        """Return the sentences with some of the mistakes."""
        if self.kind == "synonym":
            return self.published if mistakes.none_for_synonyms else self.meant
        sentences = self.published if mistakes.underscores else self.meant
        if self.kind == "one_to_one" and not mistakes.joined_prompts:
            return tuple(chain.from_iterable(_RUN_TOGETHER.split(sentence) for sentence in sentences))
        return sentences


@dataclass(frozen=True)
class Wordings:
    """All sentences of a case.

    Attributes:
        zero_shot: those of the zero-shot script, in its order.
        few_shot: those of the few-shot script.
        prototypes: those of few-shot CLIP, one a class.
    """

    zero_shot: tuple[Sentence, ...]
    few_shot: tuple[Sentence, ...]
    prototypes: tuple[str, ...]

    @classmethod
    def of(cls, knowledge: Knowledge, records: Mapping[str, Any]) -> Wordings:
        """Bring what ``published.steps.sentences`` recorded together with what it is about."""
        return cls(
            tuple(_sentences(_owners(knowledge, few_shot=False), records["zero-shot"])),
            tuple(_sentences(_owners(knowledge, few_shot=True), records["few-shot"])),
            tuple(records["prototypes"]),
        )

    def worded(self, mistakes: Mistakes) -> list[tuple[str, ...]]:
        """Return the sentences of the zero-shot script with some of the mistakes."""
        return [sentence.worded(mistakes) for sentence in self.zero_shot]

    def all(self) -> list[str]:
        """Return every sentence in any wording, each once."""
        every = (Mistakes(*made) for made in product((False, True), repeat=len(fields(Mistakes))))
        worded = (
            sentence.worded(mistakes) for mistakes in every for sentence in (*self.zero_shot, *self.few_shot)
        )
        return list(dict.fromkeys(chain(self.prototypes, *worded)))


def _owners(knowledge: Knowledge, *, few_shot: bool) -> Iterator[tuple[str, int, int]]:
    """Yield what each sentence is about, in the order in which the published code makes them."""
    yield from (("name", i, -1) for i in range(len(knowledge.class_names)))
    yield from (("att", i, -1) for i in _repeated(knowledge.attributes))
    yield from (("ana", i, -1) for i in _repeated(knowledge.analogues))
    if few_shot:
        return
    yield from (("syno", i, -1) for i in _repeated(knowledge.synonyms))
    position = {name: i for i, name in enumerate(knowledge.class_names)}
    for own, others in knowledge.one_to_one.items():
        for other, phrases in others.items():
            yield from (("ovo", position[own], position[other]) for _ in phrases)


def _repeated(phrases: Sequence[Sequence[str]]) -> Iterator[int]:
    return (i for i, given in enumerate(phrases) for _ in given)


def _sentences(
    owners: Iterator[tuple[str, int, int]], records: Sequence[Mapping[str, Any]]
) -> Iterator[Sentence]:
    for (kind, own, other), record in zip(owners, records, strict=True):
        assert record["kind"] == kind, f"{record} where a text of kind {kind} is due"
        yield Sentence(
            KINDS.get(kind, "one_to_one"), own, other, tuple(record["published"]), tuple(record["meant"])
        )
