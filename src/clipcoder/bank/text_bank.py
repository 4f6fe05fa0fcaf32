"""TextBank: names and synonyms, attributes and analogues of each class (paper, section 3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import IntArray
from clipcoder.bank.base import Bank
from clipcoder.bank.documents import TEXT_BANK, text_document, text_entries
from clipcoder.bank.entries import BankText, checked_kinds, distinct
from clipcoder.bank.generators import knowledge_generator, llm_replies, prompts_of, wordnet_generator
from clipcoder.bank.given import given_texts
from clipcoder.bank.names import checked_names
from clipcoder.bank.writing import name_texts, questions, texts_of
from clipcoder.generators.base import Generator, Reply, TextEncoder, ask
from clipcoder.generators.sentences import DEFAULT_TEMPLATES, Templates
from clipcoder.kinds import GENERATED_KINDS, TEXT_KINDS, GeneratedKind, TextKind
from clipcoder.source import GIVEN, Source, as_source

if TYPE_CHECKING:
    from clipcoder.generators.llm import LanguageModel
    from clipcoder.generators.prompts import PromptSet


@dataclass(frozen=True)
class TextBank(Bank[BankText]):
    """The classes to choose from and the texts about them; immutable, texts ordered by class.

    Attributes:
        class_names: the classes, as they were named; their order numbers them.
        texts: all texts, those of the first class first. A class may have none, but none twice.

    Raises:
        InvalidInputError: no class, a class twice, a blank text, or a text twice.
        UnknownNameError: an unknown kind of text, or a text about a class that the bank does not have.

    >>> bank = TextBank.from_names(["tabby_cat", "coffee mug"])
    >>> [t.text for t in bank.texts]
    ['a photo of a tabby cat', 'a photo of a coffee mug']
    """

    format_name = TEXT_BANK

    @classmethod
    def from_names(
        cls, names: Iterable[str], template: str | tuple[str, ...] = Templates.name, *, domain: str = ""
    ) -> TextBank:
        """Make a bank of names alone; underscores become spaces in the text, not in the class name.

        Args:
            names: the classes.
            template: one wording or several, with fields as in ``Templates``, such as ``"a photo of a {}."``.
            domain: what all classes are, such as ``"a type of bird"``.

        Raises:
            InvalidInputError: unusable class names, or a template that does not hold the name.

        >>> TextBank.from_names(["owl"], ("a photo of {a_name}", "a drawing of {a_name}")).texts[1].text
        'a drawing of an owl'
        """
        classes = checked_names(names)
        return cls(classes, distinct(name_texts(classes, Templates(name=template), domain)))

    @classmethod
    def from_texts(
        cls,
        texts: Mapping[str, Sequence[str] | Mapping[str, Sequence[str]]],
        *,
        source: str | Source = GIVEN,
    ) -> TextBank:
        """Make a bank of ready sentences, encoded as they stand; one that a class has twice is taken once.

        Args:
            texts: for each class its sentences by kind, or a plain list of them, which are attributes. Names
                are not added: ``TextBank.from_names(names).merge(TextBank.from_texts(texts))`` has both.
            source: what to note as their origin.

        >>> TextBank.from_texts({"cat": ["a cat purrs"], "dog": {"name": ["a dog"]}}).text_kind.tolist()
        ['attribute', 'name']
        """
        entries = distinct(given_texts(texts, as_source(source)))
        return cls(tuple(texts), entries)

    @classmethod
    def from_replies(
        cls,
        names: Iterable[str],
        replies: Iterable[Reply],
        *,
        templates: Templates = DEFAULT_TEMPLATES,
        domain: str = "",
    ) -> TextBank:
        """Make a bank of names and of what a generator replied about them (``generators.base``).

        Args:
            names: the classes.
            replies: attributes, analogues and synonyms, in any order.
            templates: the sentences that become of names and snippets.
            domain: what all classes are, such as ``"a type of bird"``.

        Raises:
            InvalidInputError: unusable class names.
            UnknownNameError: a reply about another class.
        """
        classes = checked_names(names)
        texts = [*name_texts(classes, templates, domain), *texts_of(replies, templates, domain)]
        return cls(classes, distinct(texts))

    @classmethod
    def from_generator(
        cls,
        names: Iterable[str],
        generator: Generator,
        *,
        kinds: GeneratedKind | Sequence[GeneratedKind] = GENERATED_KINDS,
        templates: Templates = DEFAULT_TEMPLATES,
        domain: str = "",
        source: str | Source = "generated",
    ) -> TextBank:
        """Make a bank of names and what a generator knows about them, as it says it.

        Args:
            names: the classes.
            generator: the source of knowledge.
            kinds: what to ask it for.
            templates: the sentences; names and synonyms should be worded alike, for they compete.
            domain: what all classes are.
            source: what to note as the origin of generated texts.

        Raises:
            InvalidInputError: unusable class names.
            UnknownNameError: an unknown kind.
        """
        classes = checked_names(names)
        asked = questions(classes, checked_kinds(kinds, GENERATED_KINDS))
        replies = ask(generator, asked, as_source(source))
        return cls.from_replies(classes, replies, templates=templates, domain=domain)

    @classmethod
    def for_classes(
        cls,
        names: Iterable[str],
        encoder: TextEncoder | None = None,
        *,
        kinds: GeneratedKind | Sequence[GeneratedKind] = GENERATED_KINDS,
        prompts: PromptSet | str | Path | None = None,
        domain: str = "",
    ) -> TextBank:
        """Make the best bank that can be had offline: from the knowledge pack, and from WordNet for the rest.

        Names are found in any case and spelling, in singular and plural, and by synonyms; which data set of
        the pack is asked about them, they decide together (``clipcoder.knowledge.resolving``). Each text's
        ``source`` says whose it is; which classes the pack lacks is logged as information.

        Args:
            names: the classes.
            encoder: chooses among the senses of names that only WordNet has; None means the starter encoder.
            kinds: what to look up.
            prompts: the wordings, an entry of the catalogue or a file of your own; the data set of that name
                is asked first. None means those of the data set that all names are from, or else the generic.
            domain: what all classes are, in place of what ``prompts`` say of it; a hint at the sense too.

        Raises:
            InvalidInputError: unusable class names.
            UnknownNameError: an unknown kind or set of prompts.

        >>> bank = TextBank.for_classes(["Orchards", "river"], prompts="eurosat")
        >>> print(bank.texts[-1].text, "|", bank.texts[-1].source)
        a centered satellite photo of waterway. | knowledge eurosat
        """
        classes, asked = checked_names(names), checked_kinds(kinds, GENERATED_KINDS)
        generator, wording = knowledge_generator(classes, encoder, prompts, domain)
        replies = generator.replies(questions(classes, asked))
        return cls.from_replies(classes, replies, templates=wording.templates, domain=wording.domain)

    @classmethod
    def from_wordnet(
        cls,
        names: Iterable[str],
        encoder: TextEncoder | None = None,
        *,
        kinds: GeneratedKind | Sequence[GeneratedKind] = GENERATED_KINDS,
        templates: Templates = DEFAULT_TEMPLATES,
        domain: str = "",
    ) -> TextBank:
        """Make a bank from WordNet, offline.

        Args:
            names: the classes.
            encoder: chooses among the senses of a name; None means the starter encoder.
            kinds: what to look up.
            templates: the sentences.
            domain: what all classes are, a hint at the sense too.

        Raises:
            InvalidInputError: unusable class names.
            UnknownNameError: an unknown kind.
        """
        classes = checked_names(names)
        generator = wordnet_generator(classes, encoder, domain)
        return cls.from_generator(
            classes, generator, kinds=kinds, templates=templates, domain=domain, source="wordnet"
        )

    @classmethod
    def from_llm(
        cls,
        names: Iterable[str],
        model: LanguageModel | str,
        encoder: TextEncoder | None = None,
        *,
        kinds: GeneratedKind | Sequence[GeneratedKind] = GENERATED_KINDS,
        prompts: PromptSet | str | Path = "generic",
        domain: str = "",
    ) -> TextBank:
        """Make a bank from what a language model writes, without what is no help (``AutoTextGenerator``).

        Questions without an answer are logged. What was left out, and why, is what an ``AutoTextGenerator``
        of one's own has in ``remarks``; ``from_replies`` makes a bank of its replies.

        Args:
            names: the classes.
            model: which one, where, and how much it may cost; a name means a model of OpenAI's. Answers are
                kept: the same questions cost nothing a second time.
            encoder: judges whether an analogue is too near to another class; None means the starter encoder.
            kinds: what to ask for.
            prompts: the wordings, an entry of the catalogue or a file of your own (``load_prompts``).
            domain: what all classes are, in place of what ``prompts`` say of it.

        Raises:
            InvalidInputError: unusable class names.
            UnknownNameError: an unknown kind or set of prompts.
            LanguageModelError: the model cannot be asked, or its budget is spent.
            MissingExtraError: the official client is not installed.
        """
        classes, asked_kinds = checked_names(names), checked_kinds(kinds, GENERATED_KINDS)
        wording = prompts_of(prompts, domain, asked_kinds)
        replies = llm_replies(questions(classes, asked_kinds), classes, model, encoder, wording)
        return cls.from_replies(classes, replies, templates=wording.templates, domain=wording.domain)

    @cached_property
    def text_class(self) -> IntArray:
        """The class of each text, as a position in ``class_names``; shape (len(self),)."""
        return self._positions(t.class_name for t in self.texts)

    @cached_property
    def text_kind(self) -> npt.NDArray[np.str_]:
        """The kind of each text; shape (len(self),)."""
        return np.array([t.kind for t in self.texts], dtype=np.str_)

    @property
    def by_class(self) -> dict[str, tuple[BankText, ...]]:
        """The texts of each class, classes in order; a class without texts has an empty tuple."""
        lists: dict[str, list[BankText]] = {name: [] for name in self.class_names}
        for entry in self.texts:
            lists[entry.class_name].append(entry)
        return {name: tuple(entries) for name, entries in lists.items()}

    def keep(self, kinds: TextKind | Iterable[TextKind]) -> TextBank:
        """Return the bank with texts of these kinds only; no class is dropped.

        Raises:
            UnknownNameError: an unknown kind.

        >>> TextBank.from_texts({"cat": ["a cat purrs"]}).keep(["name"]).texts
        ()
        """
        kept = checked_kinds(kinds, TEXT_KINDS)
        return replace(self, texts=tuple(t for t in self.texts if t.kind in kept))

    def _document(self) -> dict[str, Any]:
        return text_document(self.by_class)

    @classmethod
    def _of_document(cls, content: dict[str, Any]) -> TextBank:
        names, entries = text_entries(content)
        return cls(tuple(names), tuple(entries))
