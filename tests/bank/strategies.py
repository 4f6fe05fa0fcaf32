"""Banks of all sorts: any sentences, any names that can stand side by side, sources that look alike."""

from __future__ import annotations

from hypothesis import strategies as st

from clipcoder.bank import BankText, PairBank, PairText, TextBank
from clipcoder.bank.names import name_key
from clipcoder.kinds import TEXT_KINDS
from clipcoder.source import Source

sentences = st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip)
facts = st.sampled_from(["", " ", "a", "a-1", "2026-11-25"])
sources = st.builds(Source, sentences | st.sampled_from(["a", "a-1", "a-1-1", "a-2"]), facts, facts, facts)
names = st.lists(sentences.filter(name_key), min_size=1, max_size=4, unique_by=name_key)


@st.composite
def text_banks(draw: st.DrawFn) -> TextBank:
    """Banks of a few classes and texts."""
    classes = draw(names)
    texts = st.builds(BankText, sentences, st.sampled_from(classes), st.sampled_from(TEXT_KINDS), sources)
    return TextBank(tuple(classes), tuple(draw(st.lists(texts, unique_by=lambda t: t.key, max_size=6))))


@st.composite
def pair_banks(draw: st.DrawFn) -> PairBank:
    """Banks of a few pairs; one class alone has none."""
    classes = draw(names)
    pairs = [(name, other) for name in classes for other in classes if name != other]
    if not pairs:
        return PairBank(tuple(classes), ())
    texts = st.builds(
        lambda text, pair, source: PairText(text, *pair, source), sentences, st.sampled_from(pairs), sources
    )
    return PairBank(tuple(classes), tuple(draw(st.lists(texts, unique_by=lambda t: t.key, max_size=6))))
