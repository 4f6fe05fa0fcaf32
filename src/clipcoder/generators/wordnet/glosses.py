"""Take a dictionary definition apart: what kind of thing it is, and what sets it apart. Pure functions."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from clipcoder.generators.clauses import FINITE_VERBS
from clipcoder.generators.names import singulars
from clipcoder.generators.sentences import is_plural, with_article

_REMARK = re.compile(r"\s*\([^()]*\)")
_ARTICLE = re.compile(r"(?:an?|the) ")
_SENTENCE = re.compile(r"\b(?:is|are|was|were)\b")
_OPENING = re.compile(
    r"^(?:(?:any|either|one|several|some) (?:\w+ ){0,3}?of (?:the |a )?"
    r"(?:(?:various|numerous|several|many|certain|two|three|related|other|different|number of) )*"
    r"|any (?:of )?(?:(?:various|numerous|several|many) )*"
    r"|(?:an? |the )?(?:kind|type|sort|species|genus|variety|breed|form|member|class) of (?:an? |the )?"
    r"|(?:an?|the) )"
)
_NO_LOOKS = re.compile(
    r"\b(?:classif\w+|considered|formerly|former|regarded|genus|genera|famil(?:y|ies)|suborder|order"
    r"|trade ?mark|some(?:one|body)"
    r"|named|called|terms?|informal|obscene|synonym\w*|noted|known|valued|thought|believed|important|introduced"
    r"|discovered|invented|century|species|originating|(?:for|by|to) which)\b",
    re.IGNORECASE,
)

_ADVERBS: Final = r"usually|often|typically|sometimes|formerly|especially|\w{3,}ly"
_PREPOSITIONS: Final = r"of|in|on|at|by|from|for|with|to|as|over|under|up|around|between"
_RELATIVES: Final = r"that|which|whose|who|where|(?:in|on|at|from|for|by|to|through) which"
_TRAIT_WORDS: Final = (
    rf"{_RELATIVES}|having|used|consisting|composed|made|resembling|similar|characterized|containing|bearing"
    r"|producing|native|living|growing|noted|known|valued|named|called|originating"
)
_PARTICIPLE: Final = (
    r"(?:\w{2,}(?:[^\We]ed|ing)|worn|found|drawn|driven|held|built|grown|woven|shown|seen|set)"
    rf"(?=(?: \w+ly)? (?:{_PREPOSITIONS})\b)"
)
# fmt: off
_NO_BREAK_AFTER: Final = (
    "is", "be", "or", "are", "was", "and", "not", "in", "on", "at", "by", "to", "for", "from", "through",
)
# fmt: on
_NOT_AFTER: Final = "".join(rf"(?<!\b{word})" for word in _NO_BREAK_AFTER)
_GAP: Final = rf"{_NOT_AFTER},?\s+(?:and\s+)?"
_FIRST_TRAIT = re.compile(rf"{_GAP}(?=(?:(?:{_ADVERBS}) )?(?:{_TRAIT_WORDS}|{_PARTICIPLE}|with)\b)")
_NEXT_TRAIT = re.compile(rf"{_GAP}(?=(?:(?:{_ADVERBS}) )?(?:{_TRAIT_WORDS})\b)|,?\s+and\s+(?=with\b)")
_PLACE_START = re.compile(rf"\s+(?:{_PREPOSITIONS})\b|,\s")
_CLAUSE = re.compile(rf"^(?:({_ADVERBS}) )?(?:({_TRAIT_WORDS}|{_PARTICIPLE}|with)|(\w+))\b ?(.*)$")
_VERB_FOR: Final = {
    "having": "has", "with": "has", "whose": "whose", "where": "is where", "consisting": "consists",
    "resembling": "resembles", "containing": "contains", "bearing": "bears", "producing": "produces",
    "living": "lives", "growing": "grows", "in which": "is where", "on which": "is where",
    "at which": "is where", "from which": "is where",
}  # fmt: skip
_SINGULAR_VERBS: Final = {"are": "is", "have": "has", "do": "does", "live": "lives", "grow": "grows"}
_SUBJECT_RELATIVES: Final = frozenset(("that", "which", "who"))
# fmt: off
_DANGLING: Final = frozenset((
    "and", "or", "but", "such", "as", "of", "in", "on", "at", "by", "from", "for", "with", "to", "that",
    "the", "a", "an",
))
"""Last words that show that a phrase was cut in its middle."""
_COLLECTIVES: Final = frozenset((
    "breed", "phase", "part", "piece", "pair", "kind", "type", "group", "set", "top", "bottom", "form",
    "variety", "version", "loaf",
))
_STOP_WORDS: Final = frozenset((
    "a", "an", "the", "of", "in", "on", "at", "by", "for", "to", "from", "with", "and", "or", "as", "is",
    "are", "has", "have", "that", "which", "whose", "its", "it", "their", "any", "used", "be", "can",
    "may", "very", "often", "usually", "kind", "one", "where",
))
# fmt: on
_ALWAYS_PLURAL = re.compile(
    r"(?:clothes|glasses|spectacles|goggles|trousers|pants|tights|scissors|shears|tongs)$"
)


class Definition(NamedTuple):
    """A definition as phrases that can follow ``a photo of a gerenuk, which ...``."""

    genus: str
    """``is a slender antelope``; empty where the definition names no kind of thing."""
    traits: tuple[str, ...]
    """``has slim neck and backward-curving horns``, ``is used for digging``, ..."""


def take_apart(gloss: str, max_words: int = 12) -> Definition:
    """Split a definition into the phrase for its kind and the phrases for its traits.

    Remarks in brackets, places, and statements about names, taxonomy or fame are left out, because no photo
    shows them. No phrase is longer than ``max_words`` words.

    Example:
        >>> take_apart("any of several graceful hawks of the family Accipitridae having long pointed wings")
        Definition(genus='is a graceful hawk', traits=('has long pointed wings',))
        >>> take_apart("a tool used for digging; consists of a blade and a handle").traits
        ('is used for digging', 'consists of a blade and a handle')
    """
    first, *others = [clause.strip() for clause in _REMARK.sub("", gloss).split(";")]
    opening = _OPENING.match(first)
    kind, *rest = _FIRST_TRAIT.split(first[opening.end() :] if opening else first, maxsplit=1)
    clauses = [*(part for clause in rest for part in _NEXT_TRAIT.split(clause)), *others]
    plain = (clause.partition(":")[0].strip(" ,.") for clause in clauses)
    traits = filter(None, (_as_predicate(clause, max_words) for clause in plain))
    has_article = bool(opening and _ARTICLE.fullmatch(opening[0]))
    genus = _as_kind(kind.partition(":")[0].strip(" ,.\n"), has_article, max_words)
    return Definition(genus, tuple(dict.fromkeys(traits)))


def _as_kind(genus: str, has_article: bool, max_words: int) -> str:
    """Return a noun phrase as a predicate, in the singular; empty where it names no kind of thing."""
    head, places = _without_places(genus, max_words)
    if not head or _NO_LOOKS.search(head) or _SENTENCE.search(head) or len(head.split()) > max_words:
        return ""
    first, *others = head.split()
    if not has_article and others and is_plural(first):
        return f"that {head}"
    before, _, noun = head.rpartition(" ")
    if not has_article and is_plural(noun) and not _ALWAYS_PLURAL.search(noun):
        head = f"{before} {next(singulars(noun), noun)}".strip()
    return f"is {with_article(head)}{places}"


def _without_places(genus: str, max_words: int) -> tuple[str, str]:
    """Split a noun phrase into its head and what follows, without proper names and not too long."""
    starts = [match.start() for match in _PLACE_START.finditer(genus)]
    head = genus[: starts[0]] if starts else genus
    pieces = (genus[:start] for start in (None, *reversed(starts)))
    fitting = (piece[len(head) :] for piece in pieces if len(piece.split()) <= max_words)
    places = next((tail for tail in fitting if tail.islower() or not tail), "")
    if not places and starts and head.split()[-1:] and head.split()[-1] in _COLLECTIVES:
        whole = genus[: starts[1] if len(starts) > 1 else None]
        places = whole[len(head) :] if len(whole.split()) <= max_words else ""
    return head, places


def _as_predicate(clause: str, max_words: int) -> str:
    """Return a clause as a predicate with a finite verb; empty where it is none that a photo could show."""
    match = _CLAUSE.match(clause)
    if match is None or _NO_LOOKS.search(clause):
        return ""
    adverb, trait, other, rest = match.groups(default="")
    if trait in _SUBJECT_RELATIVES:
        predicate = _agreeing(rest)
    elif trait in _VERB_FOR:
        predicate = f"{adverb} {_VERB_FOR[trait]} {rest}"
    elif trait:
        predicate = f"is {adverb} {trait} {rest}"
    elif other in FINITE_VERBS:
        predicate = f"{adverb} {_agreeing(f'{other} {rest}')}"
    else:
        predicate = f"is {clause}" if adverb else ""
    words = predicate.split()
    words = _without_loose_end(_cut(words, max_words) if len(words) > max_words else words)
    is_empty = len(words) < 2 or (len(words) == 2 and words[1].endswith("ly"))
    return "" if is_empty else " ".join(words)


def _agreeing(predicate: str) -> str:
    """Return what follows ``that``, with a singular verb; ``that`` stays where it may pass for a noun."""
    verb, _, rest = predicate.partition(" ")
    verb = _SINGULAR_VERBS.get(verb, verb)
    return f"{verb} {rest}" if verb in FINITE_VERBS else f"that {verb} {rest}"


def _cut(words: list[str], max_words: int) -> list[str]:
    """Cut a long phrase before the last preposition or comma that leaves it short enough."""
    phrase = " ".join(words)
    pieces = (phrase[: match.start()].split() for match in reversed(list(_PLACE_START.finditer(phrase))))
    return next((piece for piece in pieces if 2 < len(piece) <= max_words), [])


def _without_loose_end(words: list[str]) -> list[str]:
    """Drop the words at the end that call for more: ``to divide an area or``."""
    kept = len(words)
    while kept and words[kept - 1].strip(",") in _DANGLING:
        kept -= 1
    return words[:kept]


def content_words(phrase: str) -> frozenset[str]:
    """Return the words of a phrase that carry meaning, without plural endings.

    Example:
        >>> sorted(content_words("has long necks and a tail"))
        ['long', 'neck', 'tail']
    """
    words = re.findall(r"[^\W_]+", phrase.lower())
    return frozenset(next(singulars(word), word) for word in words if word not in _STOP_WORDS)
