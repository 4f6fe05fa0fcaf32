"""Descriptions as relative clauses: what a generator says of a class, in a form that fits behind its name."""

from __future__ import annotations

import re
from typing import Final

# fmt: off
FINITE_VERBS: Final = frozenset((
    "has", "have", "is", "are", "was", "can", "may", "often", "usually", "typically", "sometimes", "grows",
    "lives", "looks", "comes", "eats", "feeds", "bears", "shows", "contains", "consists", "carries", "covers",
    "holds", "makes", "moves", "produces", "resembles", "rests", "serves", "stands", "flies", "swims",
    "belongs",
))
"""First words that make a snippet a predicate (``has a long neck``), not a noun (``four legs``)."""
_ADVERBS: Final = frozenset(("often", "usually", "typically", "sometimes"))
_VERBS: Final = (FINITE_VERBS - _ADVERBS) | {"cannot", "hangs", "lacks", "sits", "wears"}
_PLURAL_VERBS: Final = {verb: verb[:-1] for verb in _VERBS if verb.endswith("s")} | {
    "has": "have", "is": "are", "was": "were", "carries": "carry", "flies": "fly",
}
_SINGULAR_VERBS: Final = {"have": "has", "are": "is"}
_RELATIVES: Final = frozenset(("that", "which", "whose", "who", "where"))
_PREPOSITIONS: Final = (
    "above", "against", "along", "among", "around", "as", "at", "behind", "beside", "between", "by", "for",
    "from", "in", "inside", "into", "like", "near", "of", "on", "onto", "over", "through", "to", "under",
    "with", "within", "without",
)
_KINDS: Final = (
    "animal", "antelope", "appliance", "bird", "boat", "breed", "building", "car", "cat", "container",
    "dessert", "device", "dish", "dog", "drink", "fish", "flower", "food", "form", "fruit", "furniture",
    "garment", "herb", "insect", "instrument", "kind", "machine", "mammal", "member", "mollusc",
    "mushroom", "place", "plant", "reptile", "rodent", "room", "shrub", "snake", "songbird", "sort",
    "species", "structure", "tool", "tree", "truck", "type", "utensil", "vegetable", "vehicle", "vessel",
    "waterbird", "weapon",
)
"""Nouns for what a class is; what other nouns are with an article is mostly a part of it."""
# fmt: on
_PREPOSITION: Final = rf"(?:{'|'.join(_PREPOSITIONS)})"
_HEAD_ENDS: Final = rf"(?=$|[,;]|\s(?:{_PREPOSITION}|that|which|who|where|used|made|worn|designed|having)\b)"
_KIND = re.compile(
    rf"an?\s(?:(?!{_PREPOSITION}\s)[^\s,;]+,?\s){{0,4}}?(?:{'|'.join(_KINDS)}){_HEAD_ENDS}", re.IGNORECASE
)
_PARTICIPLE = re.compile(
    rf"""(?:\w+ly\s)?(?:made|used|found|known|worn|built|served|\w{{3,}}ed)(?:\s(?:and|or)\s\w+ed)?
         (?=$|[,;]|\s{_PREPOSITION}\b|\s(?:black|blue|brown|gr[ae]y|green|orange|pink|red|white|yellow)$
           |(?<=served)\s)
      | \w+-\w+ed$""",
    re.IGNORECASE | re.VERBOSE,
)
_OF_A_PART = re.compile(
    r"(?:the|its|their)\s((?:[^\s,;]+\s){1,3}?(?:is|are|was|were|has|have|can|may)\s.+)", re.IGNORECASE
)


def as_clause(snippet: str, *, plural: bool = False) -> str:
    """Turn a description into a clause that stands behind a noun and a comma.

    Args:
        snippet: a noun, a predicate, or a clause already.
        plural: whether it is about a plural, such as binoculars.

    Example:
        >>> [as_clause(text) for text in ("has a long neck", "a long neck", "a large cat", "used in war")]
        ['which has a long neck', 'which has a long neck', 'which is a large cat', 'which is used in war']
        >>> as_clause("whose wings are blue"), as_clause("with blue wings"), as_clause("the wings are blue")
        ('whose wings are blue', 'with blue wings', 'whose wings are blue')
        >>> as_clause("two lenses", plural=True)
        'which have two lenses'
    """
    first, _, rest = snippet.partition(" ")
    if first.lower() in _ADVERBS:
        return _with_adverb(first.lower(), _clause(rest, plural=plural))
    return _clause(snippet, plural=plural)


def as_detail(snippet: str, *, plural: bool = False) -> str:
    """Turn a description into what also fits behind what somebody does: a noun does not become its property.

    Example:
        >>> as_detail("raised arms"), as_detail("is an old sport")
        ('with raised arms', 'which is an old sport')
    """
    return f"with {snippet}" if _is_noun(snippet) else as_clause(snippet, plural=plural)


def _clause(snippet: str, *, plural: bool) -> str:
    if _is_noun(snippet):
        return f"which {'have' if plural else 'has'} {snippet}"
    if part := _OF_A_PART.fullmatch(snippet):
        return f"whose {part[1]}"
    first, _, rest = snippet.partition(" ")
    verb = first.lower()
    if verb in _VERBS:
        agreeing = (_PLURAL_VERBS if plural else _SINGULAR_VERBS).get(verb, verb)
        return f"which {agreeing} {rest}".rstrip()
    if _KIND.match(snippet) or _PARTICIPLE.match(snippet):
        return f"which {'are' if plural else 'is'} {snippet}"
    return snippet


def _is_noun(snippet: str) -> bool:
    """Tell whether a snippet is the name of a part or a property, as most are."""
    word = snippet.partition(" ")[0].lower()
    stands_alone = not word or word in _RELATIVES or word in _PREPOSITIONS
    if stands_alone or word in _VERBS or word in _ADVERBS:
        return False
    return not any(form.match(snippet) for form in (_KIND, _PARTICIPLE, _OF_A_PART))


def _with_adverb(adverb: str, clause: str) -> str:
    """Put an adverb into a clause: behind is and are, before other verbs."""
    relative, _, rest = clause.partition(" ")
    if relative != "which":
        return f"{adverb} {clause}".rstrip()
    verb, _, rest = rest.partition(" ")
    return f"which {verb} {adverb} {rest}" if verb in {"is", "are"} else f"which {adverb} {verb} {rest}"
