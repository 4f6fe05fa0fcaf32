"""Gates between the classes of a data set: what is said of several tells none of them apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from clipcoder.generators.quality import distinct_key
from clipcoder.knowledge.checking.finding import Finding
from clipcoder.knowledge.entries import ClassKnowledge

MOST_SHARED: Final = 0.03
"""The share of attributes that several classes may have."""


def shared(classes: Sequence[ClassKnowledge]) -> Iterator[Finding]:
    """Yield attributes that several classes have, where they are too many, and synonyms of two classes."""
    said = _by_text((entry.class_name, text) for entry in classes for text in entry.attributes)
    several = {texts[0]: names for texts, names in said if len(names) > 1}
    if len(several) > MOST_SHARED * len(said):
        share = f"{100 * len(several) / len(said):.1f} % of the attributes are said of several classes"
        yield Finding(f"{share}, more than {100 * MOST_SHARED:.0f} %")
        for text, names in several.items():
            others = ", ".join(map(repr, names[1:]))
            yield Finding(f"also said of {others}", text, names[0])
    called = _by_text((entry.class_name, text) for entry in classes for text in entry.synonyms)
    for texts, names in called:
        if len(names) > 1:
            yield Finding(f"synonym of {' and of '.join(map(repr, names[1:]))} too", texts[0], names[0])
    yield from _alike(classes, {distinct_key(texts[0]): names for texts, names in called})


def _by_text(texts: Iterator[tuple[str, str]]) -> list[tuple[list[str], list[str]]]:
    """Return texts that say the same in other spellings, and the classes of which they are said."""
    groups: dict[str, tuple[list[str], dict[str, None]]] = {}
    for class_name, text in texts:
        spellings, names = groups.setdefault(distinct_key(text), ([], {}))
        spellings.append(text)
        names[class_name] = None
    return [(spellings, list(names)) for spellings, names in groups.values()]


def _alike(classes: Sequence[ClassKnowledge], called: dict[str, list[str]]) -> Iterator[Finding]:
    """Yield analogues that are another class of the data set under another name."""
    for entry in classes:
        for text in entry.analogues:
            for other in called.get(distinct_key(text), ()):
                if other != entry.class_name:
                    yield Finding(f"analogue is a synonym of the class {other!r}", text, entry.class_name)
