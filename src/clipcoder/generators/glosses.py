"""Take a dictionary definition apart: what kind of thing it is, and the traits that set it apart. Pure functions."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from clipcoder.generators.names import singulars
from clipcoder.generators.prompts import with_article

_REMARK = re.compile(r"\s*\([^()]*\)")
_OPENING = re.compile(
    r"^(?:(?:any|either|one|several|some) (?:\w+ ){0,3}?of (?:the |a )?"
    r"(?:(?:various|numerous|several|many|certain|two|three|related|other|different|number of) )*"
    r"|any (?:of )?(?:(?:various|numerous|several|many) )*"
    r"|(?:an? |the )?(?:kind|type|sort|species|genus|variety|breed|form|member|class) of (?:an? |the )?"
    r"|(?:an?|the) )"
)
_NO_LOOKS = re.compile(
    r"\b(?:classif\w+|considered|formerly|former|regarded|genus|genera|famil(?:y|ies)|suborder|order|trade ?mark"
    r"|named|called|terms?|informal|obscene|synonym\w*|noted|known|valued|thought|believed|important|introduced"
    r"|discovered|invented|century|species|originating|(?:for|by|to) which)\b",
    re.IGNORECASE,
)

_TRAIT_WORDS: Final = (
    r"having|with|that|which|whose|who|used|consisting|composed|made|resembling|similar|characterized|covered"
    r"|containing|bearing|producing|formed|found|native|living|growing|equipped|marked|designed|intended|mounted"
    r"|worn|noted|known|valued|named|called|originating|where|(?:in|on|at|from|for|by|to) which"
    r"|\w{3,}ed(?= (?:in|on|at|by|from|for|with|to|of|over|under|around)\b)"
)
_ADVERBS: Final = r"usually|often|typically|sometimes|formerly|especially|\w{3,}ly"
_TRAIT_START = re.compile(rf"[,;]?\s+(?:and\s+)?(?=(?:(?:{_ADVERBS}) )?(?:{_TRAIT_WORDS})\b)")
_PLACE_START = re.compile(r"\s+(?:of|in|from|for|on|by|at|to|as|between|under|over)\b|,\s")
_CLAUSE = re.compile(rf"^(?:({_ADVERBS}) )?(?:({_TRAIT_WORDS})|(\w+))\b ?(.*)$")
_PART_OF_SOMETHING: Final = frozenset(
    (
        "breed",
        "phase",
        "part",
        "piece",
        "pair",
        "kind",
        "type",
        "group",
        "set",
        "top",
        "bottom",
        "form",
        "variety",
    )
)
_VERB_FOR: Final = {
    "having": "has", "with": "has", "that": "", "which": "", "who": "", "whose": "whose", "where": "is where",
    "in which": "is where", "on which": "is where", "at which": "is where", "from which": "is where",
    "consisting": "consists", "resembling": "resembles", "containing": "contains", "bearing": "bears",
    "producing": "produces", "living": "lives", "growing": "grows", "characterized": "is characterized",
}  # fmt: skip
_PLAIN_VERBS: Final = frozenset(
    (
        "has",
        "is",
        "grows",
        "lives",
        "consists",
        "contains",
        "resembles",
        "feeds",
        "eats",
        "holds",
        "moves",
        "carries",
    )
)
_STOP_WORDS: Final = frozenset(
    ("a an the of in on at by for to from with and or as is are has have that which whose its it their any used be can"
     " may very often usually kind one").split()  # noqa: SIM905
)  # fmt: skip


class Definition(NamedTuple):
    """A definition as phrases that can follow ``a photo of a gerenuk, which ...``."""

    genus: str
    """``is a slender antelope``; empty where the definition names no kind of thing."""
    traits: tuple[str, ...]
    """``has slim neck and backward-curving horns``, ``is used for digging``, ..."""


def take_apart(gloss: str, max_words: int = 12) -> Definition:
    """Split a definition into the phrase for its kind and the phrases for its traits.

    Remarks in brackets, places, and statements about names, taxonomy or fame are left out, because no photo shows
    them. No phrase is longer than ``max_words`` words.

    Example:
        >>> take_apart("any of several small graceful hawks of the family Accipitridae having long pointed wings")
        Definition(genus='is a small graceful hawk', traits=('has long pointed wings',))
        >>> take_apart("a tool used for digging; consists of a blade and a handle").traits
        ('is used for digging', 'consists of a blade and a handle')
    """
    first, *others = [clause.strip() for clause in _REMARK.sub("", gloss).split(";")]
    opening = _OPENING.match(first)
    body = first[opening.end() :] if opening else first
    genus, *traits = _TRAIT_START.split(body)
    clauses = [*traits, *(part for other in others for part in _TRAIT_START.split(other))]
    phrases = (_as_predicate(clause, max_words) for clause in clauses)
    is_plural = bool(opening) and bool(re.match(r"(?:any|either|one|several|some)\b", opening[0]))  # type: ignore[index]
    return Definition(_as_kind(genus, is_plural, max_words), tuple(dict.fromkeys(filter(None, phrases))))


def _as_kind(genus: str, is_plural: bool, max_words: int) -> str:
    noun = _without_places(genus.strip(" ,."), max_words)
    words = noun.split()
    if not words or len(words) > max_words or _NO_LOOKS.search(noun):
        return ""
    if is_plural:
        words[-1] = next(singulars(words[-1]), words[-1])
    return f"is {with_article(' '.join(words))}"


def _as_predicate(clause: str, max_words: int) -> str:
    """Return a clause as a predicate with a finite verb; empty where it is none that a photo could show."""
    clause = clause.strip(" ,.")
    match = _CLAUSE.match(clause)
    if match is None or _NO_LOOKS.search(clause):
        return ""
    adverb, trait, other, rest = match.groups()
    if not (rest or adverb) or (other and other not in _PLAIN_VERBS and not adverb):
        return ""
    verb = _VERB_FOR.get(trait, f"is {trait}") if trait else other
    is_bare = bool(adverb and other and other not in _PLAIN_VERBS)
    words = " ".join(("is" if is_bare else "", adverb or "", verb, rest)).split()
    return " ".join(words) if len(words) <= max_words else _cut(words, max_words)


def _cut(words: list[str], max_words: int) -> str:
    """Cut a long phrase before the last preposition or comma that leaves it short enough."""
    phrase = " ".join(words)
    pieces = (phrase[: match.start()] for match in reversed(list(_PLACE_START.finditer(phrase))))
    return next((piece for piece in pieces if 2 < len(piece.split()) <= max_words), "")


def _without_places(genus: str, max_words: int) -> str:
    """Cut a noun phrase before the first preposition that leads to a proper name or makes it too long."""
    starts = [match.start() for match in _PLACE_START.finditer(genus)]
    shortest = genus[: starts[0]] if starts else genus
    if shortest.split()[-1:] and shortest.split()[-1] in _PART_OF_SOMETHING and len(starts) > 1:
        shortest = genus[: starts[1]]
    pieces = (genus[:start] for start in (None, *reversed(starts)))
    fitting = (piece for piece in pieces if len(piece.split()) <= max_words)
    return next((piece for piece in fitting if piece[len(shortest) :].islower()), shortest)


def content_words(phrase: str) -> frozenset[str]:
    """Return the words of a phrase that carry meaning, without plural endings.

    Example:
        >>> sorted(content_words("has long necks and a tail"))
        ['long', 'neck', 'tail']
    """
    words = re.findall(r"[^\W_]+", phrase.lower())
    return frozenset(next(singulars(word), word) for word in words if word not in _STOP_WORDS)
