"""From raw snippets to the sentences that are encoded. Pure functions; the wordings are data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.generators.base import SnippetKind
from clipcoder.generators.clauses import as_clause, as_detail
from clipcoder.generators.names import in_words, parse_name, readable
from clipcoder.generators.wording import check_wording
from clipcoder.kinds import TextKind

_VOWEL_SOUND = re.compile(
    r"[aeio]|u(?!ni(?!n|m)|s[eu]|k|r[aieo]|t[ei])|hour|honest|heir|8|1[18](?!\d)", re.IGNORECASE
)
_CONSONANT_SOUND = re.compile(r"eu|ewe|one\b|once\b|ouija|(?-i:U[A-Z])", re.IGNORECASE)
_SPELLED_VOWEL = re.compile(
    r"(?![FHLMNRSX][AEIOU][A-Z]{2})[AEFHILMNORSX](?=[A-Z0-9-]|\b)"
)  # MRI, but not MINI
_PLURAL = re.compile(r"(?<![sui])s$|(?<=ie)s$|(?:men|people|children|feet|teeth|mice|geese)$", re.IGNORECASE)
_NO_PLURAL = re.compile(
    r"(?:lens|ibis|gas|gras|canvas|atlas|christmas|pancreas|bias|chaos|cosmos|rhinoceros|ceratops|pyrenees"
    r"|abdomen|cyclamen|\bramen|regimen|specimen|stamen)$",
    re.IGNORECASE,
)
_DETERMINED = re.compile(r"(?:an?|the|some|one|two|three|four|its)\s", re.IGNORECASE)

_CLASS: Final = frozenset(("", "name", "a_name"))
_SNIPPET: Final = frozenset(("snippet", "a_snippet", "clause", "detail"))
_OTHER: Final = frozenset(("other", "a_other"))
_ANYWHERE: Final = frozenset(("domain",))
_FIELDS: Final = {
    "name": (_CLASS, _CLASS | _ANYWHERE),
    "synonym": (_SNIPPET, _SNIPPET | _CLASS | _ANYWHERE),
    "attribute": (_SNIPPET, _SNIPPET | _CLASS | _ANYWHERE),
    "analogue": (_SNIPPET, _SNIPPET | _CLASS | _ANYWHERE),
    "one_to_one": (_SNIPPET, _SNIPPET | _CLASS | _OTHER | _ANYWHERE),
}
"""Of each kind: the fields of which a wording needs one, and all that it may have."""


@dataclass(frozen=True)
class Templates:
    """The wordings of each kind of text, one or several of each, with fields in braces.

    Fields: ``{name}`` or ``{}`` the class in plain words; ``{a_name}`` the same with its article;
    ``{snippet}``; ``{a_snippet}``; ``{clause}`` the snippet as a clause about the class (``which has a long
    neck``); ``{detail}`` the same, but of a noun ``with a long neck``, for a class that is no thing;
    ``{other}`` and ``{a_other}`` the class to tell it apart from; ``{domain}`` what all classes are, with a
    comma before it (``, a type of bird``), or nothing.

    Attributes:
        name: for the class's own name; there is no snippet.
        synonym: the snippet is another name.
        attribute: the snippet is a description.
        analogue: the snippet is the name of something similar.
        one_to_one: the snippet is a description of what another class does not have.

    Raises:
        InvalidInputError: a kind without a wording; a wording with other fields, or without the one that it
            is about.
    """

    name: str | tuple[str, ...] = "a photo of {a_name}{domain}"
    synonym: str | tuple[str, ...] = "a photo of {a_snippet}{domain}"
    attribute: str | tuple[str, ...] = "a photo of {a_name}, {clause}"
    analogue: str | tuple[str, ...] = "a photo of {a_name}, similar to {a_snippet}"
    one_to_one: str | tuple[str, ...] = "a photo of {a_name}, {clause}"

    def __post_init__(self) -> None:
        for kind, (needed, allowed) in _FIELDS.items():
            if not self.of(kind):
                raise InvalidInputError(
                    f"the kind {kind} must have a wording, but it has none; give one or more"
                )
            for wording in self.of(kind):
                check_wording(f"a wording for the kind {kind}", wording, [needed], allowed)

    def of(self, kind: str) -> tuple[str, ...]:
        """Return the wordings of one kind.

        Raises:
            UnknownNameError: there is no such kind.
        """
        if kind not in _FIELDS:
            raise UnknownNameError("kind of text", kind, _FIELDS)
        wordings = getattr(self, kind)
        return tuple(wordings) if isinstance(wordings, tuple | list) else (wordings,)


DEFAULT_TEMPLATES: Final = Templates()


def render(
    kind: SnippetKind | TextKind,
    class_name: str,
    snippet: str = "",
    templates: Templates = DEFAULT_TEMPLATES,
    *,
    other: str = "",
    domain: str = "",
) -> tuple[str, ...]:
    """Return the sentences that are encoded for a snippet about a class, one for each wording.

    Args:
        kind: a kind of snippet, or ``"name"`` for the class's name itself.
        class_name: the class as the user wrote it; underscores and the humps of camel case become spaces, and
            remarks in brackets are left out of all sentences but that of its name.
        snippet: what a generator returned.
        templates: other wordings.
        other: the class to tell it apart from, as the user wrote it.
        domain: what all classes are, such as ``"a type of bird"``.

    Raises:
        UnknownNameError: there is no such kind.

    Example:
        >>> render("attribute", "gerenuk", "has a long neck")
        ('a photo of a gerenuk, which has a long neck',)
        >>> render("analogue", "joshua_tree", "aloe")
        ('a photo of a joshua tree, similar to an aloe',)
        >>> render("attribute", "owl", "large eyes", Templates(attribute=("{snippet}", "{name}: {snippet}")))
        ('large eyes', 'owl: large eyes')
        >>> render("name", "crane", domain="a type of bird")
        ('a photo of a crane, a type of bird',)
    """
    name = in_words(class_name) if kind == "name" else plain_name(class_name)
    rival, snippet = plain_name(other), readable(snippet)
    fields = {
        "name": name,
        "a_name": with_article(name),
        "snippet": snippet,
        "a_snippet": with_article(snippet),
        "clause": as_clause(snippet, plural=is_plural(name)),
        "detail": as_detail(snippet, plural=is_plural(name)),
        "other": rival,
        "a_other": with_article(rival),
        "domain": f", {domain}" if domain else "",
    }
    sentences = (w.format(*[name] * w.count("{}"), **fields) for w in templates.of(kind))
    return tuple(" ".join(sentence.split()) for sentence in sentences)


def plain_name(class_name: str) -> str:
    """Return a class name as it is written in a sentence; a name without any letters stays as it is.

    Example:
        >>> plain_name("car_side"), plain_name("crane (machine)"), plain_name("the Eiffel Tower")
        ('car side', 'crane', 'Eiffel Tower')
    """
    return parse_name(class_name).name or class_name.strip()


def with_article(noun: str) -> str:
    """Put ``a`` or ``an`` before a noun that is not plural and has no article yet.

    Example:
        >>> [with_article(noun) for noun in ("owl", "unicorn", "hourglass", "scissors", "the moon")]
        ['an owl', 'a unicorn', 'an hourglass', 'scissors', 'the moon']
    """
    if not noun or _DETERMINED.match(noun) or is_plural(noun):
        return noun
    return f"{indefinite_article(noun)} {noun}"


def indefinite_article(noun: str) -> str:
    """Return ``a`` or ``an``, by how English pronounces the first word.

    Example:
        >>> [indefinite_article(noun) for noun in ("European hare", "umbrella", "SUV", "one-way street")]
        ['a', 'an', 'an', 'a']
    """
    if _SPELLED_VOWEL.match(noun):
        return "an"
    return "an" if _VOWEL_SOUND.match(noun) and not _CONSONANT_SOUND.match(noun) else "a"


def is_plural(noun: str) -> bool:
    """Tell whether a noun looks like a plural, which takes no ``a``.

    Example:
        >>> [is_plural(noun) for noun in ("binoculars", "pandas", "bus", "glass", "iris", "camera lens")]
        [True, True, False, False, False, False]
    """
    return bool(_PLURAL.search(noun)) and not _NO_PLURAL.search(noun)
