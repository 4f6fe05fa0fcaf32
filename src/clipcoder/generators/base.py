"""The seam between clipcoder and any source of neighbour texts: WordNet, random words, a language model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, Protocol, get_args, runtime_checkable

import numpy as np
import numpy.typing as npt

from clipcoder.errors import UnknownNameError

SnippetKind = Literal["attribute", "analogue", "synonym", "one_to_one"]
"""What a generator is asked for: the four kinds of knowledge of CODER's Auto Text Generator (section 3.3)."""

SNIPPET_KINDS: Final[tuple[SnippetKind, ...]] = get_args(SnippetKind)


@runtime_checkable
class Generator(Protocol):
    """A source of raw snippets about a class; ``prompts.render`` makes the sentences that are encoded."""

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


def check_kind(kind: str) -> None:
    """Refuse a kind that no generator knows.

    Raises:
        UnknownNameError: ``kind`` is not in ``SNIPPET_KINDS``.

    Example:
        >>> check_kind("attribute")
    """
    if kind not in SNIPPET_KINDS:
        raise UnknownNameError("kind of snippet", kind, SNIPPET_KINDS)
