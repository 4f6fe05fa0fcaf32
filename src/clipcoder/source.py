"""Where a text came from, as a bank keeps it beside each of its texts."""

from __future__ import annotations

from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """What wrote a text, and how.

    Attributes:
        generator: what wrote it, such as ``"wordnet"``, ``"llm"``, ``"dclip"`` or ``"given"``.
        model: the language model, as its endpoint calls it.
        prompt: which wording was put to it: a kind of text and a digest of the wording.
        date: the day of the answer, as ``YYYY-MM-DD``.

    >>> print(Source("llm", "gpt-5-mini", "attribute-3f2a9c1b", "2026-11-25"))
    llm gpt-5-mini attribute-3f2a9c1b 2026-11-25
    """

    generator: str = "given"
    model: str = ""
    prompt: str = ""
    date: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, astuple(self)))


GIVEN = Source()
"""Of texts that the user handed in."""


def as_source(source: str | Source) -> Source:
    """Return a source; a text is the name of its generator.

    >>> as_source("cupl")
    Source(generator='cupl', model='', prompt='', date='')
    """
    return source if isinstance(source, Source) else Source(source)
