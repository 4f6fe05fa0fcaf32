"""PairBank: texts that say how one class differs from another, for the rerank (paper, section 3.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clipcoder.arrays import IntArray
from clipcoder.bank.base import Bank
from clipcoder.bank.documents import PAIR_BANK, pair_document, pair_entries
from clipcoder.bank.entries import PairText, distinct
from clipcoder.bank.generators import knowledge_generator, llm_replies, prompts_of, wordnet_generator
from clipcoder.bank.given import given_pairs
from clipcoder.bank.names import checked_names, name_key
from clipcoder.bank.writing import pair_questions, pair_texts_of
from clipcoder.generators.base import Generator, Reply, TextEncoder, ask
from clipcoder.generators.sentences import DEFAULT_TEMPLATES, Templates
from clipcoder.source import GIVEN, Source, as_source

if TYPE_CHECKING:
    from clipcoder.generators.llm import LanguageModel
    from clipcoder.generators.prompts import PromptSet


@dataclass(frozen=True)
class PairBank(Bank[PairText]):
    """The classes and the texts that tell them apart in pairs; immutable, ordered by class, then other.

    Attributes:
        class_names: the classes, as they were named; their order numbers them.
        texts: all texts. Any pair may have none, a text stands once for a pair.

    Raises:
        InvalidInputError: no class, a class twice, a blank text, a text twice, or a class paired with itself.
        UnknownNameError: a text about a class that the bank does not have.

    >>> bank = PairBank.from_texts({"crow": {"swan": ["a crow, black unlike a swan"]}}, ["crow", "swan"])
    >>> (bank.first, bank.second)
    (array([0]), array([1]))
    """

    format_name = PAIR_BANK

    @classmethod
    def from_texts(
        cls,
        texts: Mapping[str, Mapping[str, Sequence[str]]],
        class_names: Iterable[str],
        *,
        source: str | Source = GIVEN,
    ) -> PairBank:
        """Make a bank of ready sentences: ``texts[class][other]`` lists how a class differs from another.

        A sentence that a pair has twice is taken once.
        """
        return cls(checked_names(class_names), distinct(given_pairs(texts, as_source(source))))

    @classmethod
    def from_replies(
        cls,
        names: Iterable[str],
        replies: Iterable[Reply],
        *,
        templates: Templates = DEFAULT_TEMPLATES,
        domain: str = "",
    ) -> PairBank:
        """Make a bank of what a generator replied to one-to-one questions (``generators.base``).

        Args:
            names: the classes.
            replies: what sets a class apart from another one, in any order.
            templates: the sentences that become of snippets.
            domain: what all classes are, such as ``"a type of bird"``.

        Raises:
            InvalidInputError: unusable class names, or a class paired with itself.
            UnknownNameError: a reply about another class.
        """
        return cls(checked_names(names), distinct(pair_texts_of(replies, templates, domain)))

    @classmethod
    def from_generator(
        cls,
        names: Iterable[str],
        generator: Generator,
        *,
        pairs: Iterable[tuple[str, str]] | None = None,
        templates: Templates = DEFAULT_TEMPLATES,
        domain: str = "",
        source: str | Source = "generated",
    ) -> PairBank:
        """Make a bank of what a generator knows to tell classes apart, as it says it.

        Args:
            names: the classes.
            generator: the source of knowledge.
            pairs: the pairs to ask about, each in both directions; None means all, for at most 50 classes.
            templates: the sentences.
            domain: what all classes are.
            source: what to note as the origin of the texts.

        Raises:
            InvalidInputError: unusable class names, a class paired with itself, or too many for all pairs.
            UnknownNameError: a pair names a class that is not among ``names``.
        """
        classes = checked_names(names)
        replies = ask(generator, pair_questions(classes, pairs), as_source(source))
        return cls.from_replies(classes, replies, templates=templates, domain=domain)

    @classmethod
    def for_classes(
        cls,
        names: Iterable[str],
        encoder: TextEncoder | None = None,
        *,
        pairs: Iterable[tuple[str, str]] | None = None,
        prompts: PromptSet | str | Path | None = None,
        domain: str = "",
    ) -> PairBank:
        """Make the best bank that can be had offline, as ``TextBank.for_classes`` does.

        Args:
            names: the classes.
            encoder: chooses among the senses of names that only WordNet has; None means the starter encoder.
            pairs: the pairs to tell apart, in both directions; of those that the pack has no words for, each
                class has its own first attributes, or what WordNet says. None means the pack's own pairs,
                which are the likeliest to be confused within a data set, and no others.
            prompts: as for a text bank.
            domain: what all classes are.

        Raises:
            InvalidInputError: unusable class names, or a class paired with itself.
            UnknownNameError: an unknown set of prompts, or a pair with a class that is not among ``names``.

        >>> bank = PairBank.for_classes(["river", "sea or lake", "forest"], prompts="eurosat")
        >>> [str(t.text) for t in bank.texts if (t.class_name, t.other) == ("sea or lake", "river")][-1]
        'sea or lake seen from above, which has waves and surf along one coast, unlike river.'
        """
        classes = checked_names(names)
        generator, wording = knowledge_generator(classes, encoder, prompts, domain, tells=pairs is not None)
        asked = pair_questions(classes, generator.pairs() if pairs is None else pairs)
        replies = generator.replies(asked)
        return cls.from_replies(classes, replies, templates=wording.templates, domain=wording.domain)

    @classmethod
    def from_wordnet(
        cls,
        names: Iterable[str],
        encoder: TextEncoder | None = None,
        pairs: Iterable[tuple[str, str]] | None = None,
        *,
        templates: Templates = DEFAULT_TEMPLATES,
        domain: str = "",
    ) -> PairBank:
        """Make a bank from WordNet, offline: what the gloss and parts of one class say and not the other's.

        Args:
            names: the classes.
            encoder: chooses among the senses of a name; None means the starter encoder.
            pairs: as in ``from_generator``, whose errors are raised.
            templates: the sentences.
            domain: what all classes are, a hint at the sense too.
        """
        classes = checked_names(names)
        generator = wordnet_generator(classes, encoder, domain)
        return cls.from_generator(
            classes, generator, pairs=pairs, templates=templates, domain=domain, source="wordnet"
        )

    @classmethod
    def from_llm(
        cls,
        names: Iterable[str],
        model: LanguageModel | str,
        encoder: TextEncoder | None = None,
        *,
        pairs: Iterable[tuple[str, str]] | None = None,
        prompts: PromptSet | str | Path = "generic",
        domain: str = "",
    ) -> PairBank:
        """Make a bank from what a language model writes; errors are those of ``TextBank.from_llm``.

        Args:
            names: the classes.
            model: which one, where, and how much it may cost.
            encoder: as for a text bank.
            pairs: as in ``from_generator``; ``bank.confusable`` finds those that matter.
            prompts: the wordings.
            domain: what all classes are.
        """
        classes, wording = checked_names(names), prompts_of(prompts, domain, ("one_to_one",))
        replies = llm_replies(pair_questions(classes, pairs), classes, model, encoder, wording)
        return cls.from_replies(classes, replies, templates=wording.templates, domain=wording.domain)

    @cached_property
    def first(self) -> IntArray:
        """The class that each text is about, as a position in ``class_names``; shape (len(self),)."""
        return self._positions(t.class_name for t in self.texts)

    @cached_property
    def second(self) -> IntArray:
        """The other class of each text, as a position in ``class_names``; shape (len(self),)."""
        return self._positions(t.other for t in self.texts)

    def select(self, class_names: Iterable[str]) -> PairBank:
        """Return the bank for these classes in this order, so that its positions are those of another bank.

        Classes are the same by name, whatever their spelling (case, underscores, spaces). Pairs with a class
        that is not asked for drop out; a class that this bank lacks has no pairs.
        """
        wanted = checked_names(class_names)
        by_key = {name_key(name): name for name in wanted}
        named = {name: by_key[name_key(name)] for name in self.class_names if name_key(name) in by_key}
        return PairBank(wanted, tuple(t.renamed(named) for t in self.texts if named.keys() >= {*t.classes}))

    def _document(self) -> dict[str, Any]:
        return pair_document(self.class_names, self.texts)

    @classmethod
    def _of_document(cls, content: dict[str, Any]) -> PairBank:
        names, entries = pair_entries(content)
        return cls(tuple(names), tuple(entries))
