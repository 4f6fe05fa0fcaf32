"""The sources of a bank's texts on disk: facts once at the head, a short name beside each text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from itertools import count
from typing import Any

from clipcoder.errors import InvalidInputError
from clipcoder.source import Source

_FACTS = tuple(field.name for field in fields(Source))


def short_names(sources: Iterable[Source]) -> dict[Source, str]:
    """Return a name for each source: its generator, with a number where there are facts besides.

    They depend on the order in which the sources come first, and on nothing else.

    >>> short_names([Source("wordnet"), Source("llm", "gpt-5-mini")]).values()
    dict_values(['wordnet', 'llm-1'])
    """
    distinct = list(dict.fromkeys(sources))
    names = {source: source.generator for source in distinct if source == Source(source.generator)}
    taken = set(names.values())
    for source in distinct:
        if source not in names:
            numbered = (f"{source.generator}-{number}" for number in count(1))
            names[source] = next(name for name in numbered if name not in taken)
            taken.add(names[source])
    return {source: names[source] for source in distinct}


def listed(names: Mapping[Source, str]) -> dict[str, dict[str, str]]:
    """Return what a document says of its sources: the facts of those that are more than a generator's name.

    >>> listed({Source("wordnet"): "wordnet", Source("llm", "gpt-5-mini"): "llm-1"})
    {'llm-1': {'generator': 'llm', 'model': 'gpt-5-mini'}}
    """
    return {
        name: {fact: value for fact, value in asdict(source).items() if value}
        for source, name in names.items()
        if source != Source(name)
    }


def by_short_name(document: Any) -> Callable[[str], Source]:
    """Return what finds a source by its short name; a name that is not listed is a generator's.

    Raises:
        InvalidInputError: ``document`` is no object of sources with the facts of ``Source``.

    >>> by_short_name({"llm-1": {"generator": "llm", "model": "gpt-5-mini"}})("llm-1").model
    'gpt-5-mini'
    """
    if not isinstance(document, dict):
        raise InvalidInputError("sources must be an object of short names and facts; leave it out or mend it")
    known = {name: _source(name, facts) for name, facts in document.items()}
    return lambda name: known.get(name) or Source(name)


def _source(name: str, facts: Any) -> Source:
    known = isinstance(facts, dict) and set(facts) <= set(_FACTS)
    texts = known and all(isinstance(value, str) for value in facts.values())
    if not (texts and facts.get("generator", "").strip()):
        raise InvalidInputError(
            f"sources[{name!r}] must have a generator and may have {', '.join(_FACTS[1:])}, all of them texts"
        )
    return Source(**facts)
