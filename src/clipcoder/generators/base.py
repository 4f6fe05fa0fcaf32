"""The seam between clipcoder and any source of neighbour texts: WordNet, random words, a language model.

A generator is asked a question (what does a gerenuk look like?) and gives snippets (``long neck``),
of which ``sentences.render`` makes the sentences that are encoded. Between the two, ``quality`` leaves out
what is no help and remarks on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, get_args, runtime_checkable

import numpy as np
import numpy.typing as npt

from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.source import Source

SnippetKind = Literal["attribute", "analogue", "synonym", "one_to_one"]
"""What a generator is asked for: the four kinds of knowledge of CODER's Auto Text Generator (section 3.3)."""

SNIPPET_KINDS: Final[tuple[SnippetKind, ...]] = get_args(SnippetKind)


@runtime_checkable
class Generator(Protocol):
    """A source of raw snippets about a class; ``sentences.render`` makes the sentences that are encoded."""

    def generate(self, kind: SnippetKind, class_name: str, *, other: str | None = None) -> list[str]:
        """Return the snippets of one kind, best first, without duplicates; an unknown class has none.

        Args:
            kind: ``"attribute"``: how the class looks or what it is for; ``"analogue"``: names of similar
                things that are no class of the set; ``"synonym"``: other names of the class;
                ``"one_to_one"``: what sets the class apart from ``other``.
            class_name: the class as the user wrote it.
            other: the class to tell it apart from; for ``"one_to_one"`` only.

        Raises:
            UnknownNameError: ``kind`` is none of the four.
            InvalidInputError: ``other`` is missing for ``"one_to_one"``.
        """


class TextEncoder(Protocol):
    """The half of an encoder that a generator may use."""

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return float32 unit rows of shape (n_texts, dim)."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a generator is asked about one class.

    Attributes:
        kind: what it is asked for.
        class_name: the class as the user wrote it.
        other: the class to tell it apart from; for ``"one_to_one"`` only, ``""`` otherwise.
        unwanted: answers that were no help before, when the question is asked again.
    """

    kind: SnippetKind
    class_name: str
    other: str = ""
    unwanted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a generator said to one question.

    Attributes:
        question: the question.
        snippets: the answers, best first.
        source: what answered, and when.
        failure: why nothing usable came, in a few words; ``""`` where all is well, also where there is
            nothing to say about a class.
    """

    question: Question
    snippets: tuple[str, ...]
    source: Source
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """One snippet that was left out, or that somebody should look at.

    Attributes:
        question: the question that it answered.
        snippet: what was said, shortened where it was long.
        reason: why, in a few words, such as ``"a refusal"`` or ``"names the class 'dog'"``.
        dropped: False where the snippet is in the bank all the same.
    """

    question: Question
    snippet: str
    reason: str
    dropped: bool = True


@runtime_checkable
class BatchGenerator(Generator, Protocol):
    """A generator that is faster when it knows all questions at once, such as a model behind a network."""

    def replies(self, questions: Sequence[Question]) -> Iterator[Reply]:
        """Yield one reply a question, in the order of the questions."""


def ask(generator: Generator, questions: Iterable[Question], source: Source) -> Iterator[Reply]:
    """Yield one reply a question, in their order, from any generator.

    Args:
        generator: the source of knowledge; where it takes batches, it says itself what answered.
        questions: what to ask.
        source: what to note as the origin of a plain generator's snippets.
    """
    if isinstance(generator, BatchGenerator):
        yield from generator.replies(list(questions))
        return
    for question in questions:
        snippets = generator.generate(question.kind, question.class_name, other=question.other or None)
        yield Reply(question, tuple(snippets), source)


def check_kind(kind: str) -> None:
    """Refuse a kind that no generator knows.

    Raises:
        UnknownNameError: ``kind`` is not in ``SNIPPET_KINDS``.

    Example:
        >>> check_kind("attribute")
    """
    if kind not in SNIPPET_KINDS:
        raise UnknownNameError("kind of snippet", kind, SNIPPET_KINDS)


def check_question(kind: str, class_name: str, other: str | None) -> None:
    """Refuse what no generator can be asked: an unknown kind, or one-to-one without the other class.

    Raises:
        UnknownNameError: ``kind`` is not in ``SNIPPET_KINDS``.
        InvalidInputError: ``other`` is missing for ``"one_to_one"``.

    Example:
        >>> check_question("one_to_one", "cat", "dog")
    """
    check_kind(kind)
    if kind == "one_to_one" and other is None:
        raise InvalidInputError(
            f"one-to-one texts need the class to tell {class_name!r} apart from: give other=..."
        )
