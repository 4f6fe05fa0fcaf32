"""Where a text names a class of the set: by whole words, whatever case, accents, plural and article."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from clipcoder.generators.clauses import FINITE_VERBS
from clipcoder.generators.names import parse_name, search_key, singulars

WORD: Final = re.compile(r"[^\W_]+")
ARTICLES: Final = frozenset(("a", "an", "the"))

_DETERMINERS = ARTICLES | {"another", "any", "each", "every", "its", "one", "other", "some", "this", "two"}
_ALSO_VERBS = FINITE_VERBS | {"bear", "do", "does", "fly", "might", "must", "rest", "saw", "will"}
# fmt: off
_BEHIND_NOUNS: Final = FINITE_VERBS | frozenset((
    "about", "above", "across", "and", "are", "around", "as", "at", "behind", "below", "beneath", "beside",
    "between", "but", "by", "do", "does", "for", "from", "if", "in", "inside", "into", "like", "near", "nor",
    "of", "on", "onto", "or", "over", "than", "that", "through", "to", "under", "unlike", "when", "where",
    "which", "while", "who", "whose", "with", "within", "without",
))
"""Words before which a noun is complete; before others it belongs to the next noun (``orange bill``)."""
# fmt: on


class ClassNames:
    """The names of the classes of one set, and the other names that stand behind commas in them.

    Args:
        class_names: the classes as the user wrote them, in any order.

    Example:
        >>> classes = ClassNames(["hot_dog", "dog", "can"])
        >>> classes.named_by("Hot dogs"), classes.mentioned_in("unlike a dog, can be as long as a hot dog")
        (('hot_dog',), ('dog', 'hot_dog'))
    """

    def __init__(self, class_names: Collection[str]) -> None:
        self._by_key: dict[str, frozenset[str]] = {}
        self._longest = 0
        for class_name in class_names:
            parsed = parse_name(class_name)
            for name in filter(None, (parsed.name, *parsed.aliases)):
                self._longest = max(self._longest, len(WORD.findall(name)))
                for key in _spellings(search_key(name)):
                    self._by_key[key] = self._by_key.get(key, frozenset()) | {class_name}

    def named_by(self, text: str) -> tuple[str, ...]:
        """Return the classes, sorted, that a text names and says nothing else, but for an article."""
        return tuple(sorted(self._named(search_key(without_article(text)))))

    def mentioned_in(self, text: str, *, apart_from: str = "") -> tuple[str, ...]:
        """Return the classes that a text names somewhere, in the order of the text.

        Of overlapping names the longest counts. A name within a compound (``dog collar``, ``dog-like``) is
        none, nor is a word that may well be a verb (``can``, ``saw``) without an article before it.

        Args:
            text: a snippet.
            apart_from: a class that the text may name.
        """
        words = list(WORD.finditer(text))
        mentioned: dict[str, None] = {}
        for first, last, classes in self._spans([search_key(word[0]) for word in words]):
            if apart_from not in classes and _stands_alone(text, words, first, last):
                mentioned |= dict.fromkeys(sorted(classes))
        return tuple(mentioned)

    def _named(self, key: str) -> frozenset[str]:
        return frozenset[str]().union(*(self._by_key.get(spelling, ()) for spelling in _spellings(key)))

    def _spans(self, keys: list[str]) -> Iterator[tuple[int, int, frozenset[str]]]:
        """Yield first word, last word and classes of each name, the longest at its place, without overlap."""
        start = 0
        while start < len(keys):
            for end in range(min(start + self._longest, len(keys)), start, -1):
                if classes := self._named("".join(keys[start:end])):
                    yield start, end - 1, classes
                    start = end
                    break
            else:
                start += 1


def same_name(text: str, class_name: str) -> bool:
    """Tell whether a text is a class's name but for case, accents, article and plural.

    >>> same_name("The coffee-mugs", "coffee_mug"), same_name("mug", "coffee_mug")
    (True, False)
    """
    name = search_key(parse_name(class_name).name)
    return bool(_spellings(search_key(without_article(text))) & _spellings(name))


def without_article(text: str) -> str:
    """Return a text without the article that it begins with, if anything is left then.

    >>> without_article("an owl"), without_article("A")
    ('owl', 'A')
    """
    first, _, rest = text.partition(" ")
    return rest if rest and first.casefold() in ARTICLES else text


def _spellings(key: str) -> set[str]:
    """Return what singular and plural of a name share, from its search key."""
    if not key.endswith(("s", "men")):
        return {key} - {""}
    sibilant = (key[:-2],) if key.endswith("ses") else ()  # buses, lenses
    return {key, *singulars(key), *sibilant} - {""}


def _stands_alone(text: str, words: list[re.Match[str]], first: int, last: int) -> bool:
    """Tell whether a name is a noun of its own, not part of a compound and not a verb."""
    behind = text[words[last].end() :]
    if text[: words[first].start()].endswith("-") or behind.startswith("-"):
        return False
    before = words[first - 1][0].casefold() if first else ""
    if first == last and words[first][0].casefold() in _ALSO_VERBS and before not in _DETERMINERS:
        return False
    is_possessive = text[: words[last].start()].endswith(("'", "\u2019"))  # the "s" of "a dog's ears"
    following = WORD.match(behind.lstrip(" "))
    return is_possessive or not following or following[0].casefold() in _BEHIND_NOUNS
