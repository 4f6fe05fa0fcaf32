"""What is left out of a generator's replies, and why: pure functions on snippets.

No language is detected: what counts is the script. Letters of a script in which neither a class is named nor
Latin is written are an answer in another language, for which the text encoder has no words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, NamedTuple

from clipcoder.generators.base import Question, Remark, Reply, SnippetKind
from clipcoder.generators.llm.declining import is_evasive, is_refusal
from clipcoder.generators.mentions import ARTICLES, WORD, ClassNames, same_name
from clipcoder.generators.names import search_key

NAMES: Final[frozenset[SnippetKind]] = frozenset(("synonym", "analogue"))
"""The kinds whose snippets are names; those of the others are descriptions."""

LONGEST_NAME: Final = (6, 60)
LONGEST_DESCRIPTION: Final = (15, 100)
"""Words and characters. Asked for are 2 to 8 words; all that WordNet says fits, and 99 % of DCLIP's."""

_SHOWN = 100  # characters of a snippet in a remark, so that what is kept is shown whole
_SENTENCE = re.compile(r"\b(?:is|are|was|were|has|have|which|that|there)\b", re.IGNORECASE)
_EXPLANATION = re.compile(r"\s+[-\u2013\u2014]\s+|:\s+|\s*\(")
_LABEL = re.compile(r"(?:for\s+)?([^:]{1,60}):\s+(?=\S)", re.IGNORECASE)
_COPULA = re.compile(r"^(?:is|are)\s+", re.IGNORECASE)
_EAST_ASIAN = frozenset(("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"))


def sift(reply: Reply, class_names: Collection[str], limit: int | None = None) -> tuple[Reply, list[Remark]]:
    """Leave out what is no help, keep the order of the rest, and say what is the matter with which snippet.

    Out goes what has no letters (a name may be a number), is a refusal, says that there is no answer, is too
    long, is mostly in a script that neither the classes nor Latin have, is the class's own name, or comes
    twice (but for case, articles and punctuation). Names must besides be no sentence and no other class of
    the set. A description that begins with the label of another class is about that one. An explanation
    behind a name, or behind a description that is too long with it, is cut off. A snippet that names another
    class within it is kept and remarked on, unless it is to say what sets apart from just that one. Sifting
    twice changes nothing.

    Args:
        reply: what was said.
        class_names: all classes of the set, in any order.
        limit: how many snippets to keep at most.

    Returns:
        The reply with what is left, and remarks: first on what is left out, then on what is kept.

    Example:
        >>> from clipcoder.source import Source
        >>> question = Question("attribute", "owl")
        >>> reply = Reply(question, ("large eyes", "Large eyes", "an owl", "eats a mouse"), Source("llm"))
        >>> sifted, remarks = sift(reply, ["owl", "mouse"])
        >>> sifted.snippets
        ('large eyes', 'eats a mouse')
        >>> [remark.reason for remark in remarks]
        ['said twice', "the class's own name", "names the class 'mouse'"]
    """
    question, known = reply.question, _known(tuple(class_names))
    kept: dict[str, str] = {}
    remarks: list[Remark] = []
    for raw in reply.snippets:
        snippet = _pared(" ".join(raw.split()), question, known.classes)
        if fault := next(_faults(snippet, question, known), ""):
            remarks.append(remark(question, raw, fault))
        elif (key := distinct_key(snippet)) in kept:
            remarks.append(remark(question, raw, "said twice"))
        else:
            kept[key] = snippet
    snippets = tuple(kept.values())[:limit]
    if more := list(kept.values())[len(snippets) :]:
        remarks.append(remark(question, more[0], f"the first of {len(more)} above the limit of {limit}"))
    for snippet in snippets:
        remarks += _mentions(snippet, question, known.classes)
    return replace(reply, snippets=snippets), remarks


def untangle(replies: Sequence[Reply]) -> tuple[list[Reply], list[Remark]]:
    """Leave out analogues that are said to be synonyms of a class, and remark on synonyms of two classes.

    A thing that only looks alike cannot be the class itself; a synonym of another class names that one.

    Example:
        >>> from clipcoder.source import Source
        >>> said = {"synonym": "sofa", "analogue": "Sofa"}
        >>> couch = [Reply(Question(kind, "couch"), (text,), Source("llm")) for kind, text in said.items()]
        >>> replies, remarks = untangle(couch)
        >>> [reply.snippets for reply in replies], remarks[0].reason
        ([('sofa',), ()], "a synonym of the class 'couch'")
    """
    named: dict[str, set[str]] = {}
    for reply in replies:
        for snippet in reply.snippets if reply.question.kind == "synonym" else ():
            named.setdefault(distinct_key(snippet), set()).add(reply.question.class_name)
    untangled: list[Reply] = []
    remarks: list[Remark] = []
    for reply in replies:
        clashes = dict(_clashes(reply, named))
        drops = reply.question.kind == "analogue"
        for snippet, classes in clashes.items():
            reason = f"a synonym of {_listed(sorted(classes))}"
            remarks.append(remark(reply.question, snippet, reason, dropped=drops))
        kept = tuple(snippet for snippet in reply.snippets if not drops or snippet not in clashes)
        untangled.append(replace(reply, snippets=kept))
    return untangled, remarks


def _clashes(reply: Reply, named: Mapping[str, set[str]]) -> Iterator[tuple[str, set[str]]]:
    """Yield the names in a reply that are synonyms of classes, of others where it lists synonyms itself."""
    own = {reply.question.class_name} if reply.question.kind == "synonym" else set[str]()
    for snippet in reply.snippets if reply.question.kind in NAMES else ():
        if classes := named.get(distinct_key(snippet), set()) - own:
            yield snippet, classes


def remark(question: Question, snippet: str, reason: str, *, dropped: bool = True) -> Remark:
    """Return a remark on a snippet, which is shortened where it is long."""
    shown = " ".join(snippet[: 4 * _SHOWN].split())
    return Remark(question, shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…", reason, dropped)


def distinct_key(snippet: str) -> str:
    """Return what snippets share that say the same: their words without articles, case and accents.

    >>> distinct_key("The large, round eyes!") == distinct_key("large round eyes")
    True
    """
    words = [word for word in WORD.findall(snippet) if word.casefold() not in ARTICLES]
    return search_key("".join(words)) or snippet.casefold()


class _Known(NamedTuple):
    """What is to be known of a set of classes."""

    classes: ClassNames
    scripts: frozenset[str]


@lru_cache(maxsize=8)
def _known(class_names: tuple[str, ...]) -> _Known:
    return _Known(ClassNames(class_names), frozenset(_scripts(" ".join(class_names))) | {"LATIN"})


def _pared(snippet: str, question: Question, classes: ClassNames) -> str:
    """Cut off the explanation behind a name or a long description, and the label of the class before one."""
    if question.kind not in NAMES:
        while (label := _LABEL.match(snippet)) and same_name(label[1], question.class_name):
            snippet = snippet[label.end() :]
        if not _is_long(snippet, LONGEST_DESCRIPTION) or (label and classes.named_by(label[1])):
            return snippet
    head = _EXPLANATION.split(snippet, maxsplit=1)[0].strip()
    return head if any(map(str.isalnum, head)) else snippet


def _is_long(snippet: str, limit: tuple[int, int]) -> bool:
    return len(snippet) > limit[1] or len(snippet.split()) > limit[0]


def _faults(snippet: str, question: Question, known: _Known) -> Iterator[str]:
    """Yield why a snippet is no help; what takes longer than its length comes behind the check of that."""
    is_name = question.kind in NAMES
    if not any(map(str.isalnum if is_name else str.isalpha, snippet)):
        yield "no words"
    if is_refusal(snippet):
        yield "a refusal"
    if is_evasive(snippet):
        yield "no answer"
    if not is_name and (label := _LABEL.match(snippet)) and (about := known.classes.named_by(label[1])):
        yield f"about {_listed(about)}"
    if _is_long(snippet, LONGEST_NAME if is_name else LONGEST_DESCRIPTION):
        yield "too long"
    if _is_foreign(snippet, known.scripts):
        yield "in another script"
    said = snippet if is_name else _COPULA.sub("", snippet)
    if same_name(said, question.class_name):
        yield "the class's own name"
    if is_name and _SENTENCE.search(snippet):
        yield "a sentence, not a name"
    named = set(known.classes.named_by(said)) - {question.class_name}
    if named and (is_name or question.other in named):
        yield f"the name of {_listed(sorted(named))}"


def _mentions(snippet: str, question: Question, classes: ClassNames) -> Iterator[Remark]:
    mentioned = classes.mentioned_in(snippet, apart_from=question.class_name)
    if others := [name for name in mentioned if name != question.other]:
        yield remark(question, snippet, f"names {_listed(others)}", dropped=False)


def _listed(names: Sequence[str]) -> str:
    return f"the class{'es' if len(names) > 1 else ''} {' and '.join(map(repr, names))}"


def _is_foreign(snippet: str, scripts: frozenset[str]) -> bool:
    """Tell whether most letters are of other scripts; a letter such as that of a β-carotene is none."""
    if snippet.isascii():
        return False
    found = list(_scripts(snippet))
    return sum(script not in scripts for script in found) * 2 > len(found)


def _scripts(text: str) -> Iterator[str]:
    """Yield the script of each letter; those that are mixed in Chinese, Japanese and Korean are one."""
    for char in filter(str.isalpha, unicodedata.normalize("NFKC", text)):
        script = re.split("[ -]", unicodedata.name(char, ""), maxsplit=1)[0]
        yield "CJK" if script in _EAST_ASIAN else script
